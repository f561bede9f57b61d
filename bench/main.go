//go:build linux

// bench measures what a program in ARO pays for, beside others that do the same in
// the same run, and says which figures are reached.
//
//	go run ./bench             everything, in less than 20 minutes
//	go run ./bench -quick      a look, in less than two
//	go run ./bench -only http  some rows
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"aro/bench/internal/report"
	"aro/bench/internal/server"
)

func main() {
	if err := command(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command is main for a command line.
func command(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "short measurements, made once, in small worlds: shows that it works, and little else")
	only := flags.String("only", "", "rows or groups, separated by commas: engines, json, start, http, broadcast, tcp, scale, disk, growth; handler, http-page …")
	peers := flags.String("peers", "", "peers, separated by commas: go, limit, fastify, lua-5.4 …; none: aro alone")
	reps := flags.Int("reps", 0, "how often everything is measured (default 3)")
	results := flags.String("results", "", "folder for latest.json and plots (default bench/results)")
	failing := flags.Bool("fail", false, "end with status 1 when a figure is missed")
	keep := flags.Bool("baseline", false, "write baseline.json as well, and the tables and plots of bench/README.md")
	show := flags.String("show", "", "measure nothing: judge and show a report that was written before")
	slower := flags.String("slower", "", "measure nothing: `before.txt,after.txt`, two outputs of go test -bench; status 1 when a benchmark takes a tenth more than before")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *slower != "" {
		return compare(out, *slower)
	}
	s := &suite{out: out, quick: *quick, reps: *reps, only: list(*only), peers: list(strings.ToLower(*peers)),
		report: &report.Report{At: time.Now().UTC().Truncate(time.Second), Machine: report.ThisMachine(), Quick: *quick}}
	if s.reps < 1 {
		s.reps = 3
		if s.quick {
			s.reps = 1
		}
	}
	if unknown := s.unknown(); unknown != "" {
		return fmt.Errorf("there is no row or group %q; -h lists them", unknown)
	}
	if *show != "" {
		return s.show(*show, *results, *keep)
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		server.StopAll()
		os.RemoveAll(s.dir)
		os.Exit(130)
	}()
	server.SetPatience(4 * time.Minute)
	if s.quick {
		server.SetPatience(0)
	}
	fmt.Fprint(out, "build …")
	err := s.build()
	defer os.RemoveAll(s.dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, " %.0f s\n", time.Since(s.report.At).Seconds())
	failed := s.run()
	s.report.Took = time.Since(s.report.At).Round(time.Second).Seconds()
	if err := s.save(*results, *keep); err != nil {
		return errors.Join(failed, err)
	}
	if missed := s.print(); failed == nil && *failing && missed > 0 {
		return fmt.Errorf("%d figures missed", missed)
	}
	return failed
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// unknown returns a name in -only that stands for nothing.
func (s *suite) unknown() string {
	for _, name := range s.only {
		one := suite{only: []string{name}}
		known := false
		for _, g := range groups {
			known = known || one.wants(g)
		}
		if !known {
			return name
		}
	}
	return ""
}

// compare is -slower.
func compare(out io.Writer, files string) error {
	before, after, _ := strings.Cut(files, ",")
	was, err := os.Open(before)
	if err != nil {
		return err
	}
	defer was.Close()
	is, err := os.Open(after)
	if err != nil {
		return err
	}
	defer is.Close()
	slower, both, err := report.Slower(was, is, 0.1)
	if err != nil {
		return err
	}
	if both == 0 {
		return errors.New("no benchmark is in both files")
	}
	for _, line := range slower {
		fmt.Fprintln(out, line)
	}
	if len(slower) > 0 {
		return fmt.Errorf("%d of %d benchmarks take a tenth more than before", len(slower), both)
	}
	fmt.Fprintf(out, "none of %d benchmarks takes a tenth more than before\n", both)
	return nil
}
