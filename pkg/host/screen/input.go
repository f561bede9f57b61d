package screen

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Input is where keys come from. The zero value is ready to use.
type Input struct {
	mu     sync.Mutex
	fd     int
	before *term.State // the state to go back to while a hidden line is read
}

// IsTerminal reports whether r is a terminal.
func IsTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Hidden reads a line that the terminal does not show; r must be a terminal. At
// the end of the input the line is empty.
func (i *Input) Hidden(r io.Reader) (string, error) {
	fd := int(r.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	i.mu.Lock()
	i.fd, i.before = fd, before
	i.mu.Unlock()
	line, err := term.ReadPassword(fd)
	i.mu.Lock()
	i.before = nil
	i.mu.Unlock()
	if err == io.EOF {
		err = nil
	}
	return string(line), err
}

// Restore gives the terminal back as it was if a hidden line is being read. The
// process may end while it waits.
func (i *Input) Restore() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.before != nil {
		term.Restore(i.fd, i.before)
		i.before = nil
	}
}
