package host

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/host/format"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// textVerbs take text apart and put it together.
var textVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "parse", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Reads text in a format; malformed text gives null.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: parse},
	{Verb: bytecode.Verb{Name: "parsehtml", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Takes links, texts or Markdown out of HTML.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: parseHTML},
	{Verb: bytecode.Verb{Name: "split", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Splits text at a text or a regular expression.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: split},
	{Verb: bytecode.Verb{Name: "join", Role: bytecode.RoleOwn, Preps: []string{"from"},
		Doc: "Joins the elements of a list to one text.", Pure: true, Result: bytecode.Rebinds, Object: bytecode.ReadObject}, Do: join},
}

var errNotText = errors.New("Type mismatch: expected a String")

// parse reads text. Malformed text is no error: the result is null, so that
// programs test `is empty` (01 §11.2). For the same reason a missing key of what
// was parsed as JSON reads as null: the Sockets guide extracts the payload of a
// message before it knows whether the message has one.
func parse(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	text, ok := sourceText(v)
	if !ok {
		if v.Kind() == value.Map || v.Kind() == value.List {
			return v, nil // decoded already, such as a request body
		}
		return value.Value{}, fmt.Errorf("%w, got '%s'", errNotText, v.TypeName())
	}
	word := strings.ToLower(c.Site.Result.Raw)
	switch word {
	case "json":
		parsed, err := value.ParseMessage(text)
		if err != nil {
			return value.Nil, nil
		}
		return parsed, nil
	case "link-header":
		return format.ParseLinkHeader(text), nil
	case "html", "links", "content", "markdown", "page":
		if word == "html" {
			word = "text"
		}
		return pagePart(c, word, text)
	case "":
		return guess(text), nil
	}
	f := format.Named(word)
	if f == nil {
		if r, _ := utf8.DecodeRuneInString(c.Site.Result.Raw); unicode.IsUpper(r) {
			return guess(text), nil // the name of a type
		}
		return value.Value{}, fmt.Errorf("Parse does not know the format '%s'. It knows json, jsonl, yaml, csv, tsv, xml, toml, env, text, html, link-header", c.Site.Result.Raw)
	}
	o, err := formatOptions(c)
	if err != nil {
		return value.Value{}, err
	}
	parsed, err := f.Decode(text, o)
	if limit := new(format.LimitError); errors.As(err, &limit) {
		return value.Value{}, err
	}
	if err != nil {
		return value.Nil, nil
	}
	return parsed, nil
}

// sourceText is the text that a verb reads: text, bytes, or the body of an HTTP
// result.
func sourceText(v value.Value) (string, bool) {
	if o := v.Object(); o != nil {
		v = o.Simple()
	}
	switch v.Kind() {
	case value.String:
		return v.Str(), true
	case value.Bytes:
		return string(v.Bytes()), true
	}
	return "", false
}

// guess reads text whose format is not named: JSON, YAML if it is a list or map,
// key=value lines, else the text itself.
func guess(text string) value.Value {
	t := strings.TrimSpace(text)
	if t == "" {
		return value.OfString(text)
	}
	if t[0] == '{' || t[0] == '[' {
		if parsed, err := value.ParseMessage(t); err == nil {
			return parsed
		}
	}
	if parsed, err := format.Named("yaml").Decode(text, format.Options{}); err == nil && (parsed.Kind() == value.Map || parsed.Kind() == value.List) {
		return parsed
	}
	if isSettings(t) {
		if parsed, err := format.Named("txt").Decode(text, format.Options{}); err == nil {
			return parsed
		}
	}
	return value.OfString(text)
}

// isSettings reports whether each line is key=value with a word as key: prose and
// addresses may hold an equals sign too.
func isSettings(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, _, ok := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if line != "" && (!ok || key == "" || strings.ContainsAny(key, " \t/:?&<>\"'")) {
			return false
		}
	}
	return true
}

func parseHTML(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	text, ok := sourceText(v)
	if !ok {
		return value.Value{}, fmt.Errorf("%w, got '%s'", errNotText, v.TypeName())
	}
	word := strings.ToLower(c.Site.Result.Raw)
	if word == "" {
		word = "text"
	}
	return pagePart(c, word, text)
}

func pagePart(c *vm.Call, part, text string) (value.Value, error) {
	switch part {
	case "links", "content", "text", "markdown", "page":
	default:
		return value.Value{}, fmt.Errorf("Invalid value '%s' for ParseHtml. Valid values: links, content, text, markdown, page", c.Site.Result.Raw)
	}
	p, err := format.ParsePage(text)
	if err != nil {
		return value.Value{}, err
	}
	switch part {
	case "links":
		return p.Links(), nil
	case "content":
		return value.MapOf("title", value.OfString(p.Title()), "content", value.OfString(p.Content())), nil
	case "markdown":
		return value.MapOf("title", value.OfString(p.Title()), "markdown", value.OfString(p.Markdown())), nil
	case "page":
		return value.MapOf("title", value.OfString(p.Title()), "markdown", value.OfString(p.Markdown()), "links", p.Links()), nil
	}
	selector := "body"
	if w := c.Arg(bytecode.SlotWith); w.Kind() == value.String {
		selector = w.Str()
	}
	return p.Texts(selector)
}

func split(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	text, ok := sourceText(v)
	if !ok {
		return value.Value{}, fmt.Errorf("%w, got '%s'", errNotText, v.TypeName())
	}
	by := c.Arg(bytecode.SlotBy)
	var parts []string
	switch p, isPattern := by.Object().(*vm.Pattern); {
	case isPattern:
		re, err := p.Regexp()
		if err != nil {
			return value.Value{}, err
		}
		if parts, err = re.Split(text); err != nil {
			return value.Value{}, err
		}
	case by.Kind() == value.String:
		parts = strings.Split(text, by.Str())
	default:
		return value.Value{}, errors.New("'split' requires a delimiter: by \",\" or by /[,;]/")
	}
	list := make([]value.Value, len(parts))
	for i, s := range parts {
		list[i] = value.OfString(s)
	}
	return value.OfList(list), nil
}

func join(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	if o := v.Object(); o != nil {
		v = o.Simple()
	}
	if v.Kind() != value.List {
		return value.OfString(v.Text()), nil
	}
	separator := ""
	if w := c.Arg(bytecode.SlotWith); w.IsBound() {
		separator = w.Text()
	}
	var b []byte
	for i, e := range v.List() {
		if i > 0 {
			b = append(b, separator...)
		}
		b = e.AppendText(b)
	}
	return value.OfString(string(b)), nil
}
