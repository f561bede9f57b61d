package bytecode

import "slices"

// eachWindow calls use for every run of n registers from first on that ins reads
// or writes, as its operand kinds say. ins.Op must be known; shapes and sites that
// do not exist are left out.
func eachWindow(c *Chunk, ins *Ins, use func(first uint16, n int)) {
	kinds := ins.Op.Info().operands()
	values := [4]uint16{ins.A, ins.B, ins.C, uint16(ins.N)}
	for i, kind := range kinds {
		x := values[i]
		switch kind {
		case Reg:
			if i+1 == len(kinds) || kinds[i+1] != Count { // else the window comes with its size
				use(x, 1)
			}
		case OptReg:
			if x != NoReg {
				use(x, 1)
			}
		case RegPair:
			use(x, 2)
		case Count:
			use(values[i-1], int(x))
		case ShapeBase:
			if s := values[slices.Index(kinds[:], Shape_)]; int(s) < len(c.Shapes) {
				use(x, len(c.Shapes[s]))
			}
		case SiteBase:
			if s := values[slices.Index(kinds[:], Site_)]; int(s) < len(c.Sites) {
				use(x, len(c.Sites[s].Args))
			}
		}
	}
}
