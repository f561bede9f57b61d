// Package bytecode is what the compiler writes and the machine reads: the
// instruction table, programs and chunks as plain data, their file format
// (.aroc), verifier, assembler and disassembler.
//
// It knows no value, no verb and no syntax; it imports nothing of ours.
//
// # Instruction layout
//
//	byte   0    1    2-3     4-5     6-7
//	     +----+----+-------+-------+-------+
//	     | op | n  |   a   |   b   |   c   |
//	     +----+----+-------+-------+-------+
//
// a, b and c are registers, indices into one of the chunk's tables, jump targets
// or small counts, as the table below says; n is a small count or a flag set.
// r[x] is register x of the running coroutine, k[x] constant x, and so on.
//
// # Version history
//
//	1  first version
//	2  checksums of files are CRC-32 as in IEEE 802.3
package bytecode

// FormatVersion is part of every cache key. Increment it when the meaning of an
// instruction or the file format changes: every cached file is then stale.
const FormatVersion = 2

// Ins is one instruction.
type Ins struct {
	Op      Op
	N       uint8
	A, B, C uint16
}

// NoReg stands in a register operand that is absent.
const NoReg = 0xFFFF

// Op is an operation code.
type Op uint8

// The operation codes, contiguous from 0 so that the machine's switch becomes a
// jump table. Their meaning is in table, and only there.
const (
	MOVE Op = iota
	CONST
	UNSET
	ENV
	ENVQ
	NAME
	NAMEQ
	EXPORT
	GET
	GETQ
	EXTRACT
	VALUE
	INDEX
	OBJ
	LIST
	CAT
	CONCAT
	ADD
	ADDK
	SUB
	MUL
	DIV
	MOD
	NEG
	NOT
	TRUTH
	EQ
	NE
	LT
	LE
	GT
	GE
	CONTAINS
	MATCHES
	TEST
	SHARED
	JMP
	LOOP
	JT
	JF
	JLT
	JLTK
	JGE
	JGEK
	JEQK
	MATCHK
	MATCHV
	MATCHR
	RANGE
	STEP
	ITER
	NEXT
	ACT
	FORK
	SKIP
	TEXT
	PRINT
	END
	COVER
	NumOps // not an instruction: their number
)

// Operand says what an operand field holds.
type Operand uint8

// The operand kinds.
const (
	None      Operand = iota // unused, must be 0
	Reg                      // register
	OptReg                   // register or NoReg
	Const_                   // index into Consts
	Const2                   // index i: k[i] and k[i+1]
	Name_                    // index into Names
	Field_                   // index into Fields
	Shape_                   // index into Shapes; its keys are read from r[b…]
	Site_                    // index into Sites; its arguments are read from r[c…]
	Jump                     // instruction index
	Count                    // number of registers from the operand before it
	ShapeBase                // first of the registers that a Shape_ operand reads
	SiteBase                 // first of the registers that a Site_ operand reads
	RegPair                  // registers r[x] and r[x+1]
	TestCode                 // a Test
	Flags                    // small number, any value
)

// OpInfo is the table's line for one instruction.
type OpInfo struct {
	Name       string
	A, B, C, N Operand
	Meaning    string // one line of pseudo-code
	Ends       bool   // execution never continues behind it
	Fails      bool   // may end in an error
	Suspends   bool   // may suspend the coroutine
}

// table is the one declaration of the instruction set. Verifier, disassembler,
// assembler, the documentation page and the tests read it.
var table = [NumOps]OpInfo{
	MOVE:     {Name: "MOVE", A: Reg, B: Reg, Meaning: "r[a] = r[b]"},
	CONST:    {Name: "CONST", A: Reg, B: Const_, Meaning: "r[a] = k[b]"},
	UNSET:    {Name: "UNSET", A: Reg, B: Count, Meaning: "r[a … a+b-1] = unbound"},
	ENV:      {Name: "ENV", A: Reg, B: Name_, N: Flags, Meaning: "r[a] = the outer name[b]; n=1: event fields too", Fails: true},
	ENVQ:     {Name: "ENVQ", A: Reg, B: Name_, N: Flags, Meaning: "r[a] = the outer name[b], or unbound", Fails: true},
	NAME:     {Name: "NAME", A: Reg, B: Reg, C: Name_, N: Flags, Meaning: "r[a] = r[b] if bound, else the outer name[c]", Fails: true},
	NAMEQ:    {Name: "NAMEQ", A: Reg, B: Reg, C: Name_, N: Flags, Meaning: "like NAME, but unbound instead of an error", Fails: true},
	EXPORT:   {Name: "EXPORT", A: Reg, B: Name_, Meaning: "application scope: name[b] = r[a]"},
	GET:      {Name: "GET", A: Reg, B: Reg, C: Field_, Meaning: "r[a] = r[b] walked along field[c]", Fails: true},
	GETQ:     {Name: "GETQ", A: Reg, B: Reg, C: Field_, Meaning: "like GET, but unbound where a step is missing", Fails: true},
	EXTRACT:  {Name: "EXTRACT", A: Reg, B: Reg, C: Field_, Meaning: "r[a] = what result qualifier field[c] selects in r[b]", Fails: true},
	VALUE:    {Name: "VALUE", A: Reg, B: Reg, Meaning: "r[a] = r[b], JSON text being read"},
	INDEX:    {Name: "INDEX", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b][r[c]]", Fails: true},
	OBJ:      {Name: "OBJ", A: Reg, B: Shape_, C: ShapeBase, Meaning: "r[a] = {shape[b] keys: r[c…]}"},
	LIST:     {Name: "LIST", A: Reg, B: Reg, C: Count, Meaning: "r[a] = [r[b … b+c-1]]"},
	CAT:      {Name: "CAT", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = list r[b] followed by list r[c]"},
	CONCAT:   {Name: "CONCAT", A: Reg, B: Reg, C: Count, Meaning: "r[a] = text forms of r[b … b+c-1] joined", Fails: true},
	ADD:      {Name: "ADD", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] + r[c]", Fails: true},
	ADDK:     {Name: "ADDK", A: Reg, B: Reg, C: Const_, N: Flags, Meaning: "r[a] = r[b] + k[c]; n=1: minus -k[c]", Fails: true},
	SUB:      {Name: "SUB", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] - r[c]", Fails: true},
	MUL:      {Name: "MUL", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] * r[c]", Fails: true},
	DIV:      {Name: "DIV", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] / r[c]", Fails: true},
	MOD:      {Name: "MOD", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] % r[c]", Fails: true},
	NEG:      {Name: "NEG", A: Reg, B: Reg, Meaning: "r[a] = -r[b]", Fails: true},
	NOT:      {Name: "NOT", A: Reg, B: Reg, Meaning: "r[a] = not truthy(r[b])"},
	TRUTH:    {Name: "TRUTH", A: Reg, B: Reg, Meaning: "r[a] = truthy(r[b])"},
	EQ:       {Name: "EQ", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] == r[c]"},
	NE:       {Name: "NE", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] != r[c]"},
	LT:       {Name: "LT", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] < r[c]", Fails: true},
	LE:       {Name: "LE", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] <= r[c]", Fails: true},
	GT:       {Name: "GT", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] > r[c]", Fails: true},
	GE:       {Name: "GE", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] >= r[c]", Fails: true},
	CONTAINS: {Name: "CONTAINS", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = r[b] contains r[c]"},
	MATCHES:  {Name: "MATCHES", A: Reg, B: Reg, C: Reg, Meaning: "r[a] = pattern r[c] is found in r[b]", Fails: true},
	TEST:     {Name: "TEST", A: Reg, B: Reg, C: TestCode, N: Flags, Meaning: "r[a] = r[b] is test[c]; n=1: is not"},
	SHARED:   {Name: "SHARED", A: Reg, B: Reg, C: Jump, Meaning: "r[a] = r[b] and go to c if r[b] is a boolean, else go on"},
	JMP:      {Name: "JMP", C: Jump, Meaning: "go to c", Ends: true},
	LOOP:     {Name: "LOOP", C: Jump, Meaning: "spend fuel, go back to c", Ends: true, Fails: true, Suspends: true},
	JT:       {Name: "JT", A: Reg, C: Jump, Meaning: "if truthy(r[a]) go to c"},
	JF:       {Name: "JF", A: Reg, C: Jump, Meaning: "if not truthy(r[a]) go to c"},
	JLT:      {Name: "JLT", A: Reg, B: Reg, C: Jump, N: Flags, Meaning: "unless r[a] < r[b] go to c; n=1: unless <=", Fails: true},
	JLTK:     {Name: "JLTK", A: Reg, B: Const_, C: Jump, N: Flags, Meaning: "unless r[a] < k[b] go to c; n=1: unless <=", Fails: true},
	JGE:      {Name: "JGE", A: Reg, B: Reg, C: Jump, N: Flags, Meaning: "unless r[a] >= r[b] go to c; n=1: unless >", Fails: true},
	JGEK:     {Name: "JGEK", A: Reg, B: Const_, C: Jump, N: Flags, Meaning: "unless r[a] >= k[b] go to c; n=1: unless >", Fails: true},
	JEQK:     {Name: "JEQK", A: Reg, B: Const_, C: Jump, N: Flags, Meaning: "unless r[a] == k[b] go to c; n=1: unless !="},
	MATCHK:   {Name: "MATCHK", A: Reg, B: Const_, C: Jump, Meaning: "unless case k[b] matches r[a] go to c", Fails: true},
	MATCHV:   {Name: "MATCHV", A: Reg, B: Reg, C: Jump, Meaning: "unless r[b] is bound and equal to r[a] go to c"},
	MATCHR:   {Name: "MATCHR", A: Reg, B: Const2, C: Jump, Meaning: "unless k[b] <= number r[a] <= k[b+1] go to c"},
	RANGE:    {Name: "RANGE", A: RegPair, C: Jump, Meaning: "r[a], r[a+1] = loop bounds as integers; go to c when r[a] >= r[a+1]", Fails: true},
	STEP:     {Name: "STEP", A: RegPair, B: Reg, C: Jump, Meaning: "r[a]++; if r[a] < r[a+1] { spend fuel, r[b] = r[a], go back to c }", Fails: true, Suspends: true},
	ITER:     {Name: "ITER", A: RegPair, B: Reg, Meaning: "r[a] = r[b] as a list, r[a+1] = -1"},
	NEXT:     {Name: "NEXT", A: RegPair, B: Reg, C: Jump, Meaning: "r[a+1]++; r[b] = r[a][r[a+1]], or go to c at the end"},
	ACT:      {Name: "ACT", A: OptReg, B: Site_, C: SiteBase, Meaning: "r[a] = the verb of site[b], applied to r[c…]", Fails: true, Suspends: true},
	FORK:     {Name: "FORK", A: Reg, B: OptReg, C: Jump, Meaning: "go to c; branches of the ACT before it go on here, with an item in r[a] and its position in r[b]"},
	SKIP:     {Name: "SKIP", A: Reg, N: Flags, Meaning: "end without running unless truthy(r[a]); n=1: only booleans and integers are"},
	TEXT:     {Name: "TEXT", B: Const_, Meaning: "write text k[b] to the output", Fails: true},
	PRINT:    {Name: "PRINT", A: Reg, N: Flags, Meaning: "write r[a] to the output, escaped for context n", Fails: true},
	END:      {Name: "END", Meaning: "end of the feature set", Ends: true},
	COVER:    {Name: "COVER", Meaning: "note that the statement here was reached; only in programs compiled to be measured"},
}

// Info returns the table's line for op; op must be < NumOps.
func (op Op) Info() *OpInfo { return &table[op] }

// String returns the instruction's name.
func (op Op) String() string {
	if op < NumOps {
		return table[op].Name
	}
	return "?"
}

// Test is what TEST asks.
type Test uint16

// The tests of 01 §6.5.
const (
	TestNull Test = iota
	TestEmpty
	TestDefined
	TestSuccess
	TestFailed
	TestString
	TestNumber
	TestFloat
	TestBoolean
	TestList
	TestMap
	TestDate
	TestBytes
	TestNever // unknown word: always false
	NumTests
)

var testNames = [NumTests]string{"null", "empty", "defined", "success", "failed", "string", "number",
	"float", "boolean", "list", "map", "date", "bytes", "never"}

// String returns the test's name.
func (t Test) String() string {
	if t < NumTests {
		return testNames[t]
	}
	return "?"
}

// testWords maps every word that may follow `is` to its test.
var testWords = map[string]Test{
	"success": TestSuccess, "successful": TestSuccess, "ok": TestSuccess, "valid": TestSuccess, "passed": TestSuccess,
	"failed": TestFailed, "failure": TestFailed, "invalid": TestFailed, "error": TestFailed,
	"string": TestString, "text": TestString,
	"number": TestNumber, "integer": TestNumber, "int": TestNumber,
	"float": TestFloat, "double": TestFloat,
	"boolean": TestBoolean, "bool": TestBoolean,
	"list": TestList, "array": TestList,
	"map": TestMap, "dictionary": TestMap, "object": TestMap,
	"date": TestDate, "bytes": TestBytes, "null": TestNull,
}

// TestFor returns the test for a lower-case word after `is`; false when there is
// none, in which case the test is TestNever.
func TestFor(word string) (Test, bool) {
	t, ok := testWords[word]
	if !ok {
		return TestNever, false
	}
	return t, true
}
