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
	inStyle
	inRawText // textarea, title
)

func (c context) same(d context) bool {
	return c.state == d.state && c.quote == d.quote && (c.state == inText || c.tag == d.tag && c.attr == d.attr)
}

// urlAttrs are the attributes whose value is a URL.
var urlAttrs = map[string]bool{"href": true, "src": true, "action": true, "formaction": true, "poster": true, "data": true,
	"cite": true, "background": true, "ping": true, "xlink:href": true, "srcset": true, "manifest": true}

// value returns how an expression at this place is escaped, and goes on behind it.
func (c *context) value() uint8 {
	switch c.state {
	case inText, inRawText:
		return bytecode.EscapeText
	case inBeforeValue:
		c.state, c.quote, c.begun = inValue, 0, false
		return c.attrValue()
	case inValue:
		return c.attrValue()
	case inScript:
		return bytecode.EscapeScript
	case inScriptString:
		return bytecode.EscapeScriptStr
	case inStyle:
		return bytecode.EscapeStyle
	}
	return bytecode.EscapeForbidden
}

func (c *context) attrValue() uint8 {
	first := !c.begun
	c.begun = true
	switch {
	case strings.HasPrefix(c.attr, "on"):
		return bytecode.EscapeScriptStr
	case c.attr == "style":
		return bytecode.EscapeStyle
	case c.attr == "srcdoc":
		return bytecode.EscapeForbidden
	case urlAttrs[c.attr] && first && !c.query:
		return bytecode.EscapeURL
	case urlAttrs[c.attr]:
		return bytecode.EscapeURLPart
	case c.quote == 0:
		return bytecode.EscapeUnquoted
	}
	return bytecode.EscapeText
}

// text follows literal text.
func (c *context) text(s string) {
	for i := 0; i < len(s); {
		i += c.step(s, i)
	}
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
		c.begun, c.query = false, false
		switch {
		case b == '"' || b == '\'':
			c.state, c.quote = inValue, b
		case b == '>':
			c.endTag()
		case !isSpace(b):
			c.state, c.quote, c.begun = inValue, 0, true
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
		}
	case inScriptString:
		switch {
		case c.closes(rest):
		case b == '\\' && len(rest) > 1:
			return 2
		case b == c.quote:
			c.state, c.quote = inScript, 0
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
		c.state = inScript
	case "style":
		c.state = inStyle
	case "textarea", "title":
		c.state = inRawText
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func isSpace(b byte) bool  { return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f' }
