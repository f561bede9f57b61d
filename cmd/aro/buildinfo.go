//go:build !runtime

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime/debug"
)

var errNoBuildInfo = errors.New("it has no Go build information")

// buildInfo reads what the Go linker left in an executable, of any platform: 32
// bytes that begin with a mark, then the version of Go and the build's settings, each
// behind its length. debug/buildinfo finds the mark through the section tables of
// every format there is, which would be 300 KB of aro.
func buildInfo(exe []byte) (*debug.BuildInfo, error) {
	mark := []byte("\xff Go build" + "inf:") // in two: this program is no place to find it
	const align, header, inline, frame = 16, 32, 2, 16
	for at := 0; ; {
		i := bytes.Index(exe[at:], mark)
		if i < 0 {
			return nil, errNoBuildInfo
		}
		at += i
		if at%align != 0 || at+header > len(exe) || exe[at+15]&inline == 0 {
			at++
			continue
		}
		rest := exe[at+header:]
		goVersion, rest, ok := lengthed(rest)
		settings, _, ok2 := lengthed(rest)
		if !ok || !ok2 || len(settings) < 2*frame {
			at++
			continue
		}
		info, err := debug.ParseBuildInfo(string(settings[frame : len(settings)-frame]))
		if err != nil {
			return nil, errNoBuildInfo
		}
		info.GoVersion = string(goVersion)
		return info, nil
	}
}

// lengthed takes a text behind its length off b.
func lengthed(b []byte) (text, rest []byte, ok bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	return b[k : k+int(n)], b[k+int(n):], true
}
