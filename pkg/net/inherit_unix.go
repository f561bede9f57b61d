//go:build unix

package aronet

import "syscall"

// keepFromChildren makes sure that commands that a program runs do not hold the
// socket open.
func keepFromChildren(fd uintptr) { syscall.CloseOnExec(int(fd)) }
