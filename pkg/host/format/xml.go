package format

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"aro/pkg/vm/value"
)

// encodeXML writes elements named after the keys, below a root named after the
// variable. The elements of a list are called item.
func encodeXML(b []byte, v value.Value, o *Options) []byte {
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
	return appendXML(b, o.Name, v, 0)
}

func appendXML(b []byte, name string, v value.Value, indent int) []byte {
	name = xmlName(name)
	b = append(append(append(b, '<'), name...), '>')
	switch v = simple(v); {
	case v.Kind() == value.List && v.Len() > 0:
		for _, e := range v.List() {
			b = appendXML(newLine(b, indent+1), "item", e, indent+1)
		}
		b = newLine(b, indent)
	case v.Kind() == value.Map && v.Record().Len() > 0:
		for _, e := range sorted(v.Record()) {
			b = appendXML(newLine(b, indent+1), e.key, e.val, indent+1)
		}
		b = newLine(b, indent)
	case v.Kind() == value.List, v.Kind() == value.Map:
	default:
		b = appendXMLText(b, cell(v))
	}
	return append(append(append(b, "</"...), name...), '>')
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "\r", "&#13;")

// appendXMLText escapes text; characters that XML cannot hold become U+FFFD.
func appendXMLText(b []byte, s string) []byte {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	return append(b, xmlEscapes.Replace(s)...)
}

// xmlName makes an element name of a key.
func xmlName(key string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, key)
	if name == "" || !unicode.IsLetter([]rune(name)[0]) && name[0] != '_' || len(name) >= 3 && strings.EqualFold(name[:3], "xml") {
		name = "_" + name
	}
	return name
}

// decodeXML returns the content of the root. Attributes, comments and entities of
// the document's own are not read: an entity that is not one of the five
// standard ones makes the text damaged, so that none can expand.
func decodeXML(text string, _ *Options) (value.Value, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("invalid XML: only UTF-8 is read")
	}
	var root *value.Value
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return value.Value{}, fmt.Errorf("invalid XML: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if root != nil {
				return value.Value{}, errors.New("invalid XML: a second root element")
			}
			v, err := xmlContent(d, 0)
			if err != nil {
				return value.Value{}, err
			}
			root = &v
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return value.Value{}, errors.New("invalid XML: text outside the root element")
			}
		}
	}
	if root == nil {
		return value.Value{}, errors.New("invalid XML: no element")
	}
	return *root, nil
}

// xmlContent reads up to the end of the current element.
func xmlContent(d *xml.Decoder, depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, errTooDeep
	}
	var text strings.Builder
	var names []string
	children := map[string][]value.Value{}
	for {
		t, err := d.Token()
		if err != nil {
			return value.Value{}, fmt.Errorf("invalid XML: %w", err)
		}
		switch t := t.(type) {
		case xml.CharData:
			if len(names) == 0 {
				text.Write(t)
			}
		case xml.StartElement:
			v, err := xmlContent(d, depth+1)
			if err != nil {
				return value.Value{}, err
			}
			name := t.Name.Local
			if children[name] == nil {
				names = append(names, name)
			}
			children[name] = append(children[name], v)
		case xml.EndElement:
			return xmlValue(names, children, strings.TrimSpace(text.String())), nil
		}
	}
}

func xmlValue(names []string, children map[string][]value.Value, text string) value.Value {
	switch {
	case len(names) == 0:
		return detect(text)
	case len(names) == 1 && names[0] == "item":
		return value.OfList(children["item"])
	}
	b := value.NewBuilder(len(names))
	for _, name := range names {
		if list := children[name]; len(list) == 1 {
			b.Set(name, list[0])
		} else {
			b.Set(name, value.OfList(list))
		}
	}
	return b.Value()
}
