package bytecode

import "slices"

// Relays reports whether a run of the chunk leaves nothing behind of what its entry names
// hold but what it gives to verbs, all of which are among those given: straight code that
// reads properties of what it was given, puts values together and passes them to verbs.
// Texts that are properties are not looked into. The chunk must be loaded.
//
// Who is sure that these verbs keep nothing can lend the run what must not be kept.
func (c *Chunk) Relays(verbs ...string) bool {
	given := make([]bool, c.MaxRegs) // what the register holds is from outside as it came
	for _, l := range c.Entry {
		given[l.Reg] = true
	}
	for i := range c.Code {
		ins := &c.Code[i]
		switch ins.Op {
		case MOVE, NAME, NAMEQ:
			given[ins.A] = given[ins.B]
		case GET, GETQ:
			if !given[ins.B] || len(c.Fields[ins.C].Path) != 1 {
				return false
			}
			given[ins.A] = false
		case CONST, ENV, ENVQ, OBJ, LIST, CONCAT:
			given[ins.A] = false
		case UNSET:
			clear(given[ins.A : int(ins.A)+int(ins.B)])
		case ACT:
			if !slices.Contains(verbs, c.Sites[ins.B].Verb) {
				return false
			}
			if ins.A != NoReg {
				given[ins.A] = false
			}
		case SKIP, COVER, END:
		default:
			return false
		}
	}
	return true
}
