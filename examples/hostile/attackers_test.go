package hostile_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// dial connects, or returns nil: a server under attack may refuse.
func (w *war) dial() *net.TCPConn {
	c, err := net.DialTimeout("tcp", w.addr, 5*time.Second)
	if err != nil {
		return nil
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// send connects, sends, reads what comes until the server closes or d is over, and
// closes, now and then with a reset.
func (w *war) send(data []byte, d time.Duration) {
	c := w.dial()
	if c == nil {
		return
	}
	defer c.Close()
	if rand.IntN(3) == 0 {
		c.SetLinger(0)
	}
	c.SetDeadline(time.Now().Add(d))
	go c.Write(data)
	io.Copy(io.Discard, c)
}

// hold keeps a connection open without reading or sending more, until the server ends
// it, d is over, or the attack is.
func (w *war) hold(data []byte, d time.Duration) {
	c := w.dial()
	if c == nil {
		return
	}
	defer c.Close()
	c.SetReadBuffer(4096)
	c.Write(data)
	w.wait(d)
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func post(body, mediaType string) []byte {
	return fmt.Appendf(nil, "POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", mediaType, len(body), body)
}

// mutate damages a request in some places.
func mutate(data []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + rand.IntN(6) {
		at := rand.IntN(len(data))
		switch rand.IntN(4) {
		case 0:
			data[at] = byte(rand.Uint32())
		case 1:
			data = append(data[:at], data[at+rand.IntN(len(data)-at):]...)
		case 2:
			data = append(data[:at:at], append(noise(rand.IntN(20)), data[at:]...)...)
		case 3:
			data = append(data[:at:at], append([]byte("\r\n"), data[at:]...)...)
		}
		if len(data) == 0 {
			return []byte("\r\n")
		}
	}
	return data
}

func pick(list ...string) string { return list[rand.IntN(len(list))] }

var boardAttacks = []attacker{
	{"half open", 20, 100 * time.Millisecond, func(w *war) {
		w.hold([]byte("GET /messages HTTP/1.1\r\nHost: x\r\nX-Slow: "), 12*time.Second)
	}},
	{"silent", 20, 100 * time.Millisecond, func(w *war) { w.hold(nil, 5*time.Second) }},
	{"never reads the page", 10, 50 * time.Millisecond, func(w *war) {
		w.hold(bytes.Repeat([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200), 12*time.Second)
	}},
	{"never reads the feed", 20, 50 * time.Millisecond, func(w *war) { w.hold([]byte(upgrade), 15*time.Second) }},
	{"garbage frames", 6, 20 * time.Millisecond, func(w *war) {
		w.send(append([]byte(upgrade), noise(1+rand.IntN(20000))...), time.Second)
	}},
	{"huge body", 2, 100 * time.Millisecond, func(w *war) {
		head := pick("Content-Length: 99999999999\r\n", "Transfer-Encoding: chunked\r\n")
		c := w.dial()
		if c == nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+head+"\r\n")
		chunk := []byte("10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n")
		for range 300 { // 19 MiB, of which 10 are too many
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	}},
	{"malformed request", 6, 20 * time.Millisecond, func(w *war) {
		w.send(mutate(post("message=hi", "application/x-www-form-urlencoded")), 300*time.Millisecond)
	}},
	{"noise", 4, 20 * time.Millisecond, func(w *war) { w.send(noise(1+rand.IntN(5000)), 300*time.Millisecond) }},
	{"breaks the contract", 6, 20 * time.Millisecond, func(w *war) {
		w.send(post(pick("", "massage=x", "message=", "message="+strings.Repeat("x", 100_000), `{"message": 1}`, "message=%zz", strings.Repeat("a=b&", 5000), strings.Repeat("[", 10_000)),
			pick("application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", "nonsense")), 2*time.Second)
	}},
	{"leaves before the answer", 4, 20 * time.Millisecond, func(w *war) {
		if c := w.dial(); c != nil {
			c.SetLinger(0)
			c.Write(post("message=gone", "application/x-www-form-urlencoded"))
			c.Close()
		}
	}},
	{"opens and drops", 4, 5 * time.Millisecond, func(w *war) {
		if c := w.dial(); c != nil {
			c.Close()
		}
	}},
	{"joins and leaves", 4, 20 * time.Millisecond, func(w *war) { w.send([]byte(upgrade), time.Duration(rand.IntN(300))*time.Millisecond) }},
}

var roomAttacks = []attacker{
	{"silent", 20, 100 * time.Millisecond, func(w *war) { w.hold(nil, 5*time.Second) }},
	{"never reads", 20, 50 * time.Millisecond, func(w *war) {
		w.hold([]byte("stuck\n"+strings.Repeat("/who\n", 500)), 12*time.Second)
	}},
	{"noise", 4, 50 * time.Millisecond, func(w *war) { w.send(noise(1+rand.IntN(5000)), 300*time.Millisecond) }},
	{"line without end", 2, 100 * time.Millisecond, func(w *war) { w.send(bytes.Repeat([]byte("x"), 3<<20), 3*time.Second) }},
	{"half a line", 6, 50 * time.Millisecond, func(w *war) { w.send([]byte("half"), 100*time.Millisecond) }},
	{"opens and drops", 4, 10 * time.Millisecond, func(w *war) {
		if c := w.dial(); c != nil {
			if rand.IntN(2) == 0 {
				c.SetLinger(0)
			}
			c.Close()
		}
	}},
	{"chats and leaves", 4, 50 * time.Millisecond, func(w *war) {
		w.send(fmt.Appendf(nil, "guest %d\nhello\n", rand.IntN(1000)), time.Duration(rand.IntN(300))*time.Millisecond)
	}},
}
