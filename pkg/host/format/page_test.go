package format

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

func TestMarkdownHTML(t *testing.T) {
	for in, want := range map[string]string{
		"# T #\n\n### x":               "<h1>T</h1>\n<h3>x</h3>",
		"a\nb\n\nc":                    "<p>a b</p>\n<p>c</p>",
		"#no\n####### no":              "<p>#no ####### no</p>",
		"**b** *i* _i_ `c<`":           "<p><strong>b</strong> <em>i</em> <em>i</em> <code>c&lt;</code></p>",
		"***both*** **a *b* c**":       "<p><strong><em>both</em></strong> <strong>a <em>b</em> c</strong></p>",
		"*a **b** c*":                  "<p><em>a <strong>b</strong> c</em></p>",
		"2 * 3 * 4, snake_case_name":   "<p>2 * 3 * 4, snake_case_name</p>",
		"**open, `open, [open, *open":  "<p>**open, `open, [open, *open</p>",
		"[a](http://x/?a=1&b=\"c\") z": "<p><a href=\"http://x/?a=1&amp;b=&quot;c&quot;\">a</a> z</p>",
		"[**a**](/x) [b] (c) [d](e":    "<p><a href=\"/x\"><strong>a</strong></a> [b] (c) [d](e</p>",
		"[x](javascript:alert(1))":     "<p><a href=\"\">x</a>)</p>",
		"[x](JaVa\tScript:a)":          "<p><a href=\"\">x</a></p>",
		"<script>\"&'":                 "<p>&lt;script&gt;&quot;&amp;'</p>",
		"```go\na < b\n\n# no\n```\nx": "<pre><code class=\"language-go\">a &lt; b\n\n# no</code></pre>\n<p>x</p>",
		"```\nopen":                    "<pre><code>open</code></pre>",
		"\\*a\\* \\q":                  "<p>*a* \\q</p>",
		"a\r\nb":                       "<p>a b</p>",
		"":                             "",
	} {
		if diff := cmp.Diff(want, MarkdownHTML(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

// TestMarkdownLinear: marks that never close do not cost more than their length.
func TestMarkdownLinear(t *testing.T) {
	for _, part := range []string{"*", "**a", "_a ", "[", "[a](", "`", "*a _b ", "![", "[a", "**a *b _c "} {
		start := time.Now()
		MarkdownHTML(strings.Repeat(part, 300_000) + "](x)")
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%q: %v", part, d)
		}
	}
}

// FuzzMarkdownHTML: whatever the text, the markup holds only the elements that
// Markdown has, without scripts.
func FuzzMarkdownHTML(f *testing.F) {
	for _, s := range []string{"# a\n**b** [c](d)", "[x](javascript:y)", "<script>", "```a\" onload=x\n```", "[a](\"x)", "`<b>`", "***a**b*_c_"} {
		f.Add(s)
	}
	allowed := map[string]bool{"html": true, "head": true, "body": true, "p": true, "strong": true, "em": true, "code": true, "pre": true, "a": true,
		"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true}
	f.Fuzz(func(t *testing.T, s string) {
		root, err := html.Parse(strings.NewReader(MarkdownHTML(s)))
		if err != nil {
			t.Skip()
		}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !allowed[n.Data] {
				t.Fatalf("%q has the element %s", s, n.Data)
			}
			for _, a := range n.Attr {
				if n.Data == "a" && a.Key == "href" {
					if strings.HasPrefix(strings.ToLower(strings.Map(visible, a.Val)), "javascript:") {
						t.Fatalf("%q links to a script", s)
					}
				} else if n.Data != "code" || a.Key != "class" {
					t.Fatalf("%q has the attribute %s", s, a.Key)
				}
			}
		}
	})
}

const page = `<!doctype html><html><head><title> A  page </title><style>x{}</style></head><body>
<nav><a href="/nav">nav</a></nav>
<main><h1>Head <em>line</em></h1><p>Some <b>bold </b>text, <a href="a b(1).html">a <i>link</i></a>,<br>new line. <code>x y</code></p>
<script>alert(1)</script>
<ul><li>one<ul><li>inner</li></ul></li><li><p>two</p></li></ul><ol start="3"><li>c</li><li>d</li></ol>
<pre><code class="language-go">func a() {

}
</code></pre>
<blockquote><p>q1</p><p>q2</p></blockquote><hr>
<table><tr><th>a|b</th><th>c</th></tr><tr><td>1</td></tr></table>
<p><img src="i.png" alt="pic"> <del>old</del></p></main><a href="#end">end</a></body></html>`

func TestPage(t *testing.T) {
	p, err := ParsePage(page)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Links().JSON(); got != `["\/nav","a b(1).html","#end"]` {
		t.Errorf("links %s", got)
	}
	if p.Title() != "A page" {
		t.Errorf("title %q", p.Title())
	}
	const content = "Head line Some bold text, a link, new line. x y one inner two c d func a() { } q1 q2 a|b c 1 old"
	if diff := cmp.Diff(content, p.Content()); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	want := strings.ReplaceAll("# Head *line*\n\nSome **bold** text, [a *link*](a%20b%281%29.html),  \nnew line. 'x y'\n\n"+
		"- one\n  - inner\n- two\n\n3. c\n4. d\n\n'''go\nfunc a() {\n\n}\n'''\n\n> q1\n>\n> q2\n\n---\n\n| a\\|b | c |\n|---|---|\n| 1 |  |\n\n![pic](i.png) ~~old~~", "'", "`")
	if diff := cmp.Diff(want, p.Markdown()); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
	for selector, want := range map[string]string{"h1": `["Head line"]`, "li > ul li, ol li:first-child": `["inner","c"]`, "aside": `[]`} {
		if got, err := p.Texts(selector); err != nil || got.JSON() != want {
			t.Errorf("%s: %s %v", selector, got.JSON(), err)
		}
	}
	if _, err := p.Texts("a[["); err == nil {
		t.Error("a bad selector was accepted")
	}
	if _, err := ParsePage(strings.Repeat("<div>", 100_000)); err == nil {
		t.Error("100 000 levels were accepted")
	}
	if p, err := ParsePage("<p>plain"); err != nil || p.Content() != "plain" || p.Title() != "" {
		t.Errorf("a fragment: %v", err)
	}
}

// FuzzPage: nothing in a page makes the readers panic.
func FuzzPage(f *testing.F) {
	f.Add(page)
	f.Add("<table><td><table><tr><td>x<li>a<ol><p><pre>\n<code>`")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePage(s)
		if err != nil {
			return
		}
		p.Links()
		p.Content()
		p.Markdown()
		p.Texts("p, a")
	})
}
