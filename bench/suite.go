//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"aro/bench/internal/report"
)

// suite is one run: what is wanted, what was built, what was found out.
type suite struct {
	programs
	out    io.Writer // progress
	report *report.Report

	only  []string // rows or groups of them; empty: all
	peers []string // in lower case; empty: all
	reps  int
	quick bool
	group string    // that is measured
	until time.Time // when the group that is measured should not begin another round
}

// group is a part of the suite whose rows are measured together. Its share is how
// long it may take before it begins no further round; all together are 17 minutes.
type group struct {
	name  string
	rows  []string // prefixes of the ids of its rows
	share time.Duration
	run   func(*suite) error
}

var groups = []group{
	{"engines", []string{"handler", "loop", "hostcall", "compile", "load"}, 180 * time.Second, (*suite).engines},
	{"json", []string{"json-"}, 45 * time.Second, (*suite).json},
	{"start", []string{"start-"}, 60 * time.Second, (*suite).starts},
	{"http", []string{"http-", "memory-"}, 270 * time.Second, (*suite).http},
	{"broadcast", []string{"broadcast-"}, 150 * time.Second, (*suite).broadcast},
	{"tcp", []string{"tcp-"}, 120 * time.Second, (*suite).tcp},
	{"scale", []string{"scale-"}, 30 * time.Second, (*suite).scale},
	{"disk", []string{"disk-"}, 60 * time.Second, (*suite).disk},
	{"growth", nil, 180 * time.Second, (*suite).growth},
}

// wants says whether a group is measured: all are, unless some were named, by
// their own name or that of one of their rows.
func (s *suite) wants(g group) bool {
	if len(s.only) == 0 {
		return true
	}
	return slices.ContainsFunc(s.only, func(name string) bool {
		return name == g.name || slices.ContainsFunc(g.rows, func(prefix string) bool {
			return name != "" && (strings.HasPrefix(name, prefix) || name+"-" == prefix)
		})
	})
}

func (s *suite) anyGroup(names ...string) bool {
	for _, g := range groups {
		if slices.Contains(names, g.name) && s.wants(g) {
			return true
		}
	}
	return false
}

// anyPeer says whether one of them is wanted.
func (s *suite) anyPeer(names ...string) bool {
	return len(s.peers) == 0 || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(s.peers, key(n)) })
}

// key is a peer's name as it is written in the flag.
func key(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }

func (s *suite) skip(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.group != "" {
		text = s.group + ": " + text
	}
	if !slices.Contains(s.report.Skipped, text) {
		s.report.Skipped = append(s.report.Skipped, text)
		fmt.Fprintln(s.out, "skipped:", text)
	}
}

// length is how long a server is put under load for one value.
func (s *suite) length() time.Duration {
	if s.quick {
		return 300 * time.Millisecond
	}
	return 2 * time.Second
}

// rounds counts the repetitions, fewer than are wanted when the machine is so busy
// that the group has used up its share of the suite's time.
func (s *suite) rounds(yield func(int) bool) {
	for i := range s.reps {
		if i > 0 && time.Now().After(s.until) {
			s.skip("round %d of %d and later ones: the machine is too busy for them", i+1, s.reps)
			return
		}
		if !yield(i) {
			return
		}
	}
}

// add adds a value to a row. Rows of the table exist from the beginning.
func (s *suite) add(row, who string, value, other float64) *report.Cell {
	c := s.report.Row(row).Cell(who)
	c.Values = append(c.Values, value)
	c.Other = append(c.Other, other)
	return c
}

// run measures everything that is wanted. What could be measured is in the report
// even if there is an error.
func (s *suite) run() (failed error) {
	for _, f := range figures {
		row := &report.Row{ID: f.id, What: f.what, Unit: f.unit}
		row.Cell(report.Us)
		s.report.Rows = append(s.report.Rows, row)
	}
	for _, g := range groups {
		if !s.wants(g) {
			continue
		}
		began := time.Now()
		s.group, s.until = g.name, began.Add(g.share)
		fmt.Fprintf(s.out, "%s …", g.name)
		if err := g.run(s); err != nil {
			// The other groups are worth having all the same.
			failed = errors.Join(failed, fmt.Errorf("%s: %w", g.name, err))
			s.skip("%v", err)
		}
		fmt.Fprintf(s.out, " %.0f s\n", time.Since(began).Seconds())
	}
	s.judge()
	return failed
}

// judge compares every row with its figure, and drops those that were not wanted.
func (s *suite) judge() {
	s.report.Rows = slices.DeleteFunc(s.report.Rows, func(r *report.Row) bool { return r.Find(report.Us) == nil })
	for _, f := range figures {
		if row := s.report.Row(f.id); row != nil {
			row.What, row.Unit = f.what, f.unit
			for who, v := range f.quoted {
				if c := row.Find(who); c != nil {
					c.Quoted = v
				}
			}
		}
	}
	slow := s.report.Slowness()
	for _, f := range figures {
		if row := s.report.Row(f.id); row != nil && f.goal != nil {
			row.Judge(*f.goal, slow)
		}
	}
}
