package syntax

// A keyword is a word the grammar asks for in some place. No word is reserved:
// the scanner marks keywords, the parser looks at the mark only where the
// grammar does, and everywhere else they are names (01 §1.3).
type keyword uint8

const (
	noKeyword keyword = iota

	// Prepositions: isPrep relies on their being neighbours.
	kwFrom
	kwFor
	kwAgainst
	kwTo
	kwInto
	kwVia
	kwWith
	kwOn
	kwAt
	kwBy
	kwIn

	// Articles.
	kwA
	kwAn
	kwThe

	// The other clause openers.
	kwAs
	kwWhere
	kwOrder
	kwLimit
	kwOffset
	kwDefault
	kwWhen

	// Operators.
	kwAnd
	kwOr
	kwNot
	kwIs
	kwExists
	kwContains
	kwMatches
	kwEquals
	kwBetween
	kwStarts
	kwEnds

	// Values and tests.
	kwTrue
	kwFalse
	kwNull
	kwNil
	kwNone
	kwEmpty
	kwDefined

	// Statements.
	kwPublish
	kwRequire
	kwImport
	kwMatch
	kwCase
	kwOtherwise
	kwEach
	kwForEach
	kwParallel
	kwConcurrency
	kwWhile
	kwBreak
	kwTakes
	kwPort

	// Sort directions.
	kwAsc
	kwDesc

	// Words of other languages: a helpful error when they start a statement.
	kwIf
	kwElse
	kwThen
	kwGuard
	kwDefer
	kwTry
	kwCatch
	kwFunction
	kwLet
	kwVar
	kwType
	kwEnum
	kwProtocol
)

var prepNames = [...]string{kwFrom: "from", kwFor: "for", kwAgainst: "against", kwTo: "to", kwInto: "into",
	kwVia: "via", kwWith: "with", kwOn: "on", kwAt: "at", kwBy: "by", kwIn: "in"}

func (k keyword) isPrep() bool    { return k >= kwFrom && k <= kwIn }
func (k keyword) isArticle() bool { return k >= kwA && k <= kwThe }

// isClause reports whether k opens a clause.
func (k keyword) isClause() bool { return k.isPrep() || k >= kwAs && k <= kwWhen }

// isScalar reports whether k is a literal.
func (k keyword) isScalar() bool { return k >= kwTrue && k <= kwNone }

// keywordOf looks a word up, in any case.
func keywordOf(w string) keyword {
	var buf [11]byte
	if len(w) > len(buf) {
		return noKeyword
	}
	for i := 0; i < len(w); i++ {
		c := w[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		buf[i] = c
	}
	switch string(buf[:len(w)]) {
	case "from":
		return kwFrom
	case "for":
		return kwFor
	case "against":
		return kwAgainst
	case "to":
		return kwTo
	case "into":
		return kwInto
	case "via":
		return kwVia
	case "with":
		return kwWith
	case "on":
		return kwOn
	case "at":
		return kwAt
	case "by":
		return kwBy
	case "in":
		return kwIn
	case "a":
		return kwA
	case "an":
		return kwAn
	case "the":
		return kwThe
	case "as":
		return kwAs
	case "where":
		return kwWhere
	case "order":
		return kwOrder
	case "limit":
		return kwLimit
	case "offset":
		return kwOffset
	case "default":
		return kwDefault
	case "when":
		return kwWhen
	case "and":
		return kwAnd
	case "or":
		return kwOr
	case "not":
		return kwNot
	case "is":
		return kwIs
	case "exists":
		return kwExists
	case "contains":
		return kwContains
	case "matches":
		return kwMatches
	case "equals":
		return kwEquals
	case "between":
		return kwBetween
	case "starts":
		return kwStarts
	case "ends":
		return kwEnds
	case "true":
		return kwTrue
	case "false":
		return kwFalse
	case "null":
		return kwNull
	case "nil":
		return kwNil
	case "none":
		return kwNone
	case "empty":
		return kwEmpty
	case "defined":
		return kwDefined
	case "publish":
		return kwPublish
	case "require":
		return kwRequire
	case "import":
		return kwImport
	case "match":
		return kwMatch
	case "case":
		return kwCase
	case "otherwise":
		return kwOtherwise
	case "each":
		return kwEach
	case "parallel":
		return kwParallel
	case "concurrency":
		return kwConcurrency
	case "while":
		return kwWhile
	case "break":
		return kwBreak
	case "takes":
		return kwTakes
	case "port":
		return kwPort
	case "asc":
		return kwAsc
	case "desc":
		return kwDesc
	case "if":
		return kwIf
	case "else":
		return kwElse
	case "then":
		return kwThen
	case "guard":
		return kwGuard
	case "defer":
		return kwDefer
	case "try":
		return kwTry
	case "catch":
		return kwCatch
	case "function":
		return kwFunction
	case "let":
		return kwLet
	case "var":
		return kwVar
	case "type":
		return kwType
	case "enum":
		return kwEnum
	case "protocol":
		return kwProtocol
	case "for-each":
		return kwForEach
	case "ascending":
		return kwAsc
	case "descending":
		return kwDesc
	}
	return noKeyword
}
