//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"aro/bench/internal/plot"
	"aro/bench/internal/report"
)

// print shows the report, at its end what is missed, and returns how much that is.
func (s *suite) print() int {
	fmt.Fprintf(s.out, "\n%s\n", s.report.Markdown())
	failures := s.report.Failures()
	for _, f := range failures {
		fmt.Fprintln(s.out, "MISSED:", f)
	}
	return len(failures)
}

// judgeGrowth holds the series against what is allowed today.
func (s *suite) judgeGrowth() {
	grown := map[string]float64{}
	for _, series := range s.report.Growth {
		for _, g := range growths {
			if g.ID == series.ID {
				series.Allowed, series.Why = max(g.Allowed, grown[g.Like], allowedGrowth), g.Why
				if g.Like != "" && grown[g.Like] > allowedGrowth {
					series.Why = "as a Go map"
				}
			}
		}
		series.Judge()
		grown[series.ID] = series.Growth
	}
}

// show judges a stored report by the figures of today and shows it.
func (s *suite) show(path, folder string, baseline bool) (err error) {
	if s.report, err = report.Read(path); err != nil {
		return err
	}
	s.judge()
	s.judgeGrowth()
	if s.root, err = moduleRoot(); err != nil {
		return err
	}
	if err := s.save(folder, baseline); err != nil {
		return err
	}
	s.print()
	return nil
}

// save writes the numbers and the plots, those of the baseline into bench/README.md
// as well.
func (s *suite) save(folder string, baseline bool) error {
	if folder == "" {
		folder = filepath.Join(s.root, "bench/results")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	prefixes := []string{"latest"}
	if baseline {
		prefixes = append(prefixes, "baseline")
	}
	for _, prefix := range prefixes {
		path := filepath.Join(folder, prefix)
		if err := s.report.Write(path + ".json"); err != nil {
			return err
		}
		for name, svg := range map[string]string{"-rows.svg": plot.Bars(s.report), "-growth.svg": plot.Lines(s.report.Growth)} {
			if err := os.WriteFile(path+name, []byte(svg), 0o644); err != nil {
				return err
			}
		}
	}
	if !baseline {
		return nil
	}
	page := filepath.Join(s.root, "bench/README.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	for name, table := range map[string]string{"table": s.report.Table(), "growth": s.report.GrowthTable()} {
		if text, err = between(text, name, table); err != nil {
			return err
		}
	}
	return os.WriteFile(page, text, 0o644)
}

// between replaces what stands between two comments with a name.
func between(text []byte, name, content string) ([]byte, error) {
	begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- end of "+name+" -->\n")
	before, rest, ok := bytes.Cut(text, begin)
	_, after, found := bytes.Cut(rest, end)
	if !ok || !found {
		return nil, fmt.Errorf("bench/README.md has no place for the %s", name)
	}
	return bytes.Join([][]byte{before, begin, []byte(content), end, after}, nil), nil
}
