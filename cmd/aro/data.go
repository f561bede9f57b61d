package main

import (
	"fmt"
	"os"

	"aro/pkg/store/durable"
)

// openData opens the data folder of a run; nil without one.
func (o *runOptions) openData() (*durable.Engine, error) {
	dir := o.data
	if dir == "" {
		dir = os.Getenv("ARO_DATA")
	}
	if dir == "" {
		return nil, nil
	}
	e, err := durable.Open(dir, durable.Options{Warn: func(err error) { fmt.Fprintf(os.Stderr, "[WARNING] %s\n", err) }})
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	return e, nil
}
