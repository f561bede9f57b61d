// Command fuzz runs every fuzz target of the module, one after the other or several at
// once, and keeps what they learn: testdata/corpus/NAME.tar.gz beside each target holds
// the inputs that reached something new, so that another machine goes on from there.
//
//	go run ./cmd/fuzz -for 10m -jobs 2
//	go run ./cmd/fuzz -for 1m -only 'pkg/syntax'
//	go run ./cmd/fuzz -for 0                        (only keeps what was learnt otherwise)
//
// An input that fails is where Go puts it, in testdata/fuzz/NAME, and is tried by every
// go test from then on.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	log.SetFlags(0)
	length := flag.Duration("for", time.Minute, "how long each target is fuzzed; 0 for not at all")
	jobs := flag.Int("jobs", 1, "how many `targets` are fuzzed at once, each on one core")
	only := flag.String("only", "", "`pattern` of the targets, as in pkg/syntax FuzzParse")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal("fuzz: ", err)
	}
	all, err := targets(".")
	if err != nil {
		log.Fatal("fuzz: ", err)
	}
	cache, err := cacheOf()
	if err != nil {
		log.Fatal("fuzz: ", err)
	}
	var todo []target
	for _, t := range all {
		if pattern.MatchString(t.String()) {
			todo = append(todo, t)
		}
	}
	if len(todo) == 0 {
		log.Fatalf("fuzz: no target is called %q", *only)
	}
	var running sync.WaitGroup
	var failed atomic.Bool
	next := make(chan target)
	for range max(*jobs, 1) {
		running.Go(func() {
			for t := range next {
				if err := t.fuzz(cache, *length); err != nil {
					log.Printf("FAIL %s: %v", t, err)
					failed.Store(true)
				}
			}
		})
	}
	for _, t := range todo {
		next <- t
	}
	close(next)
	running.Wait()
	if failed.Load() {
		os.Exit(1)
	}
}

// target is one function, by the folder of its package.
type target struct{ dir, name string }

func (t target) String() string { return t.dir + " " + t.name }

var declared = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// targets finds the targets in the tests below root, sorted.
func targets(root string) (list []target, err error) {
	err = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name := e.Name(); path != root && (name == "testdata" || strings.HasPrefix(name, ".") || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			list = append(list, target{filepath.ToSlash(filepath.Dir(path)), m[1]})
		}
		return nil
	})
	return list, err
}

// cacheOf is the folder in which Go keeps what the module's targets have learnt.
func cacheOf() (string, error) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return "", err
	}
	module, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		return "", err
	}
	return filepath.Join(strings.TrimSpace(string(cache)), "fuzz", filepath.FromSlash(strings.TrimSpace(string(module)))), nil
}

var executed = regexp.MustCompile(`execs: (\d+)`)

// fuzz fuzzes a target from what was kept of it, and keeps what it has learnt.
func (t target) fuzz(cache string, length time.Duration) error {
	learnt := filepath.Join(cache, filepath.FromSlash(t.dir), t.name)
	kept := filepath.Join(filepath.FromSlash(t.dir), "testdata", "corpus", t.name+".tar.gz")
	if err := unpack(kept, learnt); err != nil {
		return err
	}
	inputs := "0"
	if length > 0 {
		out, err := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", length.String(), "-parallel", "1", "./"+t.dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		if m := executed.FindAllSubmatch(out, -1); m != nil {
			inputs = string(m[len(m)-1][1])
		}
	}
	n, err := pack(learnt, kept)
	if err != nil {
		return err
	}
	log.Printf("ok   %s: %v, %s inputs, %d kept", t, length, inputs, n)
	return nil
}
