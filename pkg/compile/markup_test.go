package compile_test

import (
	htmltemplate "html/template"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// payloads are what hostile users type: they try to leave text, attributes,
// URLs, scripts, strings, styles, comments and raw elements.
var payloads = []string{
	"", "x", " ", "a b", `"`, `'`, "`", "\\", "\\'", `\"`, "<", ">", "&", "&amp;", "&lt;script&gt;", "\x00", "\n", "\r\n", "/", "=", "-->", "]]>", "*/", "//", "/*", "${x}", "{{ x }}",
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `'><script>alert(1)</script>`, `x onmouseover=alert(1)`,
	`" onmouseover="alert(1)`, `' onmouseover='alert(1)`, "\nonmouseover=alert(1)", "x/onmouseover=alert(1)", "`onmouseover=alert(1)",
	`</script><script>alert(1)</script>`, `</SCRIPT >`, `<!--<script>`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `</style><script>alert(1)</script>`,
	`javascript:alert(1)`, `JaVaScRiPt:alert(1)`, " javascript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)", `javascript&colon;alert(1)`, `javascript&#58;alert(1)`,
	`data:text/html,<script>alert(1)</script>`, `vbscript:msgbox(1)`, `//evil.example/x`, `https://e.example/?a=b&c=d#f`, `:alert(1)`, `%6aavascript:alert(1)`,
	`";alert(1);//`, `';alert(1);//`, "`;alert(1);//", `\";alert(1);//`, `\u0022;alert(1)//`, "\u2028alert(1)", "${alert(1)}", `);alert(1);(`, "document.cookie", "1;alert(1)",
	`expression(alert(1))`, `url(javascript:alert(1))`, `red;background:url(//e)`, `} body { display: none`, `</style>`, `\3c script`, "é ü 漢 👩‍👧",
}

// documents are the places where values stand; each has one variable, x.
var documents = []string{
	`<p>{{X}}</p>`, `<p>a{{X}}b{{X}}c</p>`, `{{X}}<b>t</b>{{X}}`,
	`<p title="{{X}}">t</p>`, `<p title='{{X}}'>t</p>`, `<p title="a {{X}} b">t</p>`, `<p title={{X}}>t</p>`, `<p title={{X}} data-y="{{X}}">t</p>`, `<p title={{X}}{{X}} id=z>t</p>`,
	`<p title=a{{X}} id=z>t</p>`, `<p title = {{X}} >t</p>`, `<input value={{X}} disabled>`, `<p title={{X}}a"b id=z>t</p>`,
	`<a href="{{X}}">t</a>`, `<a href='{{X}}'>t</a>`, `<a href={{X}}>t</a>`, `<a href={{X}} title="{{X}}">t</a>`, `<a href="/p/{{X}}">t</a>`, `<a href="/p?q={{X}}&r={{X}}">t</a>`, `<a href="{{X}}{{X}}">t</a>`,
	`<a href="/{{X}}#{{X}}">t</a>`, `<img src="{{X}}" alt="{{X}}">`, `<form action={{X}}><button formaction="{{X}}">t</button></form>`, `<a href="javascript:f('{{X}}')">t</a>`, `<a href=" JavaScript:{{X}}">t</a>`,
	`<p style="color: {{X}}">t</p>`, `<p style={{X}} id="{{X}}">t</p>`, `<p style=color:{{X}} id=z>t</p>`, `<p onclick="f('{{X}}')">t</p>`, `<p onclick={{X}} id=z>t</p>`, `<p onclick=f({{X}}) id=z>t</p>`,
	`<iframe srcdoc="{{X}}"></iframe>`, `<iframe srcdoc={{X}} title="{{X}}"></iframe>`,
	`<!-- {{X}} --><p>t</p>`, `<!DOCTYPE html {{X}}><p>t</p>`, `<p {{X}}>t</p>`, `<p a{{X}}="v">t</p>`, `<h{{X}}>t`, `<{{X}}>t`, `<p>1 <{{X}} t</p>`, `</{{X}}>`, `<p>a < {{X}}</p>`,
	`<title>{{X}}</title>`, `<textarea>{{X}}</textarea>`, `<textarea>a</textareax>{{X}}</textarea>`, `<style>p { color: {{X}} }</style>`, `<style>a{}</stylex>{{X}}</style>`,
	`<svg><a xlink:href="{{X}}"><text>{{X}}</text></a></svg>`,
}

// render runs a template as it stands, with x bound to v.
func render(t testing.TB, name, source string, v value.Value) string {
	t.Helper()
	chunk, err := compile.Template(name, []byte(source), compile.Options{Verbs: verbs})
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	if err := bytecode.Verify(chunk); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	var co vm.Coroutine
	co.Prepare(vm.Link(chunk, linkNothing))
	for _, l := range chunk.Entry {
		co.Set(l.Reg, v)
	}
	if co.Run() != vm.Done {
		t.Fatalf("%s: %v", source, co.Err())
	}
	return string(co.Out)
}

// skeleton is what decides which parts of a document run: elements, the names of
// attributes, comments; and, apart, the values and texts that a reader sees.
func skeleton(t testing.TB, doc string) (shape, values string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	var b, vals strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Namespace + ":" + a.Key)
				vals.WriteString(a.Key + "=" + a.Val + "\n")
			}
			b.WriteString(">")
		case html.CommentNode:
			b.WriteString("<!-->")
		case html.TextNode:
			if n.Parent.Data == "p" || n.Parent.Data == "title" || n.Parent.Data == "textarea" {
				vals.WriteString(n.Data + "\n")
			}
		}
	}
	return b.String(), vals.String()
}

var liveURL = regexp.MustCompile(`(?im)^(href|src|action|formaction)=[\x00-\x20]*(j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|data|vbscript)\s*:`)

// TestMarkup lets every payload stand in every place: the document keeps its
// elements and attributes, no URL comes alive, and where html/template agrees that
// the place is text, both browsers' readers see the same text.
func TestMarkup(t *testing.T) {
	for _, doc := range documents {
		source := strings.ReplaceAll(doc, "{{X}}", "{{ <x> }}")
		want, _ := skeleton(t, render(t, "page.html", source, value.OfString("benign")))
		oracle, err := htmltemplate.New("").Parse(strings.ReplaceAll(doc, "{{X}}", "{{.}}"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range payloads {
			out := render(t, "page.html", source, value.OfString(p))
			got, values := skeleton(t, out)
			if got != want {
				t.Errorf("%s with %q breaks out:\n%s\ngot  %s\nwant %s", doc, p, out, got, want)
			}
			if liveURL.MatchString(values) && !strings.Contains(strings.ToLower(doc), "javascript:") {
				t.Errorf("%s with %q makes a URL that runs:\n%s", doc, p, out)
			}
			if !strings.Contains(doc, "<p>") && !strings.Contains(doc, "title=\"") || strings.Contains(doc, "<!") || strings.Contains(doc, "href") || strings.Contains(doc, "srcdoc") || strings.Contains(doc, "<{{X}}") {
				continue
			}
			var b strings.Builder
			if oracle.Execute(&b, p) == nil {
				if _, theirs := skeleton(t, b.String()); theirs != values && p != "\x00" {
					t.Errorf("%s with %q reads differently:\nours   %s\ntheirs %s", doc, p, values, theirs)
				}
			}
		}
	}
}

// TestMarkupKept: without payloads documents come out as html/template writes
// them, but for quotes around values that have none.
func TestMarkupKept(t *testing.T) {
	for _, test := range [][3]string{
		{`<p title={{ <x> }} id=z>`, "v", `<p title="v" id=z>`},
		{`<p title={{ <x> }}>`, "", `<p title="">`},
		{`<p title={{ <x> }}a"b c>`, "v", `<p title="va&#34;b" c>`},
		{`1 <{{ <x> }}`, "2", `1 &lt;2`},
		{`<a href="{{ <x> }}">`, "/a b?c=d&e", `<a href="/a%20b?c=d&amp;e">`},
		{`<a href="/q?{{ <x> }}">`, "a&b=/", `<a href="/q?a%26b%3D%2F">`},
		{`<p title="{{ <x> | escape }}">{{ <x> | escape }}`, "<&", `<p title="&lt;&amp;">&lt;&amp;`},
		{`<p>{{ when <x> is "a" { }}<b>{{ } else { }}<i>{{ } }}{{ <x> }}`, "a", `<p><b>a`},
		{`no markup`, "", `no markup`},
	} {
		if got := render(t, "page.html", test[0], value.OfString(test[1])); got != test[2] {
			t.Errorf("%s with %q\ngot  %s\nwant %s", test[0], test[1], got, test[2])
		}
	}
	// Markup from another template is written as it is between elements only.
	markup := value.OfString(`<b c="">`).Markup(value.ContentFor("part.html"))
	if got := render(t, "page.html", `<p title="{{ <x> }}">{{ <x> }}<title>{{ <x> }}`, markup); got != `<p title="&lt;b c=&#34;&#34;&gt;"><b c=""><title>&lt;b c=&#34;&#34;&gt;` {
		t.Error("markup:", got)
	}
	if got := render(t, "mail.txt", `<p a={{ <x> }}>`, value.OfString(`"<`)); got != `<p a="<>` {
		t.Error("text templates are not escaped:", got)
	}
}

// TestMarkupJoin: two ways through a template must meet in one place.
func TestMarkupJoin(t *testing.T) {
	for _, src := range []string{
		`<p {{ when <x> { }}title="{{ } }}{{ <x> }}>`,
		`{{ when <x> { }}<script>{{ } }}{{ <x> }}`,
		`{{ for each <y> in <x> { }}<!--{{ } }}`,
		`<a href={{ when <x> { }}{{ <x> }}{{ } }} id=z>`,
	} {
		if _, err := compile.Template("page.html", []byte(src), compile.Options{Verbs: verbs}); err == nil || !strings.Contains(err.Error(), "another place of the document") {
			t.Errorf("%s: %v", src, err)
		}
	}
}
