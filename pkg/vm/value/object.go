package value

// Object is an opaque result with named properties: a connection, a request, a
// validation. Implementations are immutable or synchronise themselves; values
// holding them travel between goroutines.
type Object interface {
	// TypeName is the word error texts use, such as "Connection".
	TypeName() string
	// Property returns a named property; false when there is none.
	Property(name string) (Value, bool)
	// Simple returns the value that stands for the object in text, display and
	// JSON form, and in comparisons: a connection's id, an HTTP result's body, a
	// map of the properties.
	Simple() Value
}

// Tester is an Object that has an opinion on success, such as a validation or an
// HTTP result. Ok is false when it has neither succeeded nor failed.
type Tester interface {
	Success() (success, ok bool)
}

// TypeName returns the word for v's type in error texts and type tests.
func (v Value) TypeName() string {
	switch v.Kind() {
	case Unbound, Null:
		return "Null"
	case Bool:
		return "Boolean"
	case Int:
		return "Integer"
	case Float:
		return "Float"
	case String:
		return "String"
	case List:
		return "List"
	case Map:
		return "Map"
	case Date:
		return "Date"
	case Bytes:
		return "Bytes"
	}
	return v.Object().TypeName()
}
