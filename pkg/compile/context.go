package compile

import (
	"strings"

	"aro/pkg/bytecode"
)

// context follows the literal text of a template through the document and says
// where an expression stands. It is found once, when the template is compiled.
type context struct {
	state   state
	tag     string // name of the open tag, lower case
	closing bool
	attr    string // name of the current attribute, lower case
	quote   byte   // of a quoted attribute value or a script string
	begun   bool   // something of the attribute's value was written already
	query   bool   // behind the ? or # of a URL
	auto    bool   // the value has no quotes in the source; we write them
	head    string // what the literal text of the value begins with, lower case

	// In a script: the last sign and word, which tell a regular expression from a
	// division, and whether a [ of that expression is open.
	last, beforeLast byte
	word             string
	class            bool
}

type state uint8

const (
	inText state = iota
	inTagName
	inTag       // between attributes
	inAttrName  //
	inAfterName // behind an attribute name
	inBeforeValue
	inValue // quote 0: unquoted
	inComment
	inDeclaration // <!DOCTYPE …>, <? … ?>
	inScript
	inScriptString
	inScriptLineComment
	inScriptComment
	inScriptRegex
	inStyle
	inRawText // textarea, title
)

func (c context) same(d context) bool {
	return c.state == d.state && c.quote == d.quote && c.auto == d.auto && (c.state == inText || c.tag == d.tag && c.attr == d.attr)
}

// urlAttrs are the attributes whose value is a URL.
var urlAttrs = map[string]bool{"href": true, "src": true, "action": true, "formaction": true, "poster": true, "data": true,
	"cite": true, "background": true, "ping": true, "xlink:href": true, "srcset": true, "manifest": true}

// open returns what must be written before an expression: the quote of an
// attribute value that has none in the source. Without it an empty value would
// take the next attribute for its own.
func (c *context) open() string {
	if c.state != inBeforeValue {
		return ""
	}
	c.state, c.quote, c.auto, c.begun, c.query, c.head = inValue, 0, true, false, false, ""
	return `"`
}

// value returns how an expression at this place is escaped, and goes on behind it.
func (c *context) value() uint8 {
	switch c.state {
	case inText:
		return bytecode.EscapeText
	case inRawText:
		return bytecode.EscapeAttr
	case inValue:
		return c.attrValue()
	case inScript:
		c.last, c.word = ')', ""
		return bytecode.EscapeScript
	case inScriptString, inScriptRegex:
		return bytecode.EscapeScriptStr
	case inStyle:
		return bytecode.EscapeStyle
	}
	return bytecode.EscapeForbidden
}

func (c *context) attrValue() uint8 {
	first := !c.begun
	c.begun = true
	bare := c.quote == 0 && !c.auto
	switch {
	case bare && (strings.HasPrefix(c.attr, "on") || c.attr == "style"):
		return bytecode.EscapeForbidden
	case strings.HasPrefix(c.attr, "on"):
		return bytecode.EscapeScriptStr
	case c.attr == "style":
		return bytecode.EscapeStyle
	case c.attr == "srcdoc":
		return bytecode.EscapeForbidden
	case urlAttrs[c.attr] && (strings.HasPrefix(c.head, "javascript:") || strings.HasPrefix(c.head, "vbscript:")):
		return bytecode.EscapeForbidden // what is encoded as a URL is decoded before it runs
	case urlAttrs[c.attr] && first && !c.query:
		return bytecode.EscapeURL
	case urlAttrs[c.attr]:
		return bytecode.EscapeURLPart
	case bare:
		return bytecode.EscapeUnquoted
	}
	return bytecode.EscapeAttr
}

// text follows literal text and returns what to write for it: the text itself,
// but for the quotes of open, and a < at its end, which would make a tag of what
// the next expression writes.
func (c *context) text(s string) string {
	var b []byte
	start := 0
	replace := func(at, n int, by string) {
		b = append(append(b, s[start:at]...), by...)
		start = at + n
	}
	for i := 0; i < len(s); {
		if c.auto && c.state == inValue {
			switch {
			case isSpace(s[i]) || s[i] == '>':
				replace(i, 0, `"`)
				c.auto = false
			case s[i] == '"':
				replace(i, 1, "&#34;")
			}
		}
		i += c.step(s, i)
	}
	if n := len(s) - 1; c.state == inText && n >= start && s[n] == '<' {
		replace(n, 1, "&lt;")
	}
	return string(append(b, s[start:]...))
}

// step consumes at least one byte at s[i] and returns how many.
func (c *context) step(s string, i int) int {
	b := s[i]
	rest := s[i:]
	switch c.state {
	case inText:
		if b != '<' {
			return 1
		}
		switch {
		case strings.HasPrefix(rest, "<!--"):
			c.state = inComment
			return 4
		case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
			c.state = inDeclaration
		case len(rest) > 1 && (isLetter(rest[1]) || rest[1] == '/'):
			c.state, c.tag, c.closing = inTagName, "", rest[1] == '/'
			if c.closing {
				return 2
			}
		}
		return 1
	case inComment:
		if strings.HasPrefix(rest, "-->") {
			c.state = inText
			return 3
		}
	case inDeclaration:
		if b == '>' {
			c.state = inText
		}
	case inTagName:
		switch {
		case b == '>':
			c.endTag()
		case isSpace(b) || b == '/':
			c.state = inTag
		default:
			c.tag += strings.ToLower(string(b))
		}
	case inTag:
		switch {
		case b == '>':
			c.endTag()
		case isSpace(b) || b == '/':
		default:
			c.state, c.attr = inAttrName, strings.ToLower(string(b))
		}
	case inAttrName:
		switch {
		case b == '=':
			c.state = inBeforeValue
		case b == '>':
			c.endTag()
		case isSpace(b):
			c.state = inAfterName
		default:
			c.attr += strings.ToLower(string(b))
		}
	case inAfterName:
		switch {
		case b == '=':
			c.state = inBeforeValue
		case b == '>':
			c.endTag()
		case !isSpace(b):
			c.state, c.attr = inAttrName, strings.ToLower(string(b))
		}
	case inBeforeValue:
		c.begun, c.query, c.head = false, false, ""
		switch {
		case b == '"' || b == '\'':
			c.state, c.quote = inValue, b
		case b == '>':
			c.endTag()
		case !isSpace(b):
			c.state, c.quote, c.begun, c.head = inValue, 0, true, strings.ToLower(string(b))
		}
	case inValue:
		switch {
		case c.quote != 0 && b == c.quote, c.quote == 0 && isSpace(b):
			c.state, c.quote = inTag, 0
		case c.quote == 0 && b == '>':
			c.endTag()
		default:
			c.begun = true
			c.query = c.query || b == '?' || b == '#'
			if len(c.head) < 16 && b > ' ' {
				c.head += strings.ToLower(string(b))
			}
		}
	case inScript:
		switch {
		case c.closes(rest):
		case b == '"' || b == '\'' || b == '`':
			c.state, c.quote = inScriptString, b
		case strings.HasPrefix(rest, "//"):
			c.state = inScriptLineComment
		case strings.HasPrefix(rest, "/*"):
			c.state = inScriptComment
			return 2
		case b == '/' && c.regexMayStart():
			c.state, c.class = inScriptRegex, false
		default:
			c.note(b)
		}
	case inScriptRegex:
		switch {
		case c.closes(rest):
		case b == '\\' && len(rest) > 1 && rest[1] != '\n':
			return 2
		case b == '[':
			c.class = true
		case b == ']':
			c.class = false
		case b == '/' && !c.class || b == '\n':
			c.state, c.last, c.word = inScript, ')', ""
		}
	case inScriptString:
		switch {
		case c.closes(rest):
		case b == '\\' && len(rest) > 1:
			return 2
		case b == c.quote:
			c.state, c.quote, c.last, c.word = inScript, 0, ')', ""
		case b == '\n' && c.quote != '`':
			c.state, c.quote = inScript, 0
		}
	case inScriptLineComment:
		if !c.closes(rest) && b == '\n' {
			c.state = inScript
		}
	case inScriptComment:
		if !c.closes(rest) && strings.HasPrefix(rest, "*/") {
			c.state = inScript
			return 2
		}
	case inStyle, inRawText:
		c.closes(rest)
	}
	return 1
}

// closes ends a raw element at its closing tag; the caller goes on behind the <.
func (c *context) closes(rest string) bool {
	n := len("</") + len(c.tag)
	if len(rest) < n || rest[0] != '<' || !strings.EqualFold(rest[:n], "</"+c.tag) {
		return false
	}
	if len(rest) > n && !isSpace(rest[n]) && rest[n] != '>' && rest[n] != '/' {
		return false // a longer name: no browser ends the element here
	}
	c.state, c.quote, c.closing, c.tag = inTagName, 0, true, "/"
	return true
}

// endTag is the > of a tag.
func (c *context) endTag() {
	c.state, c.quote = inText, 0
	if c.closing {
		return
	}
	switch c.tag {
	case "script":
		c.state, c.last, c.beforeLast, c.word = inScript, 0, 0, ""
	case "style":
		c.state = inStyle
	case "textarea", "title":
		c.state = inRawText
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func isSpace(b byte) bool  { return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f' }

// note remembers the last sign of a script that is no blank, and the word that it
// belongs to.
func (c *context) note(b byte) {
	switch {
	case isSpace(b):
		if c.word != "" && !strings.HasSuffix(c.word, " ") {
			c.word += " " // the word is over, but still the last one
		}
		return
	case isLetter(b) || b >= '0' && b <= '9' || b == '_' || b == '$' || b >= 0x80:
		if strings.HasSuffix(c.word, " ") || len(c.word) > 16 {
			c.word = ""
		}
		c.word += string(b)
	default:
		c.word = ""
	}
	c.beforeLast, c.last = c.last, b
}

// wordsBeforeRegex are the words of JavaScript that an operand follows.
var wordsBeforeRegex = map[string]bool{"return": true, "typeof": true, "case": true, "in": true, "of": true, "delete": true,
	"void": true, "throw": true, "new": true, "do": true, "else": true, "instanceof": true, "yield": true, "await": true}

// regexMayStart tells whether a / begins a regular expression: behind an operand
// it divides.
func (c *context) regexMayStart() bool {
	if c.word != "" {
		return wordsBeforeRegex[strings.TrimSuffix(c.word, " ")]
	}
	switch c.last {
	case ')', ']':
		return false
	case '+', '-':
		return c.beforeLast != c.last // x++ / y
	}
	return true
}
