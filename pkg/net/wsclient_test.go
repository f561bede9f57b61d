package aronet

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// serveWS starts an HTTP server that upgrades every request.
func (s *stage) serveWS(origins ...string) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeWebSocket(w, r, s.host, origins)
	}))
	s.t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// wsClient speaks frames, also wrong ones.
type wsClient struct {
	client
	in *bufio.Reader
}

// handshake sends a handshake and returns the response.
func handshake(t testing.TB, address, path string, header ...string) (wsClient, *http.Response) {
	t.Helper()
	c := dial(t, address)
	var key [16]byte
	rand.Read(key[:])
	version := "Sec-WebSocket-Version: 13\r\n"
	for _, h := range header {
		if strings.HasPrefix(h, "Sec-WebSocket-Version") {
			version = ""
		}
	}
	c.say("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
		base64.StdEncoding.EncodeToString(key[:]) + "\r\n" + version + strings.Join(append(header, "\r\n"), "\r\n"))
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return wsClient{c, in}, resp
}

func dialWS(t testing.TB, address string) wsClient {
	t.Helper()
	c, resp := handshake(t, address, "/ws?room=a%20b&x=1&x=2")
	if resp.StatusCode != 101 {
		t.Fatalf("status %s", resp.Status)
	}
	return c
}

// frame builds a client frame; flags replace fin and reserved bits.
type frame struct {
	op       byte // opcode
	payload  string
	fragment bool // without fin
	rsv      byte
	unmasked bool
	length   uint64 // announced length, 0 for the real one
}

func (f frame) bytes() []byte {
	b := []byte{0x80 | f.rsv<<4 | f.op, 0x80}
	if f.fragment {
		b[0] &^= 0x80
	}
	if f.unmasked {
		b[1] = 0
	}
	n := uint64(len(f.payload))
	if f.length != 0 {
		n = f.length
	}
	switch {
	case n < 126:
		b[1] |= byte(n)
	case n < 1<<16:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] |= 127
		b = binary.BigEndian.AppendUint64(b, n)
	}
	if f.unmasked {
		return append(b, f.payload...)
	}
	var key [4]byte
	rand.Read(key[:])
	b = append(b, key[:]...)
	masked := len(b)
	b = append(b, f.payload...)
	var keys [1 << 10]byte
	for i := range keys {
		keys[i] = key[i%4]
	}
	for part := range slices.Chunk(b[masked:], len(keys)) {
		subtle.XORBytes(part, part, keys[:])
	}
	return b
}

func (c wsClient) write(frames ...frame) {
	c.t.Helper()
	for _, f := range frames {
		if _, err := c.Write(f.bytes()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// readFrame reads one frame of a server: first byte and payload.
func readFrame(r io.Reader) (byte, []byte, error) {
	var h [10]byte
	if _, err := io.ReadFull(r, h[:2]); err != nil {
		return 0, nil, err
	}
	n := uint64(h[1])
	if h[1]&0x80 != 0 {
		return 0, nil, errors.New("a server masks")
	}
	switch n {
	case 126:
		if _, err := io.ReadFull(r, h[2:4]); err != nil {
			return 0, nil, err
		}
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		if _, err := io.ReadFull(r, h[2:10]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(h[2:])
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(r, payload)
	return h[0], payload, err
}

// described writes a payload out, or the sum of one that nobody would read.
func described(kind string, payload []byte) string {
	if len(payload) > 1<<10 {
		return fmt.Sprintf("%s of %d bytes, %.8x", kind, len(payload), sha256.Sum256(payload))
	}
	return fmt.Sprintf("%s %q", kind, payload)
}

// next describes what the server sends next: `text "x"`, `binary "x"`, `pong "x"`,
// `close 1000`, `end`.
func (c wsClient) next() string {
	op, payload, err := readFrame(c.in)
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return "nothing"
		}
		return "end"
	}
	switch op {
	case 0x81:
		return described("text", payload)
	case 0x82:
		return described("binary", payload)
	case 0x88:
		if len(payload) < 2 {
			return "close"
		}
		return fmt.Sprintf("close %d", binary.BigEndian.Uint16(payload))
	case 0x89:
		return fmt.Sprintf("ping %q", payload)
	case 0x8A:
		return fmt.Sprintf("pong %q", payload)
	}
	return fmt.Sprintf("frame %x", op)
}

func (c wsClient) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.next(); got != w {
			c.t.Fatalf("got %.80s, want %.80s", got, w)
		}
	}
}

func closing(code int, reason string) frame {
	return frame{op: 8, payload: string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason}
}
