//go:build race

package examples_test

// With -race the command under test is built with the race detector too.
func init() { raceEnabled = true }
