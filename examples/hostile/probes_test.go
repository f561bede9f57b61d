package hostile_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const pace = 25 * time.Millisecond // of the probes' messages

// patience is how long the probes wait for an answer; main lengthens it for what the race
// detector slows down.
var patience = 10 * time.Second

// arrivals checks that each message arrives once and in order.
type arrivals struct {
	w    *war
	next int
	came chan time.Time
}

func (a *arrivals) saw(text, prefix string) {
	number, mine := strings.CutPrefix(text, prefix)
	if !mine {
		return
	}
	var n int
	if _, err := fmt.Sscan(number, &n); err != nil || n != a.next {
		a.w.t.Errorf("the probe saw message %q, and should have seen %d", text, a.next)
	}
	a.next = n + 1
	a.came <- time.Now()
}

// each sends one message after the other; send gets the number.
func (a *arrivals) each(send func(n int) error) (took []time.Duration) {
	for n := 0; !a.w.done(); n++ {
		began := time.Now()
		if err := send(n); err != nil {
			a.w.t.Errorf("the probe cannot send message %d: %v", n, err)
			return took
		}
		select {
		case at := <-a.came:
			took = append(took, at.Sub(began))
		case <-time.After(patience):
			a.w.t.Errorf("message %d of the probe did not arrive within %v", n, patience)
			return took
		}
		a.w.wait(pace)
	}
	return took
}

// probeBoard posts messages and reads them from the live feed.
func probeBoard(w *war) []time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	feed, _, err := websocket.Dial(ctx, "ws://"+w.addr+"/ws", nil)
	if err != nil {
		cancel()
		w.t.Error(err)
		return nil
	}
	defer feed.CloseNow()
	defer cancel() // first: the reader asks whether it was told to end
	feed.SetReadLimit(8 << 20)
	a := &arrivals{w: w, came: make(chan time.Time, 100)}
	go func() {
		for {
			_, data, err := feed.Read(ctx)
			if err != nil {
				if ctx.Err() == nil {
					w.t.Errorf("the feed of the probe has ended: %v", err)
				}
				return
			}
			var post struct{ Message string }
			json.Unmarshal(data, &post)
			a.saw(post.Message, "probe ")
		}
	}()
	client := &http.Client{Timeout: patience}
	return a.each(func(n int) error {
		res, err := client.PostForm("http://"+w.addr+"/messages", url.Values{"message": {fmt.Sprintf("probe %d", n)}})
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			return fmt.Errorf("answered with %s", res.Status)
		}
		return nil
	})
}

// probeRoom says lines in the chat room and hears them.
func probeRoom(w *war) []time.Duration {
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	defer c.Close()
	fmt.Fprint(c, "honest\n")
	a := &arrivals{w: w, came: make(chan time.Time, 100)}
	go func() {
		lines := bufio.NewScanner(c)
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			a.saw(lines.Text(), "honest: probe ")
		}
	}()
	return a.each(func(n int) error {
		_, err := fmt.Fprintf(c, "probe %d\n", n)
		return err
	})
}

// percentile sorts a copy.
func percentile(took []time.Duration, p int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Round(10 * time.Microsecond)
}
