package httpd

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

var headSeeds = []string{
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /a%20b/c?q=%zz&r HTTP/1.1\r\nHost: x:80\r\nAccept: */*\r\nX-Empty:\r\nX-Two: 1\r\nx-two: 2\r\n\r\n",
	"POST http://example.org:1/p?q HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\n\r\nabc",
	"POST / HTTP/1.0\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close, x\r\n\r\n",
	"PUT /ü HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n",
	"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nA: \tb c \t\r\n\r\n",
	"GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
}

// FuzzHead holds the reader of heads against net/http's: what we take, it takes,
// and understands as we do. (We refuse more.)
func FuzzHead(f *testing.F) {
	for _, h := range headSeeds {
		f.Add([]byte(h))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		end, _, no := headEnd(data, 0)
		if end == 0 || no != nil || end > maxHead {
			return
		}
		// In pieces, the end is found in the same place.
		for cut, from := 1, 0; cut <= end; cut++ {
			var at int
			if at, from, no = headEnd(data[:cut], from); no != nil || at != 0 && at != end {
				t.Fatalf("cut at %d: end %d, %v; want %d", cut, at, no, end)
			}
		}
		var r Request
		frame, no := r.parse(string(data[:end]))
		if no != nil {
			if no.Status < 400 || no.Message == "" {
				t.Fatalf("refused with %v", no)
			}
			return
		}
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			t.Fatalf("we take what net/http refuses: %v\n%q", err, data[:end])
		}
		if std.Method != r.Method || std.RequestURI != r.Target || std.Host != r.Host || std.URL.RawQuery != r.Query {
			t.Fatalf("%q %q %q %q, net/http: %q %q %q %q", r.Method, r.Target, r.Host, r.Query, std.Method, std.RequestURI, std.Host, std.URL.RawQuery)
		}
		if r.Path != "*" && std.URL.Path != r.DecodedPath() && (std.URL.Path != "" || r.Path != "/") {
			t.Fatalf("path %q, net/http: %q", r.DecodedPath(), std.URL.Path)
		}
		for name, values := range std.Header {
			if name == "Transfer-Encoding" || name == "Trailer" {
				continue
			}
			if got := r.Fields.Joined(name, "\x00"); got != strings.Join(values, "\x00") && r.Fields.Get(name) != "" {
				t.Fatalf("%s: %q, net/http: %q", name, got, values)
			}
		}
		length := frame.length
		if frame.chunked {
			length = -1
		}
		if std.ContentLength != length {
			t.Fatalf("length %d, net/http: %d", length, std.ContentLength)
		}
		if close := std.Close; close != frame.close && std.ProtoMinor == 1 {
			t.Fatalf("close %t, net/http: %t", frame.close, close)
		}
		back := r.Standard()
		if back.Host != r.Host || back.URL.EscapedPath() == "" || back.Method != r.Method {
			t.Fatalf("as a standard request: %v", back)
		}
	})
}

// FuzzBody holds the reader of bodies against net/http's, on a connection of its
// own: the same body or an error from both.
func FuzzBody(f *testing.F) {
	for _, b := range []string{"5\r\nhello\r\n0\r\n\r\n", "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n", "0\r\n\r\n", "+1\r\na\r\n0\r\n\r\n",
		"5\r\nhelloX\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "2\nab\n0\n\n", "1\r\na\r\n0\r\nnonsense\r\n\r\n", "1\r\na"} {
		f.Add([]byte(b), true)
		f.Add([]byte(b), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, small bool) {
		head := "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		c := &conn{server: &Server{Limits: Defaults}, sock: &script{data: data, small: small}}
		c.framing = framing{chunked: true}
		got, err := c.body(1 << 20)
		if err != nil && err != ErrBody && err != ErrTooLarge {
			t.Fatalf("an error of its own: %v", err)
		}
		if err != nil {
			return
		}
		r, _ := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head), bytes.NewReader(data))))
		want, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q, net/http: %q, %v", got, want, err)
		}
	})
}
