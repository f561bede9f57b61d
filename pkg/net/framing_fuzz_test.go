package aronet

import (
	"bytes"
	"net"
	"testing"
	"unicode/utf8"

	"aro/pkg/host"
)

// FuzzLineFraming: however the network cuts a stream into pieces, the same lines come
// out, and what no line end follows is left over.
func FuzzLineFraming(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nlast"), []byte{1, 2, 3})
	f.Add([]byte("\xff\x00\n\r\r\n\r"), []byte{1})
	f.Add(bytes.Repeat([]byte("long"), 100), []byte{7, 250})
	f.Add(append(bytes.Repeat([]byte("x"), 200), "\r\nafter\n"...), []byte{200, 1})
	const longest = 200
	var got []string
	s := newStage(f, handlersOf{onData: func(tr host.Trigger) { got = append(got, text(tr, "data")) }}, func(l *Limits) { l.Line = longest })
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		var want []string
		rest, tooLong := stream, false
		for !tooLong {
			line, after, ended := bytes.Cut(rest, []byte("\n"))
			if !ended {
				tooLong = len(rest) > longest+1
				break
			}
			line = bytes.TrimSuffix(line, []byte("\r"))
			if tooLong = len(line) > longest; !tooLong {
				want, rest = append(want, string(line)), after
			}
		}
		ours, theirs := net.Pipe()
		defer theirs.Close()
		defer ours.Close()
		c := s.newConn(ours)
		c.lines = true
		got = nil
		var partial []byte
		for i := 0; len(stream) > 0 && c.IsOpen(); i++ {
			n := len(stream)
			if i < len(cuts) {
				n = min(n, int(cuts[i])+1)
			}
			partial = c.splitLines(partial, bytes.Clone(stream[:n]))
			stream = stream[n:]
		}
		if len(got) != len(want) || c.IsOpen() == tooLong {
			t.Fatalf("got %q, want %q; open %t", got, want, c.IsOpen())
		}
		for i := range want {
			if got[i] != want[i] && utf8.ValidString(want[i]) { // other bytes have no text
				t.Fatalf("line %d is %q, want %q", i, got[i], want[i])
			}
		}
		if !tooLong && string(partial) != string(rest) {
			t.Fatalf("left over %q, want %q", partial, rest)
		}
	})
}
