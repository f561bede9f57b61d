package aronet

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// wsCase is one case of the Autobahn suite for RFC 6455, with its number there:
// frames of a client that knows nothing of our framing, and what they must be
// answered with by a server that says messages back.
type wsCase struct {
	id   string
	send []frame
	cut  int      // bytes for each write, 0: a frame for each
	want []string // as wsClient.next says it
	// late is what a server may answer as well, because it looks at the text of a
	// message when the message is complete. RFC 6455 §8.1 demands that the
	// connection fails, and does not say when.
	late []string
}

// failed is the end of a connection whose client broke a rule.
func failed(code int) []string { return []string{fmt.Sprintf("close %d", code), "end"} }

// framesProgram runs testdata/frames.aro and returns its address.
func framesProgram(t testing.TB, adjust func(*Limits)) string {
	t.Helper()
	source, err := os.ReadFile("testdata/frames.aro")
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, string(source))
	if adjust != nil {
		adjust(&p.Limits)
	}
	p.start()
	line := regexp.MustCompile(`listening on (\S+)`)
	eventually(t, "the program listens", func() bool { return line.MatchString(p.stdout.String()) })
	return line.FindStringSubmatch(p.stdout.String())[1]
}

// run plays a case. A connection that the case leaves open must still work: it
// answers a ping and takes part in the closing handshake.
func (tc wsCase) run(t *testing.T, address string) {
	c := dialWS(t, address)
	defer c.Close()
	open := len(tc.want) == 0 || tc.want[len(tc.want)-1] != "end"
	send, want := tc.send, tc.want
	if open {
		send = append(slices.Clip(send), frame{op: 9, payload: "still there"}, closing(1000, "done"))
		want = append(slices.Clip(want), `pong "still there"`, "close 1000", "end")
	}
	sent := make(chan struct{})
	go func() {
		// Errors are the server's right: it may have closed already.
		defer close(sent)
		for _, f := range send {
			b := f.bytes()
			if tc.cut == 0 {
				c.Write(b)
				continue
			}
			for part := range slices.Chunk(b, tc.cut) {
				c.Write(part)
			}
		}
	}()
	var got []string
	for range max(len(want), len(tc.late)) {
		got = append(got, c.next())
		last := got[len(got)-1]
		if last == "end" || last == "nothing" {
			break
		}
		if strings.HasPrefix(last, "close") && !slices.ContainsFunc(send, func(f frame) bool { return f.op == 8 }) {
			c.Write(closing(1000, "").bytes()) // the server waits for it
		}
	}
	c.Close()
	<-sent
	switch {
	case slices.Equal(got, want):
	case tc.late != nil && slices.Equal(got, tc.late):
		t.Log("fails when the message is complete")
	default:
		t.Errorf("got %.300s\nwant %.300s", got, want)
	}
}

// W02 (and W03 by its sizes): the cases of the Autobahn suite, groups 1 to 7, 9 and
// 10, spoken to a program in the language.
func TestWebSocketCases(t *testing.T) {
	address := framesProgram(t, func(l *Limits) { l.Message, l.Queue = 16<<20, 64<<20 })
	seen := make(map[string]bool)
	for _, group := range [][]wsCase{framingCases(), pingCases(), reservedCases(), opcodeCases(), fragmentCases(), utf8Cases(), closeCases(), sizeCases()} {
		for _, tc := range group {
			if seen[tc.id] {
				t.Fatalf("case %s is there twice", tc.id)
			}
			seen[tc.id] = true
			t.Run(tc.id, func(t *testing.T) { tc.run(t, address) })
		}
	}
}

func textFrame(s string) frame { return frame{op: 1, payload: s} }

func texts2(s ...string) []string {
	for i := range s {
		s[i] = dataReply(1, s[i])
	}
	return s
}

// dataReply is what a message of this opcode is answered with.
func dataReply(op byte, payload string) string {
	if op == 2 {
		return described("binary", []byte(payload))
	}
	return described("text", []byte(payload))
}

func pong(s string) string { return fmt.Sprintf("pong %q", s) }

// framingCases: text and binary messages whose lengths take one, three and nine
// bytes.
func framingCases() (cases []wsCase) {
	for op, fill := range map[byte]string{1: "*", 2: "\xfe"} {
		for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			s := strings.Repeat(fill, n)
			tc := wsCase{id: fmt.Sprintf("1.%d.%d", op, i+1), send: []frame{{op: op, payload: s}}, want: []string{dataReply(op, s)}}
			if i == 7 {
				tc.cut = 997
			}
			cases = append(cases, tc)
		}
	}
	return cases
}

func pingCases() []wsCase {
	full := string(bytes.Repeat([]byte{0xfe}, 125))
	var ten []frame
	var pongs []string
	for i := range 10 {
		ten = append(ten, frame{op: 9, payload: fmt.Sprint("payload-", i)})
		pongs = append(pongs, pong(fmt.Sprint("payload-", i)))
	}
	return []wsCase{
		{id: "2.1", send: []frame{{op: 9}}, want: []string{pong("")}},
		{id: "2.2", send: []frame{{op: 9, payload: "Hello, world!"}}, want: []string{pong("Hello, world!")}},
		{id: "2.3", send: []frame{{op: 9, payload: "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"}}, want: []string{pong("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")}},
		{id: "2.4", send: []frame{{op: 9, payload: full}}, want: []string{pong(full)}},
		{id: "2.5", send: []frame{{op: 9, payload: full + "\xfe"}}, want: failed(1002)},
		{id: "2.6", send: []frame{{op: 9, payload: full}}, cut: 1, want: []string{pong(full)}},
		{id: "2.7", send: []frame{{op: 10}}},
		{id: "2.8", send: []frame{{op: 10, payload: "unsolicited"}}},
		{id: "2.9", send: []frame{{op: 10, payload: "unsolicited"}, {op: 9, payload: "asked"}}, want: []string{pong("asked")}},
		{id: "2.10", send: ten, want: pongs},
		{id: "2.11", send: ten, cut: 1, want: pongs},
	}
}

// reservedCases: a bit that no extension has given a meaning.
func reservedCases() []wsCase {
	first, ping := textFrame("Hello, world!"), frame{op: 9}
	echoThenFail := append(texts2("Hello, world!"), failed(1002)...)
	return []wsCase{
		{id: "3.1", send: []frame{{op: 1, payload: "x", rsv: 1}}, want: failed(1002)},
		{id: "3.2", send: []frame{first, {op: 1, payload: "x", rsv: 2}, ping}, want: echoThenFail},
		{id: "3.3", send: []frame{first, {op: 1, payload: "x", rsv: 3}, ping}, cut: 20, want: echoThenFail},
		{id: "3.4", send: []frame{first, {op: 1, payload: "x", rsv: 4}, ping}, cut: 1, want: echoThenFail},
		{id: "3.5", send: []frame{{op: 2, payload: "\xff", rsv: 5}}, want: failed(1002)},
		{id: "3.6", send: []frame{{op: 9, payload: "x", rsv: 6}}, want: failed(1002)},
		{id: "3.7", send: []frame{{op: 8, rsv: 7}}, want: failed(1002)},
	}
}

// opcodeCases: opcodes without a meaning, for data and for control frames.
func opcodeCases() (cases []wsCase) {
	first, ping := textFrame("Hello, world!"), frame{op: 9}
	for group, base := range []byte{3, 11} {
		for i := range byte(5) {
			bad := frame{op: base + i}
			if i%2 == 1 {
				bad.payload = "reserved"
			}
			tc := wsCase{id: fmt.Sprintf("4.%d.%d", group+1, i+1), send: []frame{bad}, want: failed(1002)}
			if i >= 2 {
				tc.send = []frame{first, bad, ping}
				tc.want = append(texts2(first.payload), failed(1002)...)
			}
			if i == 4 {
				tc.cut = 1
			}
			cases = append(cases, tc)
		}
	}
	return cases
}

func fragmentCases() (cases []wsCase) {
	part := func(op byte, s string) frame { return frame{op: op, payload: s, fragment: true} }
	end := func(s string) frame { return frame{payload: s} }
	two := []frame{part(1, "fragment1"), end("fragment2")}
	both := "fragment1fragment2"
	between := []frame{part(1, "fragment1"), {op: 9, payload: "ping"}, end("fragment2")}
	whole := textFrame("non-continuation payload")
	nothing, nothingYet := end("nothing to continue"), part(0, "nothing to continue")
	five := []frame{part(1, "fragment1"), part(0, "fragment2"), {op: 9, payload: "ping 1"}, part(0, "fragment3"), part(0, "fragment4"), {op: 9, payload: "ping 2"}, end("fragment5")}
	fiveReplies := []string{pong("ping 1"), pong("ping 2"), `text "fragment1fragment2fragment3fragment4fragment5"`}
	add := func(id int, cut int, send []frame, want []string) {
		cases = append(cases, wsCase{id: fmt.Sprintf("5.%d", id), send: send, cut: cut, want: want})
	}
	add(1, 0, []frame{part(9, "fragment1"), end("fragment2")}, failed(1002))
	add(2, 0, []frame{part(10, "fragment1"), end("fragment2")}, failed(1002))
	for i, cut := range []int{1 << 20, 0, 1} { // at once, a frame each, a byte each
		add(3+i, cut, two, texts2(both))
		add(6+i, cut, between, append([]string{pong("ping")}, texts2(both)...))
		add(9+i, cut, []frame{nothing, whole}, failed(1002))
		add(12+i, cut, []frame{nothingYet, whole}, failed(1002))
	}
	add(15, 0, append(slices.Clip(two), nothingYet, whole), append(texts2(both), failed(1002)...))
	add(16, 0, []frame{nothingYet, two[0], two[1], nothingYet, two[0], two[1]}, failed(1002))
	add(17, 0, []frame{nothing, two[0], two[1], nothing, two[0], two[1]}, failed(1002))
	add(18, 0, []frame{part(1, "fragment1"), textFrame("fragment2")}, failed(1002))
	add(19, 0, five, fiveReplies)
	add(20, 1, five, fiveReplies)
	return cases
}

func closeCases() (cases []wsCase) {
	add := func(id string, want []string, send ...frame) {
		cases = append(cases, wsCase{id: id, send: send, want: want})
	}
	normal, empty := closing(1000, ""), frame{op: 8}
	closed := []string{"close 1000", "end"}
	// After the first close frame nothing is answered any more.
	add("7.1.1", append(texts2("Hello, world!"), closed...), textFrame("Hello, world!"), normal)
	add("7.1.2", closed, normal, normal)
	add("7.1.3", closed, normal, frame{op: 9})
	add("7.1.4", closed, normal, textFrame("late"))
	add("7.1.5", closed, frame{op: 1, payload: "fragment1", fragment: true}, normal, frame{payload: "fragment2"})
	big := strings.Repeat("BAsd7&jh23", 26*1024)
	add("7.1.6", append(texts2(big), closed...), textFrame(big), normal, frame{op: 9})
	add("7.3.1", []string{"close", "end"}, empty)
	add("7.3.2", failed(1002), frame{op: 8, payload: "a"})
	add("7.3.3", closed, normal)
	add("7.3.4", closed, closing(1000, "Hello World!"))
	add("7.3.5", closed, closing(1000, strings.Repeat("*", 123)))
	add("7.3.6", failed(1002), closing(1000, strings.Repeat("*", 124)))
	add("7.5.1", failed(1007), closing(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"))
	for i, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		add(fmt.Sprintf("7.7.%d", i+1), failed(code), closing(code, "")) // its own code comes back
	}
	for i, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		add(fmt.Sprintf("7.9.%d", i+1), failed(1002), closing(code, ""))
	}
	add("7.13.1", failed(1002), closing(5000, ""))
	add("7.13.2", failed(1002), closing(65535, ""))
	return cases
}

// sizeCases are groups 9 and 10: long messages, in one frame, in many, in small
// writes, and many messages.
func sizeCases() (cases []wsCase) {
	text := strings.Repeat("κόσμε*", 16<<20/11+1)
	filled := func(op byte, n int) string {
		if op == 1 {
			return strings.ToValidUTF8(text[:n], "**") // the last character may be cut
		}
		return strings.Repeat("\xfe", n)
	}
	const group = "9.%d.%d"
	for op := byte(1); op <= 2; op++ {
		n := int(op - 1)
		for i, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16<<20 - 16} {
			s := filled(op, size)
			cases = append(cases, wsCase{id: fmt.Sprintf(group, 1+n, i+1), send: []frame{{op: op, payload: s}}, want: []string{dataReply(op, s)}})
		}
		long := filled(op, 4<<20)
		for i, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			tc := wsCase{id: fmt.Sprintf(group, 3+n, i+1), send: fragments(op, long, size), cut: 64 << 10, want: []string{dataReply(op, long)}}
			cases = append(cases, tc)
		}
		s := filled(op, 1<<20)
		for i, cut := range []int{64, 128, 256, 512, 1024, 2048} {
			cases = append(cases, wsCase{id: fmt.Sprintf(group, 5+n, i+1), send: []frame{{op: op, payload: s}}, cut: cut, want: []string{dataReply(op, s)}})
		}
		for i, size := range []int{0, 16, 64, 256, 1024, 4096} {
			s := filled(op, size)
			tc := wsCase{id: fmt.Sprintf(group, 7+n, i+1)}
			for range 1000 {
				tc.send = append(tc.send, frame{op: op, payload: s})
				tc.want = append(tc.want, dataReply(op, s))
			}
			cases = append(cases, tc)
		}
	}
	s := filled(1, 65536)
	return append(cases, wsCase{id: "10.1.1", send: fragments(1, s, 1300), want: texts2(s)})
}

// fragments cuts a message into frames.
func fragments(op byte, s string, size int) (out []frame) {
	for part := range slices.Chunk([]byte(s), size) {
		out = append(out, frame{op: op, payload: string(part), fragment: true})
		op = 0
	}
	out[len(out)-1].fragment = false
	return out
}

// W03: the documented limit of 1 MiB, to the byte, whichever way a message comes;
// nobody waits for the rest of what is too long.
func TestWebSocketCasesLimit(t *testing.T) {
	address := framesProgram(t, nil)
	most := strings.Repeat("*", 1<<20)
	for _, tc := range []wsCase{
		{id: "longest", send: []frame{textFrame(most)}, want: texts2(most)},
		{id: "longest, fragmented", send: fragments(1, most, 1000), want: texts2(most)},
		{id: "longer", send: []frame{textFrame(most + "*")}, want: failed(1009)},
		{id: "longer, fragmented", send: fragments(1, most+"*", 1000), want: failed(1009)},
		{id: "announced 2^63", send: []frame{{op: 2, payload: "x", length: 1 << 63}}, want: failed(1002)},
		{id: "second message longer", send: []frame{textFrame(most), textFrame(most + "*")}, want: append(texts2(most), failed(1009)...)},
		{id: "each of two is short enough", send: []frame{textFrame(most), textFrame(most)}, want: texts2(most, most)},
	} {
		t.Run(tc.id, func(t *testing.T) { tc.run(t, address) })
	}
}
