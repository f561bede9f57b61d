package main

import (
	"errors"
	"fmt"
	"os"
)

// exitError ends the process with a code after its message, if any, was printed.
type exitError struct {
	code int
	msg  string
}

func (e *exitError) Error() string { return e.msg }

// exitCode prints an error and returns the exit code that it stands for.
func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.msg != "" {
			fmt.Println(exit.msg)
		}
		return exit.code
	}
	fmt.Fprintf(os.Stderr, "Error: %s\nRun 'aro --help' for usage.\n", err)
	return 64
}
