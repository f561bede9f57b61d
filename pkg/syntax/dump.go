package syntax

import (
	"fmt"
	"reflect"
	"strings"
)

// Dump writes the tree below n as nested lists, one node after the other:
//
//	(Simple Verb="Log" Sink=(Literal Kind=4 Str="hi") Object=(Operand Prep="to" …))
//
// Positions and empty fields are left out. It is for tests and for people who
// want to see what the parser made of their text; it is slow.
func Dump(w *strings.Builder, n Node) { dump(w, reflect.ValueOf(n)) }

func dump(w *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			w.WriteString("nil")
			return
		}
		dump(w, v.Elem())
	case reflect.Slice:
		w.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				w.WriteByte(' ')
			}
			dump(w, v.Index(i))
		}
		w.WriteByte(']')
	case reflect.Struct:
		w.WriteString("(" + v.Type().Name())
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch f.Type {
			case reflect.TypeFor[Span](), reflect.TypeFor[Pos](), reflect.TypeFor[*File]():
				continue
			}
			if v.Field(i).IsZero() && f.Name != "Op" {
				continue
			}
			w.WriteString(" " + f.Name + "=")
			dump(w, v.Field(i))
		}
		w.WriteByte(')')
	case reflect.String:
		fmt.Fprintf(w, "%q", v.String())
	default:
		if v.CanInterface() {
			fmt.Fprint(w, v.Interface())
			return
		}
		fmt.Fprint(w, v)
	}
}
