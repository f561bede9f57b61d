package format

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// A selector is small and may be dear: each descendant combinator tries all elements
// above, :has all below, :nth-child all beside, and a chain of them multiplies. So what
// testing one element may cost is worked out beforehand, from the selector and the page,
// and the time is looked at from element to element (05 P05).
const (
	maxSelector      = 4 << 10 // bytes of text
	maxSelectorDepth = 16      // of parentheses
	maxSteps         = 5e6     // to test one element, some 50 ms
	selectorTime     = time.Second
)

var errSelectorSteps = errors.New("the selector would take too many steps on this page; name elements nearer to what it looks for, and nest :has and :not less")

// selected calls take with each element that a selector finds.
func (p *Page) selected(selector string, take func(*html.Node)) error {
	if len(selector) > maxSelector {
		return fmt.Errorf("the selector is longer than %d bytes", maxSelector)
	}
	depth, deepest := 0, 0
	for i := range len(selector) { // texts count, too: the parser has not looked yet
		switch selector[i] {
		case '(':
			depth++
			deepest = max(deepest, depth)
		case ')':
			depth--
		}
	}
	if deepest > maxSelectorDepth {
		return fmt.Errorf("the selector is nested more than %d levels deep", maxSelectorDepth)
	}
	s, err := cascadia.ParseGroup(selector)
	if err != nil {
		why := err.Error()
		if strings.HasPrefix(why, "parsing ") { // and all of it again
			why = why[strings.LastIndex(why, `": `)+3:]
		}
		return fmt.Errorf("'%s' is no CSS selector: %s", shortened(selector), why)
	}
	if extentOf(p.root).group(selector) > maxSteps {
		return errSelectorSteps
	}
	begun, n := time.Now(), 0
	for node := range p.root.Descendants() {
		if s.Match(node) {
			take(node)
		}
		if n++; n%16 == 0 && time.Since(begun) > selectorTime {
			return fmt.Errorf("the selector takes more than %v on this page; name elements nearer to what it looks for", selectorTime)
		}
	}
	return nil
}

func shortened(selector string) string {
	if len(selector) <= 100 {
		return selector
	}
	return strings.ToValidUTF8(selector[:100], "") + "…"
}

// extent is how large a page is: its nodes, the longest way up, the most siblings.
type extent struct{ nodes, depth, width float64 }

func extentOf(root *html.Node) (e extent) {
	depth := 0.0
	for n := root; n != nil; {
		e.nodes++
		e.depth = max(e.depth, depth)
		if n.FirstChild != nil {
			width := 0.0
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				width++
			}
			e.width = max(e.width, width)
			n, depth = n.FirstChild, depth+1
			continue
		}
		for n != root && n.NextSibling == nil {
			n, depth = n.Parent, depth-1
		}
		if n == root {
			break
		}
		n = n.NextSibling
	}
	return e
}

// group is the most steps that one element costs with a list of selectors. It reads the
// text loosely, and never less than is there: what it takes for a combinator is one, or
// white space that means nothing.
func (e extent) group(selector string) float64 {
	sum, ways, simple := 0.0, 1.0, 1.0
	for i := 0; i < len(selector); i++ {
		switch b := selector[i]; b {
		case ',':
			sum += ways * simple
			ways, simple = 1, 1
		case '~', '+':
			ways *= e.width
		case '>':
		case ' ', '\t', '\n', '\r', '\f':
			for i+1 < len(selector) && strings.IndexByte(" \t\n\r\f", selector[i+1]) >= 0 {
				i++
			}
			if i+1 < len(selector) && strings.IndexByte("~+>,", selector[i+1]) < 0 && strings.IndexByte("~+>, \t\n\r\f", before(selector, i)) < 0 {
				ways *= e.depth
			}
		case '[':
			i = closed(selector, i, ']')
		case ':':
			rest := strings.TrimLeft(selector[i:], ":")
			from := len(selector) - len(rest)
			name := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"))]
			i = min(from+max(len(name), 1)-1, len(selector)-1)
			inner := ""
			if i+1 < len(selector) && selector[i+1] == '(' {
				end := closed(selector, i+1, ')')
				inner, i = selector[i+2:max(end, i+2)], end
			}
			switch strings.ToLower(name) {
			case "has":
				simple += e.nodes * e.group(inner)
			case "haschild":
				simple += e.width * e.group(inner)
			case "not", "is", "where":
				simple += e.group(inner)
			case "contains", "matches":
				simple += e.nodes
			case "lang":
				simple += e.depth
			default: // first-child and the like look at the siblings
				simple += e.width
			}
		default:
			if i == 0 || !isName(selector[i-1]) {
				simple++
			}
		}
	}
	return sum + ways*simple
}

// isName reports whether a byte may stand within a name.
func isName(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b >= 0x80
}

// before is the last byte in front of the white space that ends at i, ',' for none.
func before(s string, i int) byte {
	s = strings.TrimRight(s[:i+1], " \t\n\r\f")
	if s == "" {
		return ','
	}
	return s[len(s)-1]
}

// closed is where the bracket at i ends, in front of the end of the text at the latest.
func closed(s string, i int, with byte) int {
	open, depth := s[i], 0
	quote := byte(0)
	for ; i < len(s); i++ {
		switch b := s[i]; {
		case b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == open:
			depth++
		case b == with:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}
