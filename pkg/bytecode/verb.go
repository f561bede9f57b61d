package bytecode

// Role is a verb's part in the flow of data (02 §3); checks use it.
type Role uint8

// The roles.
const (
	RoleOwn Role = iota
	RoleRequest
	RoleResponse
	RoleExport
	RoleServer
)

var roleNames = [...]string{"own", "request", "response", "export", "server"}

// String returns the role's name.
func (r Role) String() string { return roleNames[r] }

// ResultUse says what a verb does with the name in result position (01 §9.3).
type ResultUse uint8

// The uses of the result.
const (
	Binds    ResultUse = iota // a fresh name
	Rebinds                   // a name that may be bound already and is then replaced; its value is passed
	Consumes                  // reads the name's value if it is bound, binds nothing
	Operates                  // reads the name's value if it is bound, and may bind it
	Labels                    // neither reads nor binds: a word
)

// ObjectUse says how the object noun is evaluated before the verb runs.
type ObjectUse uint8

// The uses of the object.
const (
	ReadObject   ObjectUse = iota // a variable, walked; unbound or missing is an error
	TryObject                     // the same, but unbound or missing is passed on as unbound
	RowsObject                    // a repository unless the name is bound to something else than an empty list
	LabelObject                   // never evaluated
	LocalObject                   // passed if the feature set itself binds the name, else a word
	SystemObject                  // like TryObject; file, directory, template, url, host … stay words and their qualifier may name a variable
)

// Lowering says how the compiler treats a statement with this verb.
type Lowering uint8

// The lowerings.
const (
	AsCall    Lowering = iota // one ACT
	AsValue                   // an expression or plain variable as object is just bound; a result qualifier makes it an ACT
	AsExtract                 // property access instructions
	AsReturn                  // an ACT that ends the feature set
)

// Verb is what compiler, checker, documentation and completion know about a
// verb. The host declares it once, beside the function that does the work.
type Verb struct {
	Name    string   // canonical, lower case
	Aliases []string // synonyms, lower case
	Role    Role
	Preps   []string // accepted before the object; nil: any
	Doc     string   // one line

	Pure     bool // same inputs, same result, no effect
	Blocking bool // may suspend the coroutine

	Result  ResultUse
	Object  ObjectUse
	Lower   Lowering
	Extra   string   // name that is bound besides the result: "validation", "new-entry"
	Ops     []string // result names that mean an operation: `Compute the <length> from …`
	Renders bool     // reads the names in scope at run time
	Lines   bool     // tells line ends in the program's text from those of values
	// WalkResult: a qualifier of the result selects a property of the value that
	// the verb consumes: `Close the <client: connection>.`
	WalkResult bool
	// ResultSpec: a qualifier of the result may name a variable, whose value is
	// passed: `Store the <saved: row> into …`
	ResultSpec bool
	// ObjectBinds: the object's variable, passed without its qualifier, is bound to
	// the result as well: `Accept the <step: a_to_b> on <ticket: state>.`
	ObjectBinds bool
	// Orders: takes order by, limit and offset.
	Orders bool
	// SpecBinds: with such a qualifier the verb, which otherwise only consumes,
	// binds the result's base.
	SpecBinds bool
	// Settings: what can be set of a system noun, or, under "-repository", of any
	// repository: `Configure the <user-repository: ttl> with 60.`
	Settings map[string][]string
}

// Verbs looks verbs up by any of their names, in lower case.
type Verbs map[string]*Verb

// NewVerbs indexes a verb list. A name that two verbs claim belongs to the first.
func NewVerbs(list []*Verb) Verbs {
	m := make(Verbs, 2*len(list))
	for _, v := range list {
		for _, name := range append([]string{v.Name}, v.Aliases...) {
			if _, taken := m[name]; !taken {
				m[name] = v
			}
		}
	}
	return m
}
