//go:build linux

package main

import (
	"path/filepath"
	"strings"
)

// disk measures how many rows are durable in a second, beside stores that people
// would take otherwise. Its figures are multiples of what the disk itself does: a
// file that is synced after each of the same writes, on both rows.
func (s *suite) disk() error {
	time := "1s"
	if s.quick {
		time = "50ms"
	}
	for range s.rounds {
		for _, p := range [][2]string{{"bench", "aro.test"}, {"bench/peers/go/disk", "disk.test"}} {
			if s.have[p[1]] == "" {
				continue
			}
			found, other, err := s.bench(true, filepath.Join(s.root, p[0]), s.have[p[1]],
				"-test.run", "^$", "-test.bench", "^BenchmarkDisk$", "-test.benchtime", time)
			if err != nil {
				return err
			}
			for name, m := range found {
				writers, who, _ := strings.Cut(strings.TrimPrefix(name, "Disk/"), "/")
				who, _, _ = strings.Cut(who, "-") // the number of cores
				if who != "aro" && who != fsync && !s.anyPeer(who) {
					continue
				}
				s.add("disk-"+writers, who, m["stores/s"], other)
				if who == fsync {
					s.add("disk-64", who, m["stores/s"], other)
				}
			}
		}
	}
	return nil
}
