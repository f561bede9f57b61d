package format

import (
	"strings"
	"testing"
	"time"
)

// hostilePages are as deep, as wide and as full as a page may be.
func hostilePages(t testing.TB) map[string]*Page {
	t.Helper()
	pages := map[string]*Page{}
	for name, text := range map[string]string{
		"deep":  strings.Repeat("<div class=a>", 500) + "<p>end",
		"wide":  "<ul>" + strings.Repeat("<li class=a>x</li>", 50_000) + "</ul>",
		"mixed": strings.Repeat(strings.Repeat("<div class=a>", 100)+"<p>x</p>"+strings.Repeat("</div>", 100), 200),
	} {
		p, err := ParsePage(text)
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = p
	}
	return pages
}

// TestP05_Selectors: no selector takes long on any page, and those that people write
// are answered.
func TestP05_Selectors(t *testing.T) {
	pages := hostilePages(t)
	chain := func(part, between string, n int) string { return strings.Repeat(part+between, n) + "p" }
	refused := 0
	for _, selector := range []string{
		chain("div", " ", 3), chain("div", " ", 8), chain("div", " ", 100), chain("div", " > ", 100), chain("li", " ~ ", 4), chain("li", " + ", 30), chain("*", "\t", 20),
		strings.Repeat(":has(", 3) + "b" + strings.Repeat(")", 3), "li:has(~ b)", "div:has(div:has(div:has(b)))", "*:has(b) *:has(b) *:has(b)",
		chain(":nth-child(2n+1)", "", 200), strings.Repeat(":nth-child(2n+1)", 200), chain("li:nth-last-of-type(n)", " ~ ", 3), ":not(:nth-child(n)) :not(:only-of-type)", ":contains(q)", ":contains(q) :contains(q)", ":matches(a+b)",
		":not(" + chain("div", " ", 8) + ")", "[class~=a] [class^=a] [class*=a] [class$=a] b", strings.Repeat("*,", 500) + "b", strings.Repeat("*:nth-child(2),", 200) + "b",
		strings.Repeat(":not(", 30) + "a" + strings.Repeat(")", 30), strings.Repeat("a", 5000), "div /**/ /**/ /**/ p", "di\\v di\\v p", "a[b=\"]", "(((((", ":has(", ":", "::", "",
	} {
		for name, p := range pages {
			begun := time.Now()
			_, err := p.Texts(selector)
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("%.60s on the %s page: %v", selector, name, d)
			}
			if err != nil {
				refused++
				if text := err.Error(); len(text) > 300 || strings.ContainsAny(text, "\r\x00") {
					t.Errorf("%.60s: %s", selector, text)
				}
			}
		}
	}
	if refused == 0 {
		t.Error("nothing is refused")
	}
	for _, selector := range []string{"p", "div.a p", "li.a:first-child", "ul > li", "div > div > p", "ul li:last-child", "body div p, body ul", "li:not(.b)", "ul:has(li)", `[class="a"]`, "p:contains(e)"} {
		for name, p := range pages {
			if _, err := p.Texts(selector); err != nil {
				t.Errorf("%s on the %s page: %v", selector, name, err)
			}
		}
	}
	if _, err := ParsePage(strings.Repeat("x", maxPage+1)); err == nil || !strings.Contains(err.Error(), "10 MiB") {
		t.Error(err)
	}
	if _, err := MarkdownPage(strings.Repeat("x", maxPage+1)); err == nil || !strings.Contains(err.Error(), "10 MiB") {
		t.Error(err)
	}
	for depth, sound := range map[int]bool{500: true, 600: false} {
		if _, err := ParsePage(strings.Repeat("<b>", depth)); (err == nil) != sound {
			t.Errorf("%d levels: %v", depth, err)
		}
	}
}

// FuzzSelector: whatever somebody takes for a selector ends soon.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"div p", "a:has(b ~ c)", ":not(:nth-child(2n+1)) > b", `[a="b"], *`, ":contains('x')", "*:has(* *) *", `\61 b`, "a/**/b", "P:FIRST-CHILD, :Not(A:Hover)"} {
		f.Add(s)
	}
	p, err := ParsePage(strings.Repeat(strings.Repeat("<div class=a>", 50)+"<p>x</p>"+strings.Repeat("</div>", 50), 20))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, selector string) {
		begun := time.Now()
		_, err := p.Texts(selector)
		if d := time.Since(begun); d > 10*time.Second {
			t.Errorf("%v (%v)", d, err)
		}
	})
}
