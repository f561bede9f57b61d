//go:build runtime

// Command aro, built with the tag runtime, is what aro build puts applications
// into: it runs the program in its own file and knows no other. It has neither the
// tools nor the reader of contracts, which is half of aro's size.
package main

import (
	"fmt"
	"os"

	"aro/pkg/bytecode/bundle"
)

func main() {
	if !bundle.Built() {
		fmt.Fprintln(os.Stderr, "Error: this is the runtime that aro build puts applications into; there is none in it yet: aro build PATH")
		os.Exit(64)
	}
	os.Exit(runBuilt(os.Args[1:]))
}
