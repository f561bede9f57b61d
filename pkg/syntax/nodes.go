// Package syntax turns ARO source bytes into tokens and a tree.
//
// It imports nothing of ours, never stops at the first error, and gives every
// node its byte range in the source, so that diagnostics, error texts and the
// formatter can all quote what was written.
package syntax

// Pos is a byte offset into the source of one File. File.Position turns it into
// a line and a column; keeping offsets in the nodes makes them small and lets
// the line table be built once per file and only when somebody asks.
type Pos int32

// Span is the half-open byte range [Start, End) of a node.
type Span struct{ Start, End Pos }

// Range returns the span itself; it makes every node satisfy Node.
func (s Span) Range() Span { return s }

// Node is anything with a place in the source.
type Node interface{ Range() Span }

// File is one parsed source file: { import } { feature-set }.
type File struct {
	Name    string // path as given, used in diagnostics
	Src     []byte
	Imports []*Import
	Sets    []*FeatureSet

	text  string                       // Src, for Text
	lines []int32                      // offsets of line starts, built on first use
	last  struct{ pos, line, col int } // the last answer of Position
}

// Import is `import ../billing`.
type Import struct {
	Span
	Path string
}

// FeatureSet is `(Name: Activity<guard>) when cond { body }`.
type FeatureSet struct {
	Span
	File       *File
	Name       string // white space collapsed
	Activity   string // without the <…> suffix
	StateGuard string // raw text between < and >, empty when absent
	NamePos    Pos
	Takes      *Field // of `Action takes <field: Type>`, else nil
	When       Expr   // declaration guard, else nil
	Body       *Block
}

// Field is a name with an optional type, as in `takes <number: Integer>`.
type Field struct {
	Span
	Name, Type string
}

// Block is `{ statement … }`; the span covers both braces.
type Block struct {
	Span
	Stmts []Stmt
}

// Stmt is one statement.
type Stmt interface {
	Node
	stmt()
}

// Simple is `Verb [result] { clause } .`
type Simple struct {
	Span
	Verb    string // as written, dotted verbs joined: "Application.Double"
	VerbPos Pos

	Result        *Noun  // nil when absent or in sink form
	ResultArticle bool   // an article stood before the result
	ResultType    string // of `as List<T>`, else ""
	Sink          Expr   // sink form: the value stands in result position

	Object *Operand   // first prepositional clause, else nil
	Mods   []*Operand // the later ones, in source order
	As     *Noun      // of `as <name>`, else nil

	Where   Pred
	Order   []OrderKey
	Limit   Expr
	Offset  Expr
	Default Expr
	When    Expr
}

// OperandKind says what stands behind a preposition (01 §3.4, §3.5).
type OperandKind uint8

// The kinds of operand.
const (
	NounOperand      OperandKind = iota // [article] <base: qualifier> or a bare word
	ExprOperand                         // any expression, a regex included
	PortOperand                         // `port expr`
	DurationOperand                     // `expr unit`
	AggregateOperand                    // sum(<field>) and friends
	NamedOperand                        // id <x>, name "y"
)

// Operand is one prepositional clause.
type Operand struct {
	Span
	Prep    string // lower case
	Article bool
	Kind    OperandKind
	Noun    *Noun      // NounOperand; AggregateOperand: the field or nil; ExprOperand: set too when the expression is one lone reference
	Expr    Expr       // ExprOperand, PortOperand, DurationOperand
	Method  string     // of `via PUT <url>`: the word before the noun
	Unit    string     // DurationOperand: canonical "milliseconds", "seconds", "minutes", "hours", "days"; "weeks" is accepted too
	Func    string     // AggregateOperand: sum count avg min max
	Named   []NamedArg // NamedOperand
}

// NamedArg is one `NAME expr` of a NamedOperand.
type NamedArg struct {
	Name  string
	Value Expr
}

// OrderKey is one key of `order by`.
type OrderKey struct {
	Path []string
	Desc bool
}

// Pipeline is `stage |> stage .`
type Pipeline struct {
	Span
	Stages []*Simple
}

// PublishAs is `Publish as <external> <internal>.`
type PublishAs struct {
	Span
	External, Internal *Noun
}

// Require is `Require the <name> from the <source>.`
type Require struct {
	Span
	Name, Source *Noun
}

// Match is `match subject { case … otherwise … }`.
type Match struct {
	Span
	Subject   Expr
	Cases     []*Case
	Otherwise *Block // nil when absent
}

// Case is `case pattern { , pattern } [where guard] block`.
type Case struct {
	Span
	Patterns []Pattern
	Guard    Expr
	Body     *Block
}

// PatternKind tells the patterns of `case` apart.
type PatternKind uint8

// The kinds of pattern.
const (
	AnyPattern   PatternKind = iota // _
	ValuePattern                    // Lo is a Literal, Regex, Unary minus on a number, or Ref
	RangePattern                    // Lo .. Hi
)

// Pattern is one alternative of a case.
type Pattern struct {
	Span
	Kind   PatternKind
	Lo, Hi Expr
}

// ForEach is `[parallel] for each <item> [at <index>] in collection …`.
type ForEach struct {
	Span
	Item, Index *Noun // Index may be nil
	Collection  Expr
	Filter      Expr // nil when absent
	Parallel    bool
	Limit       int // of `with <concurrency: N>`, 0 when absent
	Body        *Block
}

// RangeLoop is `for <var> from lo to hi block`.
type RangeLoop struct {
	Span
	Var      *Noun
	From, To Expr
	Body     *Block
}

// While is `while cond block`.
type While struct {
	Span
	Cond Expr
	Body *Block
}

// Break is `break.`
type Break struct{ Span }

// ErrorStatement stands where a statement could not be parsed, so that the
// statements around it keep their places.
type ErrorStatement struct {
	Span
	Message string
}

func (*Simple) stmt()         {}
func (*Pipeline) stmt()       {}
func (*PublishAs) stmt()      {}
func (*Require) stmt()        {}
func (*Match) stmt()          {}
func (*ForEach) stmt()        {}
func (*RangeLoop) stmt()      {}
func (*While) stmt()          {}
func (*Break) stmt()          {}
func (*ErrorStatement) stmt() {}

// QualKind tells the qualifier forms of 01 §5.1 apart.
type QualKind uint8

// The kinds of qualifier.
const (
	NoQual     QualKind = iota
	QuotedQual          // "./a b.json": Raw is the unquoted text, never split
	PathQual            // home.city, data.users.0, first
	FileQual            // mails/welcome.tpl: Raw is the whole text
	IndexQual           // 0
	RangeQual           // 0-19
	PickQual            // 3,5,7
	OffsetQual          // +7d
	TypeQual            // List<Crate>
	ChainQual           // stats.sort | list.take
)

// Noun is `<base: qualifier>` or a bare word.
type Noun struct {
	Span
	Base     string
	Kind     QualKind
	Raw      string   // qualifier as written without outer blanks; unquoted text for QuotedQual
	Text     Expr     // QuotedQual with ${…} in it: the text with its values, else nil
	Segments []string // PathQual, FileQual: split at dots (and blanks); IndexQual, RangeQual, PickQual: the numbers; ChainQual: its parts
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// LitKind tells literals apart.
type LitKind uint8

// The kinds of literal.
const (
	NullLit LitKind = iota
	BoolLit
	IntLit
	FloatLit
	StringLit
)

// Literal is a constant without interpolation.
type Literal struct {
	Span
	Kind  LitKind
	Str   string
	Int   int64
	Float float64
	Bool  bool
}

// Regex is /pattern/flags.
type Regex struct {
	Span
	Pattern, Flags string
}

// ListExpr is [a, b].
type ListExpr struct {
	Span
	Elems []Expr
}

// MapExpr is { k: v }.
type MapExpr struct {
	Span
	Entries []MapEntry
}

// MapEntry is one `key: value`.
type MapEntry struct {
	Key   string
	Value Expr
}

// Ref is a reference used as a value. A bare word inside ${…} is a Ref too.
type Ref struct {
	Span
	Noun *Noun
}

// Op is a binary or prefix operator.
type Op uint8

// The operators. Is… forms are node Is.
const (
	OpOr Op = iota
	OpAnd
	OpEq
	OpNe
	OpContains
	OpMatches
	OpIn
	OpNotIn
	OpLt
	OpGt
	OpLe
	OpGe
	OpAdd
	OpSub
	OpConcat
	OpMul
	OpDiv
	OpMod
	OpNeg
	OpNot
	OpBetween    // predicates only: Args lo, hi
	OpStartsWith // predicates only
	OpEndsWith   // predicates only
)

var opNames = [...]string{"or", "and", "==", "!=", "contains", "matches", "in", "not in",
	"<", ">", "<=", ">=", "+", "-", "++", "*", "/", "%", "-", "not", "between", "starts with", "ends with"}

// String returns the operator as it is written.
func (o Op) String() string { return opNames[o] }

// Binary is `L op R`.
type Binary struct {
	Span
	Op    Op
	OpPos Pos
	L, R  Expr
}

// Unary is a prefix minus or not.
type Unary struct {
	Span
	Op Op
	X  Expr
}

// IsKind tells the tests with `is` apart.
type IsKind uint8

// The kinds of `is` test.
const (
	IsNull    IsKind = iota // null nil none
	IsEmpty                 // empty
	IsDefined               // defined, exists
	IsValue                 // a level-4 operand (true and false included): equality
	IsWord                  // [a|an|the] Word: type test or status test, Name holds the word
)

// Is is `x is [not] …`, and `x exists`.
type Is struct {
	Span
	X       Expr
	Not     bool
	Kind    IsKind
	Name    string
	Operand Expr // IsValue
}

// Member is `x.name`.
type Member struct {
	Span
	X    Expr
	Name string
}

// Subscript is `x[index]`.
type Subscript struct {
	Span
	X, Index Expr
}

// Group is `( expr )`. It stays in the tree because parentheses switch off the
// shared comparison subject (01 §6.2).
type Group struct {
	Span
	X Expr
}

// Interpolated is "text ${expr} text": Parts alternate as written, literal text
// being string Literals.
type Interpolated struct {
	Span
	Parts []Expr
}

func (*Literal) expr()      {}
func (*Regex) expr()        {}
func (*ListExpr) expr()     {}
func (*MapExpr) expr()      {}
func (*Ref) expr()          {}
func (*Binary) expr()       {}
func (*Unary) expr()        {}
func (*Is) expr()           {}
func (*Member) expr()       {}
func (*Subscript) expr()    {}
func (*Group) expr()        {}
func (*Interpolated) expr() {}

// Pred is a row filter of `where` on a verb (01 §3.6).
type Pred interface {
	Node
	pred()
}

// PredAnd, PredOr and PredNot combine conditions.
type (
	PredAnd struct {
		Span
		L, R Pred
	}
	PredOr struct {
		Span
		L, R Pred
	}
	PredNot struct {
		Span
		X Pred
	}
)

// Cond is `field op operand`. The field names a column of the row, never a
// variable. Op is one of the comparison operators, OpIn, OpNotIn, OpContains,
// OpMatches, OpBetween, OpStartsWith, OpEndsWith; a nil Args with Test set is
// `is [not] empty|null|defined` or `exists`.
type Cond struct {
	Span
	Field  []string
	Op     Op
	OpText string // as written: "is", "=", "is not", …
	Args   []Expr // one operand, two for between, none for a test
	Test   IsKind // IsNull, IsEmpty, IsDefined when Args is empty
	Not    bool   // of a test
}

func (*PredAnd) pred() {}
func (*PredOr) pred()  {}
func (*PredNot) pred() {}
func (*Cond) pred()    {}
