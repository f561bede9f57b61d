package bytecode

import "strings"

// Program is a compiled application: data only, independent of any host.
type Program struct {
	Files  []string // source files as given, in discovery order
	Chunks []*Chunk // feature sets, in source order
}

// ChunkKind tells what a chunk was compiled from.
type ChunkKind uint8

// The kinds of chunk.
const (
	FeatureSet ChunkKind = iota
	Template
	Snippet
)

// Chunk is the code of one feature set or template. Everything in it is read
// only once it has been compiled or loaded.
type Chunk struct {
	Kind       ChunkKind
	Name       string
	Activity   string
	StateGuard string // raw text of the <…> suffix
	Takes      string // field of `Action takes <field>`
	File       string
	Line       int32

	Code     []Ins
	GuardEnd int32 // code before it is the declaration guard: failing there means "does not match"
	MaxRegs  uint16

	Consts []Const
	Names  []string
	Fields []Field
	Shapes [][]string
	Sites  []Site
	Stmts  []Stmt
	Lines  []Line   // ascending by PC
	Entry  []Local  // names that the trigger provides, and the registers they go to
	Locals []Local  // names bound in the outermost scope, for templates and traces
	Free   []string // Template: names read from the caller, in Entry's order

	lazy *lazyBody // nil, or what Load expands the part from Code on from
}

// Local is a name and its register.
type Local struct {
	Name string
	Reg  uint16
}

// ConstKind tells constants apart.
type ConstKind uint8

// The kinds of constant.
const (
	NullConst ConstKind = iota
	BoolConst
	IntConst
	FloatConst
	StringConst
	RegexConst // Str pattern, Aux flags
	ListConst
	MapConst // Keys and List
)

// Const is a constant as plain Go data; the machine turns it into a value.
type Const struct {
	Kind  ConstKind
	Bool  bool
	Int   int64
	Float float64
	Str   string
	Aux   string
	List  []Const
	Keys  []string
}

// Field is a property path.
type Field struct {
	Path []string
	Name string // the variable it starts from, for error texts
}

// Line maps the code from PC on to a statement (-1: none) and a place.
type Line struct {
	PC        int32
	Stmt      int32
	Line, Col int32
}

// At returns the entry that covers pc.
func (c *Chunk) At(pc int) Line {
	lo, hi := 0, len(c.Lines)
	for lo < hi {
		mid := (lo + hi) / 2
		if int(c.Lines[mid].PC) <= pc {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return Line{Stmt: -1, Line: c.Line, Col: 1}
	}
	return c.Lines[lo-1]
}

// Slot says what one argument of a site is.
type Slot uint8

// The argument slots of a statement (02 §1.2).
const (
	SlotResult     Slot = iota // value of the result's base variable
	SlotObject                 // value of the object: expression, variable, or walked reference
	SlotObjectSpec             // value of the variable that the object's qualifier names, or unbound
	SlotResultSpec             // value of the variable that the result's qualifier names, or unbound
	SlotSink                   // value in result position
	SlotWith
	SlotTo
	SlotFrom
	SlotFor
	SlotInto
	SlotVia
	SlotOn
	SlotAt
	SlotIn
	SlotAgainst
	SlotBy
	SlotPort
	SlotDuration
	SlotDefault
	SlotLimit
	SlotOffset
	SlotWhere // the operands of Where, in order: the first of them
	SlotNamed // the values of Named, in order: the first of them
	NumSlots
)

var slotNames = [NumSlots]string{"result", "object", "object-spec", "result-spec", "sink", "with", "to", "from", "for", "into",
	"via", "on", "at", "in", "against", "by", "port", "duration", "default", "limit", "offset", "where", "named"}

// String returns the slot's name.
func (s Slot) String() string {
	if s < NumSlots {
		return slotNames[s]
	}
	return "?"
}

// Noun is `<base: specs>` as a site keeps it.
type Noun struct {
	Base   string
	Specs  []string // qualifier split at dots; one element when Quoted or for a range
	Raw    string   // qualifier as written
	Quoted bool
}

// Site is everything about one effectful statement that does not change from one
// execution to the next. Host.Link resolves it to a verb and a target once.
type Site struct {
	Verb   string // canonical name; the import that linking resolves
	Result Noun
	Prep   string // of the object, "" without one
	Object Noun
	// ObjectIsExpr: the object position held an expression; Object.Base is then
	// the name of a lone reference, or "".
	ObjectIsExpr bool
	MapLiteral   bool // the object or with value is written as { … }
	Composed     bool // a text in the object or with value is put together from values
	Args         []Slot
	Where        *Where
	Order        []OrderKey
	Named        []string
	Unit         string // of SlotDuration
	Method       string // of `via PUT <url>`, "" without one
	Aggregate    string // function, "" without one
	AggField     string
	As           string // of `as <name>`
	Extra        uint16 // register for the verb's second result, or NoReg
	Stmt         int32
	Scope        []Local // names visible here, for verbs that render templates
}

// OrderKey is one key of `order by`.
type OrderKey struct {
	Path []string
	Desc bool
}

// WhereKind tells the nodes of a row filter apart.
type WhereKind uint8

// The kinds of filter node.
const (
	WhereCond WhereKind = iota
	WhereAnd
	WhereOr
	WhereNot
)

// Where is a row filter. Operands are indices from SlotWhere on.
type Where struct {
	Kind WhereKind
	L, R *Where // WhereNot uses L

	Field []string
	Op    string // = != < <= > >= contains matches in not-in between starts-with ends-with empty null defined
	Not   bool
	Arg   int // first operand, relative to SlotWhere
	Args  int // number of operands
}

// Part is a piece of an error text: literal text, or the text form of a name.
type Part struct {
	Text  string
	Name  string   // when not empty: the name whose value is shown
	Path  []string // walked from Name
	Quote bool     // strings are shown in quotes
}

// Stmt is what error messages need to know about a statement (01 §11.1). Nothing
// of it is read unless something fails.
type Stmt struct {
	Verb      string // as written
	Result    string // "base: a.b", "" without result
	Sink      []Part
	Prep      string
	Object    string // noun, "" for an expression or none
	Expr      []Part // expression object
	Where     []Part // " where id = …" without the leading blank
	Guard     bool   // has a when clause
	Trace     []string
	Scope     []Local // of the names above, those that belong to a loop around the statement
	Line, Col int32
}

// Everywhere ends the activity of an observer that runs on each machine of a cluster:
// `message-repository Observer everywhere`.
const Everywhere = " everywhere"

// IsTest reports whether `aro test` runs a feature set, and nobody else does
// (02 §14).
func IsTest(name, activity string) bool {
	if name == "Application-Start" || name == "Application-End" {
		return false // whatever its activity is called
	}
	last := activity[strings.LastIndexByte(activity, ' ')+1:]
	return last == "Test" || last == "Tests"
}
