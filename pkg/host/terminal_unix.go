//go:build linux || darwin

package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminal is the state of a terminal's line discipline.
type terminal struct{ unix.Termios }

func terminalState(f *os.File) (*terminal, error) {
	var t *unix.Termios
	err := control(f, func(fd int) (err error) {
		t, err = unix.IoctlGetTermios(fd, getTermios)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &terminal{*t}, nil
}

// withoutLines is the state that gives single keys and does not show them.
func (t *terminal) withoutLines() *terminal {
	raw := *t
	raw.Lflag &^= unix.ICANON | unix.ECHO
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	return &raw
}

func (t *terminal) set(f *os.File) error {
	return control(f, func(fd int) error { return unix.IoctlSetTermios(fd, setTermios, &t.Termios) })
}

// control runs a system call on a file without taking it out of the poller, which
// Fd would do.
func control(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = call(int(fd)) }); err != nil {
		return err
	}
	return inner
}
