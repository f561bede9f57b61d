//go:build linux

package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aro/bench/internal/report"
)

// TestSuite runs the whole suite in small, beside the peers written in Go: every
// row gets its value and its verdict. Whether a figure is reached is not asked.
func TestSuite(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("builds and runs servers for a minute")
	}
	dir := t.TempDir()
	var out bytes.Buffer
	if err := command([]string{"-quick", "-peers", "go,limit,raw-frames,expr", "-results", dir}, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	r, err := report.Read(filepath.Join(dir, "latest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Skipped) > 0 {
		t.Error("skipped:", r.Skipped)
	}
	for _, f := range figures {
		row := r.Row(f.id)
		if row == nil {
			if !strings.HasPrefix(f.id, "scale-") { // one core
				t.Errorf("%s was not measured", f.id)
			}
			continue
		}
		if v := row.Find(report.Us).Median(); v <= 0 {
			t.Errorf("%s: %v %s", f.id, v, f.unit)
		}
		if f.goal != nil && row.Verdict != report.Reached && row.Verdict != report.Missed {
			t.Errorf("%s: verdict %q", f.id, row.Verdict)
		}
		if !strings.Contains(out.String(), f.what) {
			t.Errorf("the output does not show %q", f.what)
		}
	}
	for _, who := range []string{"http-list Go", "http-list limit", "broadcast-8 raw frames", "handler expr", "tcp-pipelined Go", "start-cold limit"} {
		id, peer, _ := strings.Cut(who, " ")
		if r.Row(id).Find(peer) == nil {
			t.Errorf("%s has no %s", id, peer)
		}
	}
	if slices.ContainsFunc(r.Rows, func(r *report.Row) bool { return r.Find(fastify) != nil }) {
		t.Error("a peer was measured that is not in -peers")
	}
	if len(r.Growth) != len(growths) {
		t.Errorf("%d series of growth, want %d", len(r.Growth), len(growths))
	}
	for _, g := range r.Growth {
		if len(g.Points) < 2 {
			t.Errorf("%s has %d sizes", g.ID, len(g.Points))
		}
	}
	again := filepath.Join(dir, "again")
	var shown bytes.Buffer
	if err := command([]string{"-show", filepath.Join(dir, "latest.json"), "-results", again}, &shown); err != nil {
		t.Error(err)
	} else if _, table, _ := strings.Cut(out.String(), "| what |"); !strings.Contains(shown.String(), table) {
		t.Errorf("-show shows something else:\n%s", &shown)
	}
	for _, name := range []string{"latest-rows.svg", "latest-growth.svg"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		dec, n := xml.NewDecoder(f), 0
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n++
		}
		if n < 100 {
			t.Errorf("%s has only %d parts", name, n)
		}
	}
}

func TestOnly(t *testing.T) {
	for only, want := range map[string]string{
		"http":         "http",
		"http-page":    "http",
		"memory":       "http",
		"handler":      "engines",
		"json":         "json",
		"growth":       "growth",
		"tcp,handler":  "engines tcp",
		"start-cold":   "start",
		"broadcast-8":  "broadcast",
		"scale-emit":   "scale",
		"json-decode,": "json",
	} {
		s := suite{only: list(only)}
		var got []string
		for _, g := range groups {
			if s.wants(g) {
				got = append(got, g.name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("-only %s measures %q, want %q", only, got, want)
		}
	}
	if err := command([]string{"-only", "htpp"}, io.Discard); err == nil || !strings.Contains(err.Error(), `"htpp"`) {
		t.Errorf("an unknown row gives %v", err)
	}
}

func TestBetween(t *testing.T) {
	page := "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
	got, err := between([]byte(page), "x", "new\n")
	if want := "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := between([]byte(page), "y", ""); err == nil {
		t.Error("a place that is not there is filled")
	}
}

func TestParseBench(t *testing.T) {
	got := parseBench(`goos: linux
BenchmarkHandler-2   	   65412	       875.2 ns/op	       719.4 cpu-ns/op	     160 B/op	       2 allocs/op
BenchmarkLoad/all     	      40	   3117434 ns/op
--- FAIL: BenchmarkX
PASS
`)
	if len(got) != 2 || got["Handler-2"]["cpu-ns/op"] != 719.4 || got["Handler-2"]["allocs/op"] != 2 || got["Load/all"]["ns/op"] != 3117434 {
		t.Error(got)
	}
}

// TestEveryRow: each figure belongs to a group that measures it, and each
// benchmark of ours to a figure.
func TestEveryRow(t *testing.T) {
	for _, f := range figures {
		if !slices.ContainsFunc(groups, func(g group) bool {
			return slices.ContainsFunc(g.rows, func(prefix string) bool { return strings.HasPrefix(f.id, prefix) })
		}) {
			t.Errorf("no group measures %s", f.id)
		}
	}
	known := func(id string) bool { return slices.ContainsFunc(figures, func(f figure) bool { return f.id == id }) }
	for _, b := range ours {
		if !known(b.row) {
			t.Errorf("%s belongs to %s, which is no row", b.name, b.row)
		}
	}
	for name, b := range engineRows {
		if !known(b.row) {
			t.Errorf("%s belongs to %s, which is no row", name, b.row)
		}
	}
}
