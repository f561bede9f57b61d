package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/cache"
	"aro/pkg/compile"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
	"aro/pkg/vm/value"
)

// damages is how many damaged files TestDamage makes of each kind of file.
const damages = 10_000

var damagedApp = map[string]string{
	"main.aro": `(Application-Start: Damage) {
    Create the <ada> with { id: "1", name: "Ada", age: 36, tags: ["a", "b"] }.
    Store the <ada> into the <user-repository>.
    Retrieve the <user> from the <user-repository> where id = "1" and age > 30.
    Compute the <shout: uppercase> from <user: name>.
    Transform the <page> from the <template: page.html>.
    Log <page> to the <console>.
    for each <tag> in <user: tags> {
        Log "tag ${<tag>}" to the <console>.
    }
    match <shout> {
        case "ADA" { Log "matched" to the <console>. }
        otherwise { Log "not matched" to the <console>. }
    }
    Emit a <UserGreeted: event> with { name: <shout>, rounds: 3 }.
    Return an <OK: status> for the <startup>.
}
`,
	"handlers.aro": `(Count: UserGreeted Handler) {
    Extract the <rounds> from the <event: rounds>.
    Compute the <total> from <rounds> * 7 + 0.5.
    Log "${<event: name>} ${<total>}" to the <console> when <total> > 1.
}

(greet: Damage API) {
    Extract the <name> from the <pathParameters: name>.
    Return an <OK: status> with { hello: <name> }.
}

(Never: Nothing Handler) {
    Log "never" to the <console>.
}
`,
	"templates/page.html": `<p>{{ <user: name> }} is {{ <user: age> }}{{ when <user: age> > 1 { }}, grown up{{ } }}</p>`,
	"openapi.yaml": `openapi: 3.0.3
info: {title: Damage, version: "1"}
paths:
  /greet/{name}:
    post:
      operationId: greet
      parameters:
        - {name: name, in: path, required: true, schema: {type: string, minLength: 2}}
        - {name: n, in: query, schema: {type: integer, minimum: 1, maximum: 9, default: 3}}
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Greeting"}
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {type: object, required: [hello]}}}
components:
  schemas:
    Greeting:
      type: object
      required: [text]
      properties:
        text: {type: string, maxLength: 10, pattern: "^[a-z]+$"}
        mood: {enum: [good, bad]}
        next: {$ref: "#/components/schemas/Greeting"}
`,
}

// TestDamage runs applications from damaged files: entries of the cache and .aroc
// files. What is refused has to be refused in one line; what is not has to run right,
// unless somebody forged the checksums: then it is another program, which may do what
// programs may do, and neither panic nor hang.
func TestDamage(t *testing.T) {
	n := damages
	if testing.Short() {
		n /= 10
	}
	dir := writeApp(t)
	t.Run("cache", func(t *testing.T) {
		d := newDamage(t, dir)
		d.file = d.entry
		tried := 0
		d.open = func(data []byte) (*loaded, error) {
			if err := errors.Join(os.MkdirAll(filepath.Dir(d.path), 0o700), os.WriteFile(d.path, data, 0o600)); err != nil {
				t.Fatal(err)
			}
			if tried++; tried%100 == 1 { // all of load, compiling included
				return load(dir, loadOptions{})
			}
			l := &loaded{root: dir, network: aronet.New()}
			if err := l.fromCache(d.store, d.key); err != nil {
				return nil, err
			}
			l.program.Recourse(d.again)
			return l, nil
		}
		d.run(n)
	})
	t.Run("aroc", func(t *testing.T) {
		d := newDamage(t, dir)
		data, _, err := pack(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		d.file = data
		elsewhere := t.TempDir()
		d.open = func(data []byte) (*loaded, error) { return unpack(data, elsewhere) }
		d.run(n)
	})
}

// damager damages one file again and again.
type damager struct {
	*testing.T
	rand  *rand.Rand
	store *cache.Cache
	key   cache.Key
	path  string                   // of the entry
	entry []byte                   // what the cache holds
	again func() *bytecode.Program // compiles
	file  []byte                   // what is damaged
	open  func([]byte) (*loaded, error)
	want  string // what the program prints
	plan  string // what its contract says to some requests
}

func newDamage(t *testing.T, dir string) *damager {
	t.Setenv("ARO_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	d := &damager{T: t, rand: rand.New(rand.NewPCG(6, 2)), store: cache.Open("")}
	cold, err := load(dir, loadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cold.wait()
	files, _ := filepath.Glob(filepath.Join(d.store.Dir(), "*", "*.aroc"))
	if len(files) != 1 {
		t.Fatalf("%d entries in the cache", len(files))
	}
	d.path = files[0]
	if d.entry, err = os.ReadFile(d.path); err != nil {
		t.Fatal(err)
	}
	_, meta, err := bytecode.DecodeLazy(d.entry)
	if err != nil {
		t.Fatal(err)
	}
	d.key = meta.Key
	d.again = func() *bytecode.Program {
		sources, _, err := discover(dir, warn)
		if err != nil {
			t.Fatal(err)
		}
		prog, _ := sources.Compile(compile.Options{Verbs: host.Signatures(verbs())})
		return prog
	}
	d.plan = requests(cold.contract)
	d.want = d.output(cold)
	if !strings.Contains(d.want, "<p>Ada is 36, grown up</p>\n") || !strings.Contains(d.want, "ADA 21.5\n") {
		t.Fatalf("the sound program prints:\n%s", d.want)
	}
	return d
}

// output runs the program and returns what it prints, on both streams. A program that
// was forged to run for ever is told to end, as a user would.
func (d *damager) output(l *loaded) string {
	d.Helper()
	l.contract = nil // no ports: requests asks the contract itself
	var out, problems bytes.Buffer
	h, err := l.host(host.Config{Stdout: &out, Stderr: &problems, Stdin: strings.NewReader(""), WorkDir: d.TempDir()})
	if err != nil {
		return "not linked: " + err.Error()
	}
	signals := make(chan os.Signal, 1)
	ended := make(chan struct{})
	go func() {
		h.Run(signals)
		close(ended)
	}()
	patience := time.NewTimer(2 * time.Second)
	defer patience.Stop()
	for end := false; ; {
		select {
		case <-ended:
			close(signals)
			return out.String() + problems.String()
		case <-patience.C:
			if end {
				d.Fatal("the program hangs")
			}
			end = true
			signals <- syscall.SIGTERM
			patience.Reset(30 * time.Second)
		}
	}
}

// requests asks the contract about some requests.
func requests(c *contract.Contract) string {
	var b strings.Builder
	if c == nil {
		return ""
	}
	router := contract.NewRouter(c)
	for _, path := range []string{"/greet/Ada", "/greet/x", "/nothing"} {
		m := router.Match("POST", path)
		op := m.Operation
		if op == nil {
			fmt.Fprintln(&b, path, "no operation")
			continue
		}
		params := op.PathParameters(&m)
		fmt.Fprintln(&b, op.ID, params.Text(), op.CheckParameters(contract.InPath, params))
		for _, query := range []string{"", "n=4", "n=40", "n=x"} {
			v, f := op.QueryParameters(query)
			fmt.Fprintln(&b, query, v.Text(), f)
		}
		for _, body := range []string{`{"text":"hi"}`, `{"text":"HI","mood":"odd"}`, `{"next":{"text":""}}`} {
			v, _, f := op.DecodeBody("application/json", []byte(body))
			if f == nil {
				v, f = op.CheckBody("application/json", []byte(body), v)
			}
			fmt.Fprintln(&b, v.Text(), f)
		}
		fmt.Fprintln(&b, op.CheckResponse(200, value.EmptyMap))
	}
	return b.String()
}

func (d *damager) run(n int) {
	refused, ran, other := 0, 0, 0
	for i := range n {
		bad, forged, how := d.damaged(i)
		l, err := d.open(bad)
		if err != nil {
			refused++
			if text := err.Error(); text == "" || strings.ContainsAny(text, "\n\r") || len(text) > 500 {
				d.Fatalf("damage %d (%s) is refused with %q", i, how, text)
			}
			continue
		}
		l.wait()
		if anew := l.written != nil; !anew && !forged && !bytes.Equal(bad, d.file) {
			d.Fatalf("damage %d (%s) is not noticed", i, how)
		}
		plan := requests(l.contract)
		got := d.output(l)
		switch {
		case got == d.want && plan == d.plan:
			ran++
		case forged && !strings.Contains(got, "goroutine ") && !strings.Contains(got, "runtime error"):
			other++
		default:
			d.Fatalf("damage %d (%s) prints\n%s%s\nand not\n%s%s", i, how, got, plan, d.want, d.plan)
		}
	}
	d.Logf("%d damages: %d refused, %d ran right, %d were other programs with forged checksums", n, refused, ran, other)
	if refused < n/4 {
		d.Errorf("only %d of %d damages were noticed", refused, n)
	}
}

// damaged returns the file with the i-th damage. Only forged ones have checksums that
// fit.
func (d *damager) damaged(i int) (bad []byte, forged bool, how string) {
	r := d.rand
	bad = bytes.Clone(d.file)
	piece := func() (from, to int) {
		from = r.IntN(len(bad))
		return from, from + 1 + r.IntN(min(64, len(bad)-from))
	}
	switch i % 8 {
	case 0:
		return bad[:r.IntN(len(bad))], false, "cut off"
	case 1:
		for range 1 + r.IntN(4) {
			bit := r.IntN(8 * len(bad))
			bad[bit/8] ^= 1 << (bit % 8)
		}
		return bad, false, "bits flipped"
	case 2:
		from, to := piece()
		for j := from; j < to; j++ {
			bad[j] = byte(r.Uint32())
		}
		return bad, false, "noise"
	case 3: // a piece of the same file, or of nothing, in another place
		from, to := piece()
		copy(bad[r.IntN(len(bad)):], d.file[from:to])
		return bad, false, "spliced"
	case 4:
		from, to := piece()
		return append(bad[:from], bad[to:]...), false, "a piece missing"
	}
	// Forged: the checksums fit, whatever the content is.
	const header = 64
	switch i % 8 {
	case 5:
		at := header + r.IntN(len(bad)-header)
		bad[at] ^= 1 << r.IntN(8)
	case 6:
		from, to := piece()
		for j := max(from, header); j < to; j++ {
			bad[j] = byte(r.IntN(300)) // small numbers are operands and lengths
		}
	case 7:
		from, to := piece()
		copy(bad[header+r.IntN(len(bad)-header):], d.file[from:to])
	}
	binary.LittleEndian.PutUint64(bad[40:], uint64(len(bad)-header))
	binary.LittleEndian.PutUint32(bad[48:], crc32.ChecksumIEEE(bad[header:]))
	binary.LittleEndian.PutUint32(bad[60:], crc32.ChecksumIEEE(bad[:60]))
	return bad, true, "forged"
}
