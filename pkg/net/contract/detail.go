package contract

import (
	"strconv"

	"aro/pkg/vm/value"
)

// detail is one violation. Its path grows from the inside out.
type detail struct {
	path    string
	text    string // what is wrong, to follow the subject
	missing bool
}

func (c *checker) add(d detail) {
	c.failed = c.failed || c.quiet > 0
	if c.quiet == 0 && len(c.found) < maxDetails {
		c.found = append(c.found, d)
	}
}

func (c *checker) fail(text string) { c.add(detail{text: text}) }

func (c *checker) missing(name string) { c.add(detail{path: name, missing: true}) }

// The following compose their text only when somebody will read it.

func (c *checker) failType(s *Schema, v value.Value) {
	if c.quiet > 0 {
		c.failed = true
		return
	}
	c.fail("expected " + s.Types.String() + ", got " + typeName(v))
}

func (c *checker) failPattern(s *Schema) {
	if c.quiet > 0 {
		c.failed = true
		return
	}
	c.fail("does not match the pattern '" + s.Pattern + "'")
}

func (c *checker) failValue(text string, vs ...value.Value) {
	if c.quiet == 0 {
		b := []byte(text)
		for i, v := range vs {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = v.AppendText(b)
		}
		text = string(b)
	}
	c.fail(text)
}

func (c *checker) failCount(text string, n int, noun string) {
	if c.quiet > 0 {
		c.failed = true
		return
	}
	if n != 1 {
		noun += "s"
	}
	c.fail(text + strconv.Itoa(n) + " " + noun)
}

// atName and atIndex put the details found since before below a property or an
// array position.
func (c *checker) atName(before int, name string) {
	for i := before; i < len(c.found); i++ {
		d := &c.found[i]
		switch {
		case d.path == "":
			d.path = name
		case d.path[0] == '[':
			d.path = name + d.path
		default:
			d.path = name + "." + d.path
		}
	}
}

func (c *checker) atIndex(before, index int) {
	at := "[" + strconv.Itoa(index) + "]"
	for i := before; i < len(c.found); i++ {
		d := &c.found[i]
		if d.path == "" || d.path[0] == '[' {
			d.path = at + d.path
		} else {
			d.path = at + "." + d.path
		}
	}
}

// texts returns the details as sentences. Subject is the noun for a place,
// "Property" in bodies; name is put before every path and is the name of a
// parameter. A violation at the root without a name starts with its text.
func (c *checker) texts(subject, name string) []string {
	if name != "" {
		c.atName(0, name)
	}
	out := make([]string, len(c.found))
	for i, d := range c.found {
		switch {
		case d.missing:
			out[i] = "Missing required property '" + d.path + "'"
		case d.path == "":
			out[i] = string(d.text[0]-'a'+'A') + d.text[1:]
		default:
			out[i] = subject + " '" + d.path + "' " + d.text
		}
	}
	return out
}
