package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// bank is what examples/bank answers.
type bank struct {
	Accounts []struct {
		ID      string
		Balance int
	}
	Moves []move
}

type move struct {
	ID     string `json:"id"`
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int    `json:"amount"`
}

// TestD07_Transactions kills examples/bank while clients move money between three
// accounts, all over one another: after each restart every move has happened whole or
// not at all, those that were acknowledged among them, and none that nobody sent. With
// ARO_KILLS=1000 it is killed that often.
func TestD07_Transactions(t *testing.T) {
	t.Parallel()
	kills := 40
	if n, err := strconv.Atoi(os.Getenv("ARO_KILLS")); err == nil && n > 0 {
		kills = n
	}
	const workers, clients = 2, 4
	var acked, conflicts atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			data := t.TempDir()
			var mu sync.Mutex
			sent, done := map[string]move{}, map[string]bool{}
			for range kills / workers {
				p := aroproc.Start(t, aro, "bank", aroproc.Options{Ready: "http", Args: []string{"--data", data}})
				if !balanced(t, p.HTTP, sent, done) {
					t.Errorf("worker %d", w)
					return
				}
				ctx, stop := context.WithCancel(t.Context())
				var moving sync.WaitGroup
				for range clients {
					moving.Go(func() {
						c := &http.Client{Transport: &http.Transport{}}
						defer c.CloseIdleConnections()
						for ctx.Err() == nil {
							who := rand.Perm(3)
							m := move{From: owners[who[0]], To: owners[who[1]], Amount: 1 + rand.IntN(3)}
							mu.Lock()
							m.ID = fmt.Sprint(len(sent))
							sent[m.ID] = m
							mu.Unlock()
							body, _ := json.Marshal(m)
							r, err := c.Post("http://"+p.HTTP+"/moves", "application/json", bytes.NewReader(body))
							if err != nil {
								return
							}
							answer, _ := io.ReadAll(r.Body)
							r.Body.Close()
							switch r.StatusCode {
							case http.StatusCreated:
								acked.Add(1)
								mu.Lock()
								done[m.ID] = true
								mu.Unlock()
							case http.StatusConflict:
								conflicts.Add(1)
								if !strings.Contains(string(answer), "somebody else changed the same rows") && !strings.Contains(string(answer), "balance") {
									t.Errorf("a conflict is told as %s", answer)
								}
							default:
								t.Errorf("answered %d", r.StatusCode)
								return
							}
						}
					})
				}
				time.Sleep(time.Duration(rand.IntN(100_000)) * time.Microsecond) // the moment of the kill
				p.Signal(syscall.SIGKILL)
				p.Wait()
				stop()
				moving.Wait()
			}
		})
	}
	wg.Wait()
	t.Logf("%d kills, %d moves acknowledged, %d answered 409", kills, acked.Load(), conflicts.Load())
	if acked.Load() < int64(kills) || conflicts.Load() == 0 {
		t.Error("too little happened for that to say anything")
	}
}

var owners = []string{"ada", "ben", "cleo"}

// balanced checks that the accounts are what the moves say, and the moves those that
// were sent.
func balanced(t *testing.T, addr string, sent map[string]move, done map[string]bool) bool {
	r, err := http.Get("http://" + addr + "/accounts")
	if err != nil {
		t.Error(err)
		return false
	}
	defer r.Body.Close()
	var b bank
	if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
		t.Error(err)
		return false
	}
	want := map[string]int{"ada": 100, "ben": 100, "cleo": 100}
	missing := len(done)
	for _, m := range b.Moves {
		if sent[m.ID] != m {
			t.Errorf("nobody sent %v", m)
			return false
		}
		if done[m.ID] {
			missing--
		}
		want[m.From] -= m.Amount
		want[m.To] += m.Amount
	}
	if missing != 0 {
		t.Errorf("%d moves that were acknowledged are not there", missing)
	}
	for _, a := range b.Accounts {
		if want[a.ID] != a.Balance {
			t.Errorf("%s has %d, the moves say %d", a.ID, a.Balance, want[a.ID])
			missing++
		}
	}
	return missing == 0 && len(b.Accounts) == 3
}
