//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: the suite needs Linux: it binds processes to cores and reads /proc.\nThe benchmarks alone run everywhere: go test ./bench -run '^$' -bench .")
	os.Exit(1)
}
