// statuspost: the StatusPost application as an ordinary Go programmer would
// write it: net/http, encoding/json, html/template, github.com/coder/websocket.
// -ws raw replaces the WebSocket library by a pre-built frame written straight
// to each hijacked connection: the limit for fan-out, not a production design.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"html/template"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

type Message struct {
	ID        string    `json:"id"`
	Message   string    `json:"message"`
	CreatedAt time.Time `json:"createdAt"`
}

//go:embed index.html
var indexHTML string

var page = template.Must(template.New("index").Funcs(template.FuncMap{
	"date":  func(t time.Time) string { return t.Format("02.01.2006 15:04") },
	"stamp": func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") },
}).Parse(indexHTML))

// Repository: append, keep the newest 20 once there are more than 40.
type repo struct {
	mu   sync.RWMutex
	msgs []Message
}

func (r *repo) add(m Message) {
	r.mu.Lock()
	r.msgs = append(r.msgs, m)
	if len(r.msgs) > 40 {
		r.msgs = append([]Message(nil), r.msgs[len(r.msgs)-20:]...)
	}
	r.mu.Unlock()
}

// last returns up to n messages, newest first.
func (r *repo) last(n int) []Message {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if n > len(r.msgs) {
		n = len(r.msgs)
	}
	out := make([]Message, 0, n)
	for i := 0; i < n; i++ {
		out = append(out, r.msgs[len(r.msgs)-1-i])
	}
	return out
}

type hub interface {
	serve(w http.ResponseWriter, r *http.Request)
	broadcast(b []byte)
}

// coderHub: one buffered queue and one writer goroutine for each client.
type coderHub struct {
	mu sync.Mutex
	cs map[chan []byte]struct{}
}

func (h *coderHub) serve(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	ctx := c.CloseRead(context.Background())
	ch := make(chan []byte, 64)
	h.mu.Lock()
	h.cs[ch] = struct{}{}
	h.mu.Unlock()
	defer func() { h.mu.Lock(); delete(h.cs, ch); h.mu.Unlock() }()
	for {
		select {
		case b := <-ch:
			if c.Write(ctx, websocket.MessageText, b) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *coderHub) broadcast(b []byte) {
	h.mu.Lock()
	for ch := range h.cs {
		select {
		case ch <- b:
		default: // a slow client loses the message
		}
	}
	h.mu.Unlock()
}

type rawHub struct {
	mu sync.Mutex
	cs map[net.Conn]struct{}
}

func (h *rawHub) serve(w http.ResponseWriter, r *http.Request) {
	s := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(s[:]) + "\r\n\r\n"))
	h.mu.Lock()
	h.cs[c] = struct{}{}
	h.mu.Unlock()
	var buf [512]byte
	for {
		if _, err := c.Read(buf[:]); err != nil {
			break
		}
	}
	h.mu.Lock()
	delete(h.cs, c)
	h.mu.Unlock()
	c.Close()
}

func (h *rawHub) broadcast(b []byte) {
	f := make([]byte, 0, len(b)+10)
	f = append(f, 0x81)
	if len(b) < 126 {
		f = append(f, byte(len(b)))
	} else {
		f = append(f, 126)
		f = binary.BigEndian.AppendUint16(f, uint16(len(b)))
	}
	f = append(f, b...)
	h.mu.Lock()
	for c := range h.cs {
		c.Write(f)
	}
	h.mu.Unlock()
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:], b[:4])
	s[8] = '-'
	hex.Encode(s[9:], b[4:6])
	s[13] = '-'
	hex.Encode(s[14:], b[6:8])
	s[18] = '-'
	hex.Encode(s[19:], b[8:10])
	s[23] = '-'
	hex.Encode(s[24:], b[10:])
	return string(s[:])
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "")
	ws := flag.String("ws", "coder", "coder or raw")
	flag.Parse()
	var r repo
	var h hub = &coderHub{cs: map[chan []byte]struct{}{}}
	if *ws == "raw" {
		h = &rawHub{cs: map[net.Conn]struct{}{}}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(r.last(20))
	})
	mux.HandleFunc("POST /messages", func(w http.ResponseWriter, q *http.Request) {
		if err := q.ParseForm(); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		m := Message{newID(), q.PostForm.Get("message"), time.Now().UTC().Truncate(time.Millisecond)}
		r.add(m)
		b, _ := json.Marshal(m)
		h.broadcast(b)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		w.Write(b)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page.Execute(w, r.last(20))
	})
	mux.HandleFunc("GET /ws", h.serve)
	log.Fatal(http.ListenAndServe(*addr, mux))
}
