//go:build !runtime

package main

import (
	"fmt"
	"io"
	"time"

	"aro/pkg/host/screen"
)

// progress tells on a terminal how far a command is, in one line that is redrawn. On
// anything else it says nothing.
type progress struct {
	w     io.Writer
	text  func(n int64) string // of the amount
	next  time.Time            // when it may be drawn again
	shown bool
}

func newProgress(w io.Writer, text func(n int64) string) *progress {
	p := &progress{w: w, text: text, next: time.Now().Add(progressEvery)} // what is quick needs none
	if f, ok := w.(io.Reader); !ok || !screen.IsTerminal(f) {
		p.w = nil
	}
	return p
}

const progressEvery = 200 * time.Millisecond

func (p *progress) show(done, total int64) {
	if p.w == nil || total <= 0 || time.Now().Before(p.next) {
		return
	}
	p.next, p.shown = time.Now().Add(progressEvery), true
	fmt.Fprintf(p.w, "\r\x1b[K%d %% of %s", min(done, total)*100/total, p.text(total))
}

// clear removes the line.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// sizeText is a number of bytes as people read it.
func sizeText(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func rowsText(n int64) string { return fmt.Sprintf("%d rows", n) }
