package examples_test

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aro/examples/internal/aroproc"
)

// wsClient reads posts as they come, so that it is never the slow one.
type wsClient struct {
	posts chan string
	code  chan websocket.StatusCode
}

// listen connects to the live feed of a board.
func listen(t *testing.T, p *aroproc.Process) *wsClient {
	t.Helper()
	c := dialWS(t, p, "/ws")
	w := &wsClient{make(chan string, 10000), make(chan websocket.StatusCode, 1)}
	go func() {
		for {
			_, data, err := c.Read(context.Background())
			if err != nil {
				close(w.posts)
				w.code <- websocket.CloseStatus(err)
				return
			}
			w.posts <- string(data)
		}
	}()
	return w
}

func (w *wsClient) next(t *testing.T) post {
	t.Helper()
	select {
	case s, ok := <-w.posts:
		if !ok {
			t.Fatal("the WebSocket was closed")
		}
		return decode[post](t, s)
	case <-time.After(aroproc.Patience):
		t.Fatal("no frame")
	}
	return post{}
}

func (w *wsClient) closed(t *testing.T) websocket.StatusCode {
	t.Helper()
	select {
	case code := <-w.code:
		return code
	case <-time.After(aroproc.Patience):
		t.Fatal("the WebSocket stays open")
		return 0
	}
}
