// bigscript writes the script that is compiled for interpreters outside Go.
//
//	bigscript lua > big.lua
package main

import (
	"log"
	"os"

	"peers/engines/source"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bigscript lua|py")
	}
	os.Stdout.WriteString(source.Script(os.Args[1]))
}
