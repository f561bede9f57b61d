package aronet

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// utf8Cases is group 6: texts that are UTF-8 and texts that are not, whole, cut
// between characters and within them, and found out late or early.
func utf8Cases() (cases []wsCase) {
	add := func(id string, send []frame, cut int, want []string) *wsCase {
		cases = append(cases, wsCase{id: id, send: send, cut: cut, want: want})
		return &cases[len(cases)-1]
	}
	// verdict takes what RFC 3629 says from the standard library, which knows
	// nothing of frames.
	verdict := func(s string) []string {
		if utf8.ValidString(s) {
			return texts2(s)
		}
		return failed(1007)
	}
	const (
		valid   = "Hello-µ@ßöäüàá-UTF-8!!"
		invalid = "κόσμε\xed\xa0\x80edited"
	)
	add("6.1.1", []frame{textFrame("")}, 0, texts2(""))
	add("6.1.2", []frame{{op: 1, fragment: true}, {fragment: true}, {}}, 0, texts2(""))
	add("6.1.3", []frame{{op: 1, fragment: true}, {payload: "middle frame payload", fragment: true}, {}}, 0, texts2("middle frame payload"))
	add("6.2.1", []frame{textFrame(valid)}, 0, texts2(valid))
	add("6.2.2", fragments(1, valid, len("Hello-µ@ß")), 0, texts2(valid))
	add("6.2.3", fragments(1, valid, 1), 0, texts2(valid))
	add("6.2.4", fragments(1, "κόσμε", 1), 0, texts2("κόσμε"))
	add("6.3.1", []frame{textFrame(invalid)}, 0, failed(1007))
	add("6.3.2", fragments(1, invalid, 1), 0, failed(1007))

	// 6.4: the second part is wrong, the third is fine. The ping in front of the
	// third part shows who has noticed by then.
	ping := frame{op: 9, payload: "noticed?"}
	for i, parts := range [][2]string{{"κόσμε", "\xf4\x90\x80\x80"}, {"κόσμε\xf4", "\x90"}} {
		tc := add(fmt.Sprint("6.4.", i+1), []frame{{op: 1, payload: parts[0], fragment: true}, {payload: parts[1], fragment: true}, ping, {payload: "edited"}}, 0, failed(1007))
		tc.late = append([]string{pong("noticed?")}, failed(1007)...)
		s := parts[0] + parts[1] + "edited"
		add(fmt.Sprint("6.4.", i+3), []frame{textFrame(s)}, 6+len(parts[0]), failed(1007))
	}

	groups := []struct {
		id   string
		hex  string // texts of one group
		more []string
	}{
		{id: "6.5", more: []string{"hello$world", "hello¢world", "hello€world", "hello\U00024B62world", "κόσμε"}},
		{id: "6.6", more: everyPrefix("κόσμε")},
		{id: "6.7", hex: "00 c280 e0a080 f0908080"},
		{id: "6.8", hex: "f888808080 fc8480808080"},
		{id: "6.9", hex: "7f dfbf efbfbf f48fbfbf"},
		{id: "6.10", hex: "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"},
		{id: "6.11", hex: "ed9fbf ee8080 efbfbd f48fbfbf f4908080"},
		{id: "6.12", hex: "80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf", more: []string{span(0x80, 0xbf, "")}},
		{id: "6.13", more: []string{span(0xc0, 0xdf, " "), span(0xe0, 0xef, " "), span(0xf0, 0xf7, " "), span(0xf8, 0xfb, " "), span(0xfc, 0xfd, " ")}},
		{id: "6.14", hex: "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"},
		{id: "6.15", hex: "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"},
		{id: "6.16", hex: "fe ff fefeffff"},
		{id: "6.17", hex: "c0af e080af f08080af f8808080af fc80808080af"},
		{id: "6.18", hex: "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"},
		{id: "6.19", hex: "c080 e08080 f0808080 f880808080 fc8080808080"},
		{id: "6.20", hex: "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"},
		{id: "6.21", hex: "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf"},
		{id: "6.22", more: nonCharacters()},
		{id: "6.23", hex: "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf"},
	}
	for _, g := range groups {
		list := g.more
		if g.hex != "" {
			list = nil
			for h := range strings.FieldsSeq(g.hex) {
				b, err := hex.DecodeString(h)
				if err != nil {
					panic(err)
				}
				list = append(list, string(b))
			}
			list = append(list, g.more...)
		}
		for i, s := range list {
			id := fmt.Sprintf("%s.%d", g.id, i+1)
			add(id, []frame{textFrame(s)}, 0, verdict(s))
			// Not in Autobahn's list: a frame for each byte must lead to the same.
			if len(s) > 1 {
				add(id+" bytewise", fragments(1, s, 1), 0, verdict(s))
			}
		}
	}
	return cases
}

// everyPrefix cuts a text after every byte.
func everyPrefix(s string) (out []string) {
	for i := range len(s) {
		out = append(out, s[:i+1])
	}
	return out
}

// span joins all bytes from first to last.
func span(first, last int, between string) string {
	var b strings.Builder
	for c := first; c <= last; c++ {
		b.WriteByte(byte(c))
		b.WriteString(between)
	}
	return b.String()
}

// nonCharacters are valid in UTF-8, whatever their name says.
func nonCharacters() (out []string) {
	for plane := rune(0); plane <= 16; plane++ {
		out = append(out, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return out
}
