package format

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aro/pkg/vm/value"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, json string) value.Value {
	t.Helper()
	v, err := value.ParseJSON(json)
	if err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return v
}

// TestEncode holds the exact output of every format (02 §9.2).
func TestEncode(t *testing.T) {
	const (
		rows   = `[{"id":1,"name":"Al"},{"name":"B, \"q\" | <b>","extra":true}]`
		object = `{"b":{"c":1.5,"d":null},"a":"x","list":["u",2],"flag":true}`
		list   = `["a b",2,null]`
	)
	for _, x := range []struct{ format, in, want string }{
		{"json", object, "{\n  \"a\" : \"x\",\n  \"b\" : {\n    \"c\" : 1.5,\n    \"d\" : null\n  },\n  \"flag\" : true,\n  \"list\" : [\n    \"u\",\n    2\n  ]\n}"},
		{"json", `{"url":"http://x","e":[],"m":{}}`, "{\n  \"e\" : [],\n  \"m\" : {},\n  \"url\" : \"http:\\/\\/x\"\n}"},
		{"json", `"a"`, `"a"`},
		{"jsonl", rows, "{\"id\":1,\"name\":\"Al\"}\n{\"extra\":true,\"name\":\"B, \\\"q\\\" | <b>\"}"},
		{"jsonl", `{"a":1}`, `{"a":1}`},
		{"yaml", `[{"id":1,"name":"A","email":"a@x"}]`, "- email: a@x\n  id: 1\n  name: A"},
		{"yaml", object, "a: x\nb:\n  c: 1.5\n  d: null\nflag: true\nlist:\n  - u\n  - 2"},
		{"yaml", `{"a":[],"b":{},"c":"x: y","d":"l1\nl2","e":"5","f":"","g":[[1],["n #1"]]}`,
			"a: []\nb: {}\nc: |-\n  x: y\nd: |-\n  l1\n  l2\ne: \"5\"\nf: \"\"\ng:\n  - - 1\n  - - |-\n      n #1"},
		{"xml", `[{"id":1,"n":"<&>\"'"}]`, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<users>\n  <item>\n    <id>1</id>\n    <n>&lt;&amp;&gt;&quot;&apos;</n>\n  </item>\n</users>"},
		{"xml", `{"a b":{"1":[true]},"e":[]}`, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<users>\n  <a_b>\n    <_1>\n      <item>true</item>\n    </_1>\n  </a_b>\n  <e></e>\n</users>"},
		{"toml", `[{"id":1,"n":"a\"b"},{"id":2}]`, "[[users]]\nid = 1\nn = \"a\\\"b\"\n\n[[users]]\nid = 2"},
		{"toml", `{"a":{"b":1},"l":[1,"x"],"k.k":true,"f":2.5}`, "a = { b = 1 }\nf = 2.5\n\"k.k\" = true\nl = [1, \"x\"]"},
		{"csv", rows, "id,name\n1,Al\n,\"B, \"\"q\"\" | <b>\""},
		{"csv", `{"b":1,"a":"x;y"}`, "key,value\na,x;y\nb,1"},
		{"csv", list, "a b\n2\n"},
		{"csv", `[[1,"a,b"],[2,"c"]]`, "1,\"a,b\"\n2,c"},
		{"csv", `"as it is,"`, "as it is,"},
		{"tsv", rows, "id\tname\n1\tAl\n\t\"B, \"\"q\"\" | <b>\""},
		{"md", rows, "| id | name |\n|---|---|\n| 1 | Al |\n|  | B, \"q\" \\| <b> |"},
		{"md", `{"k":"a\nb"}`, "| Key | Value |\n|-----|-------|\n| k | a b |"},
		{"md", list, "- a b\n- 2\n- "},
		{"md", `"# T"`, "# T"},
		{"html", rows, "<table>\n  <thead>\n    <tr><th>id</th><th>name</th></tr>\n  </thead>\n  <tbody>\n    <tr><td>1</td><td>Al</td></tr>\n    <tr><td></td><td>B, &quot;q&quot; | &lt;b&gt;</td></tr>\n  </tbody>\n</table>"},
		{"html", `{"k":1}`, "<table>\n  <thead>\n    <tr><th>Key</th><th>Value</th></tr>\n  </thead>\n  <tbody>\n    <tr><td>k</td><td>1</td></tr>\n  </tbody>\n</table>"},
		{"html", `["<x>"]`, "<ul>\n  <li>&lt;x&gt;</li>\n</ul>"},
		{"txt", `{"b":{"c":1.5},"a":"l1\nl2"}`, "a=l1\\nl2\nb.c=1.5"},
		{"txt", `[{"k":1},{"k":2}]`, "[0].k=1\n[1].k=2"},
		{"txt", `"prose"`, "prose"},
		{"sql", `[{"id":1,"n":"O'Neil","f":1.5,"t":true,"u":null,"l":[1]},{"id":2}]`,
			"INSERT INTO users (f, id, l, n, t, u) VALUES (1.5, 1, '[1]', 'O''Neil', TRUE, NULL);\nINSERT INTO users (f, id, l, n, t, u) VALUES (NULL, 2, NULL, NULL, NULL, NULL);"},
		{"sql", `{"a) --":1}`, "INSERT INTO users (\"a) --\") VALUES (1);"},
		{"sql", `["x\ny"]`, "-- x y"},
		{"log", `["up",{"b":1,"a":["x/y"]},"two\nlines"]`, "2025-12-29T10:30:45Z: up\n2025-12-29T10:30:45Z: {\"a\": [\"x/y\"], \"b\": 1}\n2025-12-29T10:30:45Z: two\\nlines"},
		{"env", `{"database":{"host":"h","ports":[1,2]},"app-name":"a b","multi":"a\n\"b\""}`, "APP_NAME=a b\nDATABASE_HOST=h\nDATABASE_PORTS_0=1\nDATABASE_PORTS_1=2\nMULTI=\"a\\n\\\"b\\\"\""},
		{"raw", `{"a":1.0}`, `["a": 1.0]`},
		{"raw", `"text"`, `text`},
	} {
		got, err := Named(x.format).Encode(parse(t, x.in), Options{Name: "users", Now: time.Date(2025, 12, 29, 10, 30, 45, 5, time.UTC)})
		if err != nil {
			t.Errorf("%s %s: %v", x.format, x.in, err)
		} else if diff := cmp.Diff(x.want, string(got)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", x.format, x.in, diff)
		}
	}
}

// TestDecode holds what the readers make of text (02 §9.3); want is JSON, "ERR"
// means damaged.
func TestDecode(t *testing.T) {
	for _, x := range []struct{ format, in, want string }{
		{"json", `{"a":null,"b":5.0,"c":[null,1.5]}`, `{"a":"","b":5,"c":["",1.5]}`},
		{"json", "\ufeff[1]", `[1]`},
		{"json", `{"a":`, "ERR"},
		{"jsonl", "{\"a\":1}\r\nbroken\n\n[2]", `[{"a":1},[2]]`},
		{"jsonl", "broken", "ERR"},
		{"jsonl", "", `[]`},
		{"yaml", "a: True\nb: ~\nc: 'x'\nd: |\n  l1\n  l2\ne: >-\n  f1\n  f2\nn: 0x10\nz: 010\nd1: 2024-01-15\nf: 1.0", `{"a":true,"b":"","c":"x","d":"l1\nl2\n","d1":"2024-01-15","e":"f1 f2","f":1,"n":16,"z":"010"}`},
		{"yaml", "base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3", `{"base":{"x":1,"y":2},"mine":{"x":1,"y":3}}`},
		{"yaml", "a: 1\n---\nb: 2", `[{"a":1},{"b":2}]`},
		{"yaml", "a: [1\nb: 2", "ERR"},
		{"yaml", "a: &a [*a]", "ERR"},
		{"yaml", "\ta: 1", "ERR"},
		{"yaml", "? [1]\n: 2", "ERR"},
		{"yaml", "", `""`},
		{"xml", `<?xml version="1.0"?><r><a id="1">5</a><a>x</a><b>true</b><c><item>1.5</item></c></r>`, `{"a":[5,"x"],"b":true,"c":[1.5]}`},
		{"xml", `<r>007</r>`, `"007"`},
		{"xml", `<r><![CDATA[a<b]]></r>`, `"a<b"`},
		{"xml", `<r><a></r>`, "ERR"},
		{"xml", `<!DOCTYPE r [<!ENTITY e "x">]><r>&e;</r>`, "ERR"},
		{"xml", `<r/><r/>`, "ERR"},
		{"xml", `text`, "ERR"},
		{"toml", "[[u]]\na = 1\n[[u]]\na = 2", `[{"a":1},{"a":2}]`},
		{"toml", "t = 2024-01-15T10:00:00Z\nd = 2024-01-15\n[s]\nx = [1, 2.5]\ny = { z = true }", `{"d":"2024-01-15","s":{"x":[1,2.5],"y":{"z":true}},"t":"2024-01-15T10:00:00Z"}`},
		{"toml", "a = ", "ERR"},
		{"csv", "id,user.name,ok\r\n1, Al ,TRUE\r\n2.5,\" B \"\"q\"\"\nx\",no\r\n", `[{"id":1,"ok":true,"user-name":"Al"},{"id":2.5,"ok":"no","user-name":" B \"q\"\nx"}]`},
		{"csv", "a;b\n1,5;2", `[{"a":"1,5","b":2}]`},
		{"csv", "a\tb\n1\t2", `[{"a":1,"b":2}]`},
		{"csv", "key,value\nx,1\ny,z", `{"x":1,"y":"z"}`},
		{"csv", "only,a header", `"only,a header"`},
		{"csv", "a,b\n1\n1,2,3\n\n007,+5", `[{"a":1,"b":""},{"a":1,"b":2,"column3":3},{"a":"007","b":"+5"}]`},
		{"csv", "a,b\n\"open,1\n2,3", `[{"a":"open,1\n2,3","b":""}]`},
		{"tsv", "a\tb\n1,5\t2", `[{"a":"1,5","b":2}]`},
		{"txt", "a.b=1\na.c = x=y\nprose\n=no", `{"a":{"b":"1","c":"x=y"}}`},
		{"txt", "Hello from a file.", `{}`},
		{"txt", "[0].k=1\n[1].k=2", `[{"k":"1"},{"k":"2"}]`},
		{"env", "# c\n\nA=1\nexport B=\"x\\ny\"\nC='5'\nD=true\nE=\nF=a=b\nnothing", `{"A":1,"B":"x\ny","C":"5","D":true,"E":"","F":"a=b"}`},
		{"md", "# T", `"# T"`},
		{"html", "<p>", `"<p>"`},
		{"sql", "x", `"x"`},
		{"log", "x", `"x"`},
	} {
		got, err := Named(x.format).Decode(x.in, Options{})
		switch {
		case x.want == "ERR":
			if err == nil {
				t.Errorf("%s %q: read as %s, want damaged", x.format, x.in, got.JSON())
			}
		case err != nil:
			t.Errorf("%s %q: %v", x.format, x.in, err)
		default:
			if diff := cmp.Diff(parse(t, x.want).JSON(), got.JSON()); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", x.format, x.in, diff)
			}
		}
	}
}

func TestTableOptions(t *testing.T) {
	o := Options{Delimiter: '|', Quote: '\'', NoHeader: true}
	got, _ := Named("csv").Encode(parse(t, `[{"a":"x|y","b":"it's"}]`), o)
	if string(got) != `'x|y'|'it''s'` {
		t.Errorf("wrote %q", got)
	}
	v, _ := Named("csv").Decode(string(got)+"\n1|", o)
	if v.JSON() != `[["x|y","it's"],[1,""]]` {
		t.Errorf("read %s", v.JSON())
	}
}

// TestX05_Formulas: with `safe`, no text is a formula to a spreadsheet, wherever it
// comes from, and everything else is written as it is.
func TestX05_Formulas(t *testing.T) {
	bad := []string{"=1+1", "+1+1", "-1+1", "@SUM(A1)", `=cmd|' /C calc'!A0`, "=HYPERLINK(\"http://evil\")", "-", "+a", " =1", "\t=1", "\r=1", "\n@x", "＝1", "＋1", "－1+1", "＠x",
		"-Infinity", "+0x10", "-2+3+cmd|' /C calc'!A0", "=", "+1_0"}
	good := []string{"", "a", "a=b", "'=1", "1", "-1", "-1.5", "+49123", "-1e5", "ä", "ｆ", "x-y", "(=1)", "\xff"}
	for _, name := range []string{"csv", "tsv"} {
		f := Named(name)
		for i, s := range append(slices.Clone(bad), good...) {
			rows := value.OfList([]value.Value{value.MapOf("a", value.OfString(s), "b", value.OfInt(-1))})
			written, err := f.Encode(rows, Options{Safe: true})
			if err != nil {
				t.Fatal(err)
			}
			plain, _ := f.Encode(rows, Options{})
			want := s
			if i < len(bad) {
				want = "'" + s
			}
			lines := splitTable(string(written), map[string]rune{"csv": ',', "tsv": '\t'}[name], '"')
			if got := lines[1]; got[0] != want || got[1] != "-1" {
				t.Errorf("%s: %q is written as %q", name, s, got)
			}
			if i >= len(bad) && string(plain) != string(written) {
				t.Errorf("%s: %q is changed: %q, not %q", name, s, written, plain)
			}
		}
		// Keys come from outside as well, and lists and maps have cells of their own.
		for from, want := range map[string]string{`[{"=k":1}]`: "'=k\n1", `{"@k":"=v"}`: "key,value\n'@k,'=v", `["=x"]`: "'=x", `[["=x",-2]]`: "'=x,-2"} {
			got, _ := f.Encode(parse(t, from), Options{Safe: true})
			if name == "tsv" {
				want = strings.ReplaceAll(want, ",", "\t")
			}
			if string(got) != want {
				t.Errorf("%s: %s is written as %q, want %q", name, from, got, want)
			}
		}
	}
}

func TestOfPath(t *testing.T) {
	for path, want := range map[string]string{"a.JSON": "json", "x/y.ndjson": "jsonl", "a.yml": "yaml", ".env": "env", "prod.env": "env", "a.htm": "html",
		"README": "raw", "a.bin": "raw", "a.tar.gz": "raw", "a.": "raw", "x.json/y": "raw", "a.md": "markdown", "a.string": "raw"} {
		if got := OfPath(path).Name; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestBombs: hostile text ends quickly, as damaged text does.
func TestBombs(t *testing.T) {
	aliases := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	merges := "m0: &m0 {x: 1}\n"
	for i := range 9 {
		n, p := string(rune('1'+i)), string(rune('0'+i))
		aliases += "a" + n + ": &a" + n + " [" + strings.Repeat("*a"+p+",", 9) + "]\n"
		merges += "m" + n + ": &m" + n + " {<<: [" + strings.Repeat("*m"+p+",", 9) + "]}\n"
	}
	entities := `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>`
	for name, x := range map[string]struct{ format, text string }{
		"json nesting":       {"json", strings.Repeat("[", 1<<20)},
		"yaml flow nesting":  {"yaml", strings.Repeat("[", 1<<20)},
		"yaml block nesting": {"yaml", strings.Repeat("- ", 1<<15)},
		"yaml aliases":       {"yaml", aliases},
		"yaml merges":        {"yaml", merges},
		"xml nesting":        {"xml", strings.Repeat("<a>", 1<<20)},
		"xml entities":       {"xml", entities},
		"toml nesting":       {"toml", "a = " + strings.Repeat("[", 1<<20)},
		"toml dotted keys":   {"toml", strings.Repeat("a.", 1<<16) + "a = 1"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			v, err := Named(x.format).Decode(x.text, Options{})
			if err == nil {
				t.Errorf("read as a value of kind %v", v.Kind())
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
	if _, err := Named("yaml").Decode(strings.Repeat("x", maxTree+1), Options{}); err == nil {
		t.Error("a text beyond the limit was read")
	}
	deep := value.OfInt(1)
	for range 100_000 {
		deep = value.OfList([]value.Value{deep})
	}
	wide := value.OfInt(1)
	for range 100 {
		wide = value.OfList([]value.Value{wide, wide})
	}
	for _, f := range append(formats, Raw) {
		if _, err := f.Encode(deep, Options{}); err == nil {
			t.Errorf("%s wrote what is nested 100 000 levels deep", f.Name)
		}
	}
	if _, err := Named("json").Encode(wide, Options{}); err == nil {
		t.Error("2^100 elements were written")
	}
}

// TestReadersAreLinear: four times the text takes about four times the time. %d
// is a number that differs in each repetition.
func TestReadersAreLinear(t *testing.T) {
	for _, x := range []struct{ format, part string }{
		{"json", `[],`}, {"yaml", "a: b\n"}, {"yaml", "k%d: v\n"}, {"yaml", "{a: "}, {"yaml", "*a "}, {"xml", "<a/>"}, {"xml", "&amp;"},
		{"toml", "k%d = 1\n"}, {"toml", "[t%d]\n"}, {"toml", "x%d = { a = 1 }\n"}, {"toml", "[[r]]\na = 1\n"},
		{"csv", "a,"}, {"csv", "\t"}, {"csv", "\"\"\""}, {"txt", "a.b%d=1\n"}, {"env", "A%d=\"x\"\n"}, {"jsonl", "[]\n"},
	} {
		took := func(size int) time.Duration {
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString(strings.ReplaceAll(x.part, "%d", strconv.Itoa(i)))
			}
			start := time.Now()
			Named(x.format).Decode(b.String(), Options{})
			return time.Since(start)
		}
		if small, large := took(256<<10), took(1<<20); large > 10*small+time.Second {
			t.Errorf("%s %q: %v, and %v for four times as much", x.format, x.part, small, large)
		}
	}
	// Documents as people write them stay within the limits.
	rows := strings.Repeat("[[row]]\nname = \"a = b # c\"\ntext = '''\n[x]\n=====\n'''\nlist = [\n[1],\n[2]]\n", 20_000)
	v, err := Named("toml").Decode(rows, Options{})
	if err != nil || v.Len() != 20_000 {
		t.Errorf("20 000 rows of TOML: %v", err)
	}
	var limit *LimitError
	if _, err := Named("toml").Decode(strings.Repeat("a = { b = 1 }\n", maxTOMLKeys), Options{}); !errors.As(err, &limit) {
		t.Errorf("too many keys: %v", err)
	}
}

func TestLinkHeader(t *testing.T) {
	for in, want := range map[string]string{
		`<https://x/?a=1,2>; rel="next", <https://y>; title="a, b"; rel=prev`: `{"next":"https://x/?a=1,2","prev":"https://y"}`,
		`<a>; rel="first last", <b>; REL="first"`:                             `{"first":"a","last":"a"}`,
		`<a>, <b>; title="x"`: `{}`,
		`<a; rel=x`:           `{}`,
		``:                    `{}`,
	} {
		if got := ParseLinkHeader(in).JSON(); got != parse(t, want).JSON() {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
