package aronet

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"aro/pkg/net/httpd"
)

// BenchmarkRequest measures a request on a connection that is kept: a plain
// answer of a program, a file, a file that the browser has, and a file that is
// compressed. Allocations are those of client and server together; the client
// makes none.
func BenchmarkRequest(b *testing.B) {
	for _, row := range []struct{ name, path, lines string }{
		{"json", "/few", ""},
		{"file", "/static/style.css", ""},
		{"unchanged", "/static/style.css", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"},
		{"gzip", "/static/style.css", "Accept-Encoding: gzip, deflate, br\r\n"},
		{"gzip made anew", "/rows", "Accept-Encoding: gzip, deflate, br\r\n"},
	} {
		b.Run(row.name, func(b *testing.B) {
			s := staticSite(b, "")
			c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			request := []byte("GET " + row.path + " HTTP/1.1\r\nHost: x\r\n" + row.lines + "\r\n")
			r := bufio.NewReaderSize(c, 16<<10)
			b.ReportAllocs()
			for b.Loop() {
				c.Write(request)
				skipAnswer(b, r)
			}
		})
	}
}

func skipAnswer(b *testing.B, r *bufio.Reader) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if len(line) == 2 {
			break
		}
		if name := "Content-Length: "; len(line) > len(name) && string(line[:len(name)]) == name {
			for _, d := range line[len(name) : len(line)-2] {
				length = 10*length + int(d-'0')
			}
		}
	}
	if _, err := r.Discard(length); err != nil && err != io.EOF {
		b.Fatal(err)
	}
}

// BenchmarkGuards measures what every request pays for the limit on handlers and
// for being told when its client goes.
func BenchmarkGuards(b *testing.B) {
	g := &gate{limit: 10, wait: queueTime}
	x := new(httpd.Exchange)
	q := new(request)
	b.ReportAllocs()
	for b.Loop() {
		if g.enter() {
			x.Watch(q)
			x.Unwatch()
			g.leave()
		}
	}
}
