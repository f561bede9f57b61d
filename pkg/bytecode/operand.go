package bytecode

import (
	"strconv"
	"strings"
)

// textTable finds entries of a chunk's table by their text form, so that a
// listing shows what an operand means instead of its index. Of equal entries it
// finds the first.
type textTable struct {
	texts []string
	first map[string]int
}

func (t *textTable) add(text string) {
	if t.first == nil {
		t.first = map[string]int{}
	}
	if _, ok := t.first[text]; !ok {
		t.first[text] = len(t.texts)
	}
	t.texts = append(t.texts, text)
}

// textTables has one entry for each operand kind that is an index into a table
// with a text form.
type textTables [Flags + 1]*textTable

func newTextTables() (t textTables) {
	for _, kind := range []Operand{Const_, Const2, Name_, Field_, Shape_} {
		t[kind] = &textTable{}
	}
	return t
}

// textsOf indexes a chunk for listing it. Of long texts it keeps the beginning
// (still longer than longOperand): in a hostile file thousands of entries may
// share one large string.
func textsOf(c *Chunk) textTables {
	t := newTextTables()
	short := func(text string) string {
		if len(text) > longOperand {
			return printable(text)
		}
		return text
	}
	for i := range c.Consts {
		t.addConst(short(constText(c.Consts[i])))
	}
	for _, s := range c.Names {
		t[Name_].add(short(atomText(s)))
	}
	for _, f := range c.Fields {
		t[Field_].add(short(fieldText(f)))
	}
	for _, keys := range c.Shapes {
		t[Shape_].add(short(shapeText(keys)))
	}
	return t
}

// addConst adds a constant, and the range that it may be the end of.
func (t *textTables) addConst(text string) {
	if n := len(t[Const_].texts); n > 0 {
		t[Const2].add(t[Const_].texts[n-1] + " .. " + text)
	}
	t[Const_].add(text)
}

// longOperand is the length from which an entry is shown as its index, with the
// beginning of the text as a remark.
const longOperand = 48

// operands returns the operands as Assemble reads them, and remarks for people.
func (l *listing) operands(ins *Ins, info *OpInfo) (string, []string) {
	var texts, remarks []string
	values := [4]uint16{ins.A, ins.B, ins.C, uint16(ins.N)}
	for n, kind := range info.operands() {
		x := values[n]
		i := int(x)
		number := strconv.Itoa(i)
		switch kind {
		case None:
		case Reg, OptReg, ShapeBase, SiteBase:
			texts = append(texts, regText(x))
		case RegPair:
			texts = append(texts, "r"+number+":r"+strconv.Itoa(i+1))
		case Count:
			texts = append(texts, number)
		case Const_, Const2, Name_, Field_, Shape_:
			known := l.known[kind]
			switch {
			case i >= len(known.texts):
				texts = append(texts, "#"+number)
				remarks = append(remarks, "no such entry")
			case known.first[known.texts[i]] == i && len(known.texts[i]) <= longOperand:
				texts = append(texts, known.texts[i])
			default: // its text would be too long, or lead to another index
				texts = append(texts, "#"+number)
				remarks = append(remarks, printable(known.texts[i]))
			}
		case Site_:
			texts = append(texts, "site "+number)
			if i < len(l.c.Sites) {
				remarks = append(remarks, l.c.Sites[i].summary())
			}
		case Jump:
			texts = append(texts, "-> "+number)
		case TestCode:
			if x < uint16(NumTests) {
				texts = append(texts, Test(x).String())
			} else {
				texts = append(texts, "#"+number)
			}
		case Flags:
			if x != 0 {
				texts = append(texts, "n="+number)
			}
		}
	}
	return strings.Join(texts, ", "), remarks
}
