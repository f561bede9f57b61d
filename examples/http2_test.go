package examples_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"aro/examples/internal/aroproc"
)

// TestH2Spec runs the conformance suite of HTTP/2: no worse than net/http, which
// passes 140 of 145.
func TestH2Spec(t *testing.T) {
	t.Parallel()
	bin := os.Getenv("H2SPEC")
	if bin == "" {
		var err error
		if bin, err = exec.LookPath("h2spec"); err != nil {
			if onCI() {
				t.Fatal(err)
			}
			t.Skip("needs h2spec: go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible")
		}
	}
	p := target(t)
	out, _ := exec.Command(bin, "-h", "127.0.0.1", "-p", strconv.Itoa(p.Port), "-P", "/echo", "-o", "5").CombinedOutput() // fails with the few
	m := regexp.MustCompile(`(\d+) tests, (\d+) passed`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s", out)
	}
	total, _ := strconv.Atoi(string(m[1]))
	passed, _ := strconv.Atoi(string(m[2]))
	t.Logf("%d of %d", passed, total)
	if total < 145 || passed < 140 {
		t.Errorf("%d of %d pass, want 140 of 145\n%s", passed, total, out)
	}
	alive(t, p)
}

// frames is an HTTP/2 connection that sends what it likes.
type frames struct {
	*http2.Framer
	c      *tcpConn
	head   bytes.Buffer
	block  []byte
	stream uint32
}

func dialFrames(t *testing.T, p *aroproc.Process) *frames {
	t.Helper()
	f := &frames{c: dialTCP(t, p.HTTP), stream: 1}
	f.c.SetDeadline(time.Now().Add(aroproc.Patience))
	f.Framer = http2.NewFramer(f.c, f.c.r)
	io.WriteString(f.c, http2.ClientPreface)
	f.WriteSettings()
	enc := hpack.NewEncoder(&f.head)
	for _, h := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/echo"}} {
		enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	f.block = bytes.Clone(f.head.Bytes())
	go io.Copy(io.Discard, f.c.r)
	return f
}

// cpuTime is what the process has used of processors.
func cpuTime(t *testing.T, p *aroproc.Process) time.Duration {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// TestH07_HTTP2Floods: frames that cost the sender little cost us little, whether
// the connection is ended for them or not.
func TestH07_HTTP2Floods(t *testing.T) {
	t.Parallel()
	const long = 2 * time.Second
	for name, flood := range map[string]func(f *frames) error{
		// CVE-2023-44487
		"rapid reset": func(f *frames) error {
			err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: f.stream, BlockFragment: f.block, EndStream: true, EndHeaders: true})
			if err == nil {
				err = f.WriteRSTStream(f.stream, http2.ErrCodeCancel)
			}
			f.stream += 2
			return err
		},
		// CVE-2023-45288
		"CONTINUATION": func(f *frames) error {
			if f.stream == 1 {
				f.stream = 3
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.block, EndStream: true})
			}
			var b bytes.Buffer
			hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: "x-flood", Value: strings.Repeat("a", 8<<10), Sensitive: true})
			return f.WriteContinuation(1, false, b.Bytes())
		},
		"settings": func(f *frames) error { return f.WriteSettings() },
		"ping":     func(f *frames) error { return f.WritePing(false, [8]byte{}) },
	} {
		t.Run(name, func(t *testing.T) {
			p := target(t)
			alive(t, p)
			memoryBefore, cpuBefore := memory(t, p), cpuTime(t, p)
			begun := time.Now()
			connections, sent, most := 0, 0, 0
			for time.Since(begun) < long {
				// Who is thrown out comes back.
				f := dialFrames(t, p)
				connections++
				var err error
				for n := 0; err == nil && time.Since(begun) < long; n++ {
					err = flood(f)
					if sent++; n%2000 == 1999 {
						most = max(most, memory(t, p))
						alive(t, p)
					}
				}
				most = max(most, memory(t, p))
				f.c.Close()
			}
			took := time.Since(begun)
			cpu := cpuTime(t, p) - cpuBefore
			t.Logf("%d floods in %d connections, %v of processors in %v, %d KiB", sent, connections, cpu, took, (most-memoryBefore)>>10)
			alive(t, p)
			if !raceEnabled {
				if grown := most - memoryBefore; grown > 64<<20 {
					t.Errorf("the memory grew by %d MiB", grown>>20)
				}
				if cpu > took*5/4 {
					t.Errorf("%v of processors in %v", cpu, took)
				}
			}
			p.Until("the flood to be forgotten", func() bool {
				before := cpuTime(t, p)
				time.Sleep(100 * time.Millisecond)
				return cpuTime(t, p)-before <= 20*time.Millisecond
			})
		})
	}
}
