package aronet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"aro/pkg/host"
)

// Close codes (RFC 6455 §7.4.1).
const (
	codeNormal    = 1000
	codeGoingAway = 1001
	codeProtocol  = 1002
	codeAbnormal  = 1006 // never sent: the stream just ended
	codeInvalid   = 1007
	codeTooBig    = 1009
	codeTryLater  = 1013
)

// Opcodes of control frames.
const (
	opClose = 8
	opPing  = 9
)

// ServeWebSocket answers a request to upgrade to WebSocket and, when the
// handshake succeeds, runs the connection on this goroutine until it has ended.
// h must be the host that the network is attached to. origins are the allowed
// ones beside the server's own: "https://app.example", or "*" for any.
//
// The handshake and the reading of frames are those of coder/websocket. Its
// writer is not used: what it would write (pongs, close frames) goes through the
// connection's queue like everything else, so there is one writer and the frame
// of a broadcast is encoded once for all (see wsSocket).
func (n *Network) ServeWebSocket(w http.ResponseWriter, r *http.Request, h *host.Host, origins []string) {
	if v := r.Header.Get("Sec-WebSocket-Version"); v != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		http.Error(w, "only WebSocket version 13 is spoken here", http.StatusUpgradeRequired)
		return
	}
	if !originAllowed(r, origins) {
		http.Error(w, "this origin may not open WebSockets here", http.StatusForbidden)
		return
	}
	if !n.hasRoom(r.RemoteAddr) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	u := &upgrade{ResponseWriter: w, net: n, path: r.URL.Path}
	ws, err := websocket.Accept(u, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		if u.conn != nil {
			u.conn.sock.Close()
		}
		return // Accept has answered
	}
	defer ws.CloseNow()
	ws.SetReadLimit(int64(n.Limits.Message))
	c := u.conn
	if !u.admitted {
		c.sock.SetWriteDeadline(time.Now().Add(n.Limits.Grace))
		c.sock.Write(u.refusal)
		c.sock.Close()
		return
	}
	c.serve(ws, u.socket, r)
}

// hasRoom checks the limits before the handshake, when they can still be answered
// with 503.
func (n *Network) hasRoom(remote string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return !n.stopping && !n.full(addressOf(remote), n.Limits.Connections, n.Limits.PerAddress, n.Limits.LoopbackCount)
}

// upgrade is the ResponseWriter that Accept sees: hijacking it yields a socket of
// ours with small buffers.
//
// The answer 101 is the first thing in the connection's queue, and the connection
// is among the others before anybody can read it: whoever has seen the handshake
// gets every broadcast from then on.
type upgrade struct {
	http.ResponseWriter
	net      *Network
	path     string
	conn     *Conn
	socket   *wsSocket
	admitted bool
	refusal  []byte // what a connection gets that was not admitted
}

// WriteHeader keeps the answer 101 back for Hijack.
func (u *upgrade) WriteHeader(code int) {
	if code != http.StatusSwitchingProtocols {
		u.ResponseWriter.WriteHeader(code)
	}
}

// Hijack implements http.Hijacker.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	sock, buffered, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := u.net.newConn(sock)
	c.inbound, c.websocket, c.form, c.path = true, true, frameForm, u.path
	c.heard.Store(time.Now().UnixNano())
	s := &wsSocket{Conn: sock, c: c}
	if k := buffered.Reader.Buffered(); k > 0 {
		s.early = make([]byte, k)
		io.ReadFull(buffered.Reader, s.early)
	}
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	u.Header().Write(&answer)
	answer.WriteString("\r\n")
	p := &packet{buf: answer.Bytes(), fixed: true}
	c.out.mu.Lock()
	c.push(p, c.cost(p)) // as if somebody wrote already: what is sent meanwhile goes behind it
	c.out.mu.Unlock()
	if u.conn, u.socket, u.admitted = c, s, u.net.admit(c); u.admitted {
		go c.write()
	} else {
		c.net.drop(p)
		u.refusal = append(answer.Bytes(), closeFrame(codeTryLater, "").buf...)
	}
	return s, bufio.NewReadWriter(bufio.NewReaderSize(s, 1024), bufio.NewWriterSize(s, 256)), nil
}

// serve is the read loop of a WebSocket that has been admitted.
func (c *Conn) serve(ws *websocket.Conn, s *wsSocket, r *http.Request) {
	n := c.net
	watch := c.watch()
	if sets := n.events.Load().ws.connected; len(sets) > 0 {
		n.deliver(sets, &wsEvent{conn: c, kind: connectedEvent, at: time.Now(), request: r})
	}
	r = nil
	for {
		n.ease(c)
		typ, data, err := c.readMessage(ws)
		if err != nil {
			c.failedMessage(err, s)
			break
		}
		if !c.IsOpen() {
			continue // until the peer answers our close frame
		}
		if typ == websocket.MessageText && !utf8.Valid(data) {
			c.end(ending{reason: "error: invalid UTF-8", code: codeInvalid})
			continue
		}
		if sets := n.events.Load().ws.data; len(sets) > 0 {
			n.deliver(sets, &wsEvent{conn: c, kind: dataEvent, at: time.Now(), data: data, binary: typ == websocket.MessageBinary})
		}
	}
	watch.Stop()
	if sets := n.events.Load().ws.disconnected; len(sets) > 0 {
		n.deliver(sets, &wsEvent{conn: c, kind: disconnectedEvent, at: time.Now(), ending: c.ended()})
	}
	c.finish()
}

// smalls are buffers for messages as most are. Longer ones grow with what has
// arrived, so that announcing a message costs its sender more than us.
var smalls = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// readMessage returns the next message, in memory of its own.
func (c *Conn) readMessage(ws *websocket.Conn) (websocket.MessageType, []byte, error) {
	typ, in, err := ws.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	c.message.Store(time.Now().UnixNano())
	defer c.message.Store(0)
	small := smalls.Get().(*[4 << 10]byte)
	defer smalls.Put(small)
	buf := small[:0]
	for {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), 4*cap(buf))
			copy(grown, buf)
			buf = grown
		}
		k, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
		if err == io.EOF {
			return typ, append(make([]byte, 0, len(buf)), buf...), nil
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

// failedMessage closes the connection after the reader gave up.
func (c *Conn) failedMessage(err error, s *wsSocket) {
	var ce websocket.CloseError
	switch {
	case s.invalid:
		c.end(ending{reason: "protocol error", code: codeInvalid})
	case errors.As(err, &ce):
		e := ending{reason: ce.Reason, code: int(ce.Code)}
		if e.reason == "" {
			e.reason = "client closed"
		}
		c.end(e) // the answer is queued already
	case s.failure != nil:
		c.end(ending{reason: "connection closed", code: codeAbnormal, hard: true})
	case s.sent == codeTooBig:
		c.end(ending{reason: "message too big", code: codeTooBig})
	default:
		// What the peer sent is against the protocol. The package has said so to the
		// peer, but for unmasked frames and impossible lengths, where we do.
		c.end(ending{reason: "protocol error", code: codeProtocol})
	}
}
