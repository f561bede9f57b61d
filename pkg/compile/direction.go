package compile

import (
	"bytes"
	"fmt"

	"aro/pkg/syntax"
)

// checkDirection warns of characters that turn the direction of writing around:
// with them a line reads in an editor as another program than the one that runs,
// so that a reviewer approves what is not there (05 P08). One warning a line, and
// no exception for texts and comments, which is where they are put; a text that
// needs one can say so with an escape.
func (p *program) checkDirection(f *syntax.File) {
	end := 0 // of the line that was warned of
	for i := 0; i < len(f.Src); {
		n := bytes.IndexByte(f.Src[i:], 0xE2)
		if n < 0 {
			return
		}
		i += n
		r := syntax.Override(f.Src[i:])
		if r == 0 || i < end {
			i++
			continue
		}
		p.report(f, syntax.Span{Start: syntax.Pos(i), End: syntax.Pos(i + 3)}, syntax.Warning, "ARO-L5",
			fmt.Sprintf("Character U+%04X turns the direction of writing: the line reads as another one than runs", r),
			fmt.Sprintf("Delete it; in a text write \\u{%04X}", r))
		if end = bytes.IndexByte(f.Src[i:], '\n'); end < 0 {
			return
		}
		end += i
		i = end
	}
}
