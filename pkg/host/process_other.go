//go:build !unix

package host

func readProcess() (p processMetrics) { return p }
