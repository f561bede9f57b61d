//go:build !linux && !darwin

package host

import (
	"errors"
	"os"
)

type terminal struct{}

func terminalState(*os.File) (*terminal, error) {
	return nil, errors.New("single keys cannot be read on this system")
}

func (t *terminal) withoutLines() *terminal { return t }

func (t *terminal) set(*os.File) error { return nil }
