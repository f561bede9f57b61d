// limit: StatusPost without the general-purpose pieces, as the limit:
// fasthttp, append-style JSON, a hand-compiled template. No WebSocket.
package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"flag"
	"html"
	"log"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

type Message struct {
	ID, Message string
	CreatedAt   time.Time
}

var (
	mu   sync.RWMutex
	msgs []Message
)

func last(n int) []Message {
	mu.RLock()
	defer mu.RUnlock()
	if n > len(msgs) {
		n = len(msgs)
	}
	out := make([]Message, 0, n)
	for i := 0; i < n; i++ {
		out = append(out, msgs[len(msgs)-1-i])
	}
	return out
}

const hexd = "0123456789abcdef"

func appendStr(b []byte, s string) []byte {
	b = append(b, '"')
	st := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[st:i]...)
		st = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hexd[c>>4], hexd[c&15])
		}
	}
	b = append(b, s[st:]...)
	return append(b, '"')
}

func appendMsg(b []byte, m *Message) []byte {
	b = append(b, `{"id":`...)
	b = appendStr(b, m.ID)
	b = append(b, `,"message":`...)
	b = appendStr(b, m.Message)
	b = append(b, `,"createdAt":"`...)
	b = m.CreatedAt.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, `"}`...)
}

//go:embed head.html
var head string

//go:embed tail.html
var tail string

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "")
	flag.Parse()
	s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(c *fasthttp.RequestCtx) {
		switch string(c.Path()) {
		case "/messages":
			c.SetContentType("application/json")
			if c.IsPost() {
				m := Message{newID(), string(c.PostArgs().Peek("message")), time.Now().UTC()}
				mu.Lock()
				msgs = append(msgs, m)
				if len(msgs) > 40 {
					msgs = append([]Message(nil), msgs[len(msgs)-20:]...)
				}
				mu.Unlock()
				c.SetStatusCode(201)
				c.Response.SetBodyRaw(appendMsg(make([]byte, 0, 160), &m))
				return
			}
			l := last(20)
			b := append(make([]byte, 0, 128*len(l)+2), '[')
			for i := range l {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendMsg(b, &l[i])
			}
			c.Response.SetBodyRaw(append(b, ']'))
		case "/":
			c.SetContentType("text/html; charset=utf-8")
			l := last(20)
			b := append(make([]byte, 0, len(head)+len(tail)+300*len(l)), head...)
			for i := range l {
				b = append(b, "      <li class=\"message\" data-id=\""...)
				b = append(b, l[i].ID...)
				b = append(b, "\">\n        <time datetime=\""...)
				b = l[i].CreatedAt.AppendFormat(b, "2006-01-02T15:04:05.000Z")
				b = append(b, "\">"...)
				b = l[i].CreatedAt.AppendFormat(b, "02.01.2006 15:04")
				b = append(b, "</time>\n        <p>"...)
				b = append(b, html.EscapeString(l[i].Message)...)
				b = append(b, "</p>\n      </li>\n"...)
			}
			c.Response.SetBodyRaw(append(b, tail...))
		default:
			c.Error("not found", 404)
		}
	}}
	log.Fatal(s.ListenAndServe(*addr))
}
