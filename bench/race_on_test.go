//go:build race

package main

// raceEnabled: the race detector makes sync.Pool forget at random, so allocations
// cannot be counted under it.
const raceEnabled = true
