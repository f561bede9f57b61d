//go:build race

package hostile_test

func init() { raceEnabled = true }
