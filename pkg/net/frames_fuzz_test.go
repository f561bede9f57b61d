package aronet

import (
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// frameLimit is the longest message of FuzzFrames.
const frameLimit = 300

// FuzzFrames: whatever a client sends behind its handshake, the messages before the first
// broken rule are said back, in order, and nothing that stands behind it; a connection
// that breaks none goes on.
func FuzzFrames(f *testing.F) {
	hello := frame{op: 1, payload: "hello"}.bytes()
	f.Add(hello, uint8(0))
	f.Add(slices.Concat(frame{op: 1, payload: "a", fragment: true}.bytes(), frame{op: 9, payload: "p"}.bytes(), frame{payload: "b"}.bytes()), uint8(1))
	f.Add(slices.Concat(hello, frame{op: 2, payload: "\xff\x00"}.bytes(), closing(1000, "bye").bytes()), uint8(7))
	f.Add(slices.Concat(hello, frame{op: 1, payload: "\xff"}.bytes(), hello), uint8(3))
	f.Add(frame{op: 1, payload: strings.Repeat("x", frameLimit+1)}.bytes(), uint8(0))
	f.Add(frame{op: 1, payload: "x", length: 1 << 62}.bytes(), uint8(0))
	f.Add(frame{op: 1, payload: "x", unmasked: true}.bytes(), uint8(0))
	f.Add(frame{op: 11, rsv: 4}.bytes(), uint8(0))
	f.Add(closing(1005, "").bytes(), uint8(0))
	address := framesProgram(f, func(l *Limits) { l.Message = frameLimit })
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		if len(data) > 4<<10 {
			return
		}
		want := readClient(data)
		c := dialWS(t, address)
		defer c.Close()
		c.Conn.(*net.TCPConn).SetLinger(0) // a million connections would use up the ports
		send := data
		if want.state == clientOpen {
			send = slices.Concat(data, frame{op: 9, payload: "still there"}.bytes(), closing(1000, "").bytes())
			want.pongs = append(want.pongs, `pong "still there"`)
		}
		go func() {
			for part := range slices.Chunk(send, max(int(cut), 1)*8) {
				if _, err := c.Write(part); err != nil {
					return // it may have closed already
				}
			}
			if want.state == clientCutOff || want.state == clientEither {
				c.Conn.(*net.TCPConn).CloseWrite()
			}
		}()
		var echoes, pongs []string
		end := ""
		for end != "end" && end != "nothing" {
			switch s := c.next(); {
			case strings.HasPrefix(s, "pong"):
				pongs = append(pongs, s)
			case strings.HasPrefix(s, "text"), strings.HasPrefix(s, "binary"):
				echoes = append(echoes, s)
			case strings.HasPrefix(s, "close"):
				if end != "" {
					t.Fatalf("%s behind %s", s, end)
				}
				end = s
				c.Conn.(*net.TCPConn).CloseWrite() // it waits for that
			case s == "end", s == "nothing":
				if end == "" || s == "nothing" {
					end = s
				} else {
					end += ", " + s
				}
				want.judge(t, echoes, pongs, end)
				return
			default:
				t.Fatalf("the server sent %s", s)
			}
		}
	})
}

// What has become of a client's stream.
const (
	clientOpen   = "open"
	clientClosed = "closed"  // by its close frame
	clientCutOff = "cut off" // in the middle of a frame
	clientBroken = "broken"  // a rule
	clientEither = "either"  // a rule that a server may see now, later or not at all
)

// clientStream is what a client has said.
type clientStream struct {
	echoes, pongs []string
	state         string
}

// judge compares with what a server answered.
func (s *clientStream) judge(t *testing.T, echoes, pongs []string, end string) {
	t.Helper()
	whole := slices.Equal(echoes, s.echoes) && slices.Equal(pongs, s.pongs)
	part := len(echoes) <= len(s.echoes) && slices.Equal(echoes, s.echoes[:len(echoes)]) && len(pongs) <= len(s.pongs) && slices.Equal(pongs, s.pongs[:len(pongs)])
	ok := false
	switch s.state {
	case clientOpen:
		ok = whole && end == "close 1000, end"
	case clientClosed:
		ok = part && strings.HasPrefix(end, "close") && strings.HasSuffix(end, ", end")
	case clientCutOff:
		ok = part && strings.HasSuffix(end, "end")
	case clientBroken:
		ok = part && (end == "end" || end == "close 1002, end" || end == "close 1007, end" || end == "close 1009, end")
	case clientEither:
		ok = strings.HasSuffix(end, "end")
	}
	if !ok {
		t.Fatalf("%s: said back %q and %q, then %s; want %q and %q", s.state, echoes, pongs, end, s.echoes, s.pongs)
	}
}

// readClient reads frames as RFC 6455 has them, written from its text.
func readClient(b []byte) (s clientStream) {
	var message []byte
	kind := byte(0) // of the message that is not complete
	for len(b) > 0 {
		if len(b) < 2 {
			return s.with(clientCutOff)
		}
		fin, op, n := b[0]&0x80 != 0, b[0]&0x0F, uint64(b[1]&0x7F)
		control, masked := op >= 8, b[1]&0x80 != 0
		head := 2
		switch n {
		case 126:
			head = 4
		case 127:
			head = 10
		}
		if len(b) < head || masked && len(b) < head+4 {
			return s.with(clientEither) // a server may look when all of the head is there
		}
		switch {
		case b[0]&0x70 != 0, !masked, op > 2 && op < 8, op > 10:
			return s.with(clientBroken)
		case control && (!fin || n > 125):
			return s.with(clientBroken)
		case op == 0 && kind == 0, (op == 1 || op == 2) && kind != 0:
			return s.with(clientBroken)
		}
		least := uint64(0)
		switch head {
		case 4:
			n, least = uint64(binary.BigEndian.Uint16(b[2:])), 126
		case 10:
			n, least = binary.BigEndian.Uint64(b[2:]), 1<<16
		}
		if n < least {
			return s.with(clientEither) // longer than it need be
		}
		key, rest := b[head:head+4], b[head+4:]
		switch most := frameLimit - uint64(len(message)); {
		case control || n <= most:
		case n>>63 != 0 || uint64(len(rest)) > most:
			return s.with(clientBroken)
		default:
			return s.with(clientCutOff) // it may be noticed when more than is allowed has come
		}
		if uint64(len(rest)) < n {
			return s.with(clientEither) // of a text, a part may break the rule already
		}
		payload := slices.Clone(rest[:n])
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		b = rest[n:]
		switch op {
		case 8:
			if len(payload) == 1 || len(payload) > 1 && (!sendable(binary.BigEndian.Uint16(payload)) || !utf8.Valid(payload[2:])) {
				return s.with(clientBroken)
			}
			return s.with(clientClosed)
		case 9:
			s.pongs = append(s.pongs, described("pong", payload))
			continue
		case 10:
			continue
		case 1, 2:
			kind, message = op, nil
		}
		message = append(message, payload...)
		if !fin {
			continue
		}
		name := "binary"
		if kind == 1 {
			if name = "text"; !utf8.Valid(message) {
				return s.with(clientBroken)
			}
		}
		s.echoes = append(s.echoes, described(name, message))
		kind, message = 0, nil
	}
	if kind == 1 && !utf8.Valid(message) {
		return s.with(clientEither)
	}
	return s.with(clientOpen)
}

func (s clientStream) with(state string) clientStream {
	s.state = state
	return s
}

// sendable are the codes that a close frame may have.
func sendable(code uint16) bool {
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006 || code >= 3000 && code < 5000
}
