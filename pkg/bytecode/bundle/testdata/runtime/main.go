// Command runtime is the smallest program that an application can be built into.
package main

import (
	"fmt"

	"aro/pkg/bytecode/bundle"
)

func main() {
	data, err := bundle.Own()
	fmt.Printf("%t %q %v\n", bundle.Built(), data, err)
}
