package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime/debug"
)

// readBuildInfo finds in an executable what the Go linker wrote about its making.
// debug/buildinfo does the same by way of four formats of executables, for which it
// brings 250 kB of readers into every application that aro builds; what it looks for
// can be found in the bytes. They begin with a mark, the size of a pointer and flags,
// then come the version of Go and the module's lines, each after its length as a
// varint, the lines between two marks of 16 bytes.
func readBuildInfo(exe []byte) (*debug.BuildInfo, error) {
	// In two parts, so that the mark is not found here.
	mark := append([]byte("\xff Go "), "buildinf:"...)
	const inline = 2 // the flag of the form described above, that of Go 1.18 and later
	for {
		i := bytes.Index(exe, mark)
		if i < 0 {
			return nil, errors.New("it is no executable made by Go")
		}
		exe = exe[i:]
		if len(exe) > 32 && exe[15]&inline != 0 {
			version, rest := counted(exe[32:])
			lines, _ := counted(rest)
			if bytes.HasPrefix(version, []byte("go")) || bytes.HasPrefix(version, []byte("devel")) {
				if n := len(lines); n >= 33 && lines[n-17] == '\n' {
					lines = lines[16 : n-16]
				} else {
					lines = nil
				}
				if info, err := debug.ParseBuildInfo(string(lines)); err == nil {
					info.GoVersion = string(version)
					return info, nil
				}
			}
		}
		exe = exe[len(mark):]
	}
}

// counted splits off bytes that come after their number; nil if there are fewer.
func counted(b []byte) (part, rest []byte) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil
	}
	return b[size:][:n], b[size:][n:]
}
