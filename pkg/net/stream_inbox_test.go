package aronet

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// TestMessageEvents: what handlers see of a message.
func TestMessageEvents(t *testing.T) {
	for _, tc := range []struct {
		m    message
		want string
	}{
		{message{data: []byte(`{"a":1}`)}, `{"a":1}`},
		{message{data: []byte(`{"a":1}`), kind: "add"}, `{"a":1,"kind":"add"}`},
		{message{data: []byte(`{"kind":"own"}`), kind: "add"}, `{"kind":"add"}`},
		{message{data: []byte(`plain`)}, `{"data":"plain"}`},
		{message{data: []byte(`plain`), kind: "add"}, `{"data":"plain","kind":"add"}`},
		{message{data: []byte(`[1,2]`)}, `{"data":"[1,2]"}`},
		{message{data: []byte(`{"a":`)}, `{"data":"{\"a\":"}`},
		{message{data: []byte("\xffx")}, `{"data":"` + "\uFFFD" + `x"}`},
		{message{data: nil}, `{"data":""}`},
		{message{data: []byte(`{"event":"add","payload":"{\"a\":1}"}`)}, `{"a":1,"kind":"add"}`},
		{message{data: []byte(`{"event":"add","payload":"text"}`)}, `{"data":"text","kind":"add"}`},
		{message{data: []byte(`{"event":"add","payload":{"a":1}}`)}, `{"event":"add","payload":{"a":1}}`},
		{message{data: []byte{1, 2}, binary: true}, `{"data":"AQI="}`},
	} {
		if got := tc.m.event().JSON(); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.m.data, got, tc.want)
		}
	}
}

// TestInbox: what waits is bounded in bytes and in messages, keeps its order, and
// whoever puts or gets can be called off.
func TestInbox(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newInbox(10)
	put := func(s string) bool { return b.put(ctx, message{data: []byte(s)}) }
	if !put("longer than all of it") {
		t.Fatal("an empty queue takes anything")
	}
	blocked := make(chan bool)
	go func() { blocked <- put("1") }()
	if m, _ := b.get(ctx); len(m.data) != 21 {
		t.Fatal("wrong message")
	}
	if !next(t, blocked) {
		t.Fatal("there was room")
	}
	for _, s := range []string{"2", "3", "4567890"} {
		put(s)
	}
	go func() { blocked <- put("x") }()
	select {
	case <-blocked:
		t.Fatal("more than fits")
	case <-time.After(20 * time.Millisecond): // the other way round it fails at once
	}
	cancel()
	if next(t, blocked) {
		t.Error("put went on after the end")
	}
	b.close()
	var got []string
	for {
		m, ok := b.get(context.Background())
		if !ok {
			break
		}
		got = append(got, string(m.data))
	}
	if fmt.Sprint(got) != "[1 2 3 4567890]" {
		t.Error(got)
	}
	if _, ok := b.get(ctx); ok {
		t.Error("a message out of nowhere")
	}
	many := newInbox(1 << 20)
	for range inboxMessages {
		many.put(context.Background(), message{})
	}
	if many.put(ctx, message{}) {
		t.Error("more messages than are allowed")
	}
}
