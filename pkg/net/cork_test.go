package aronet

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

const corkProgram = `(Application-Start: Cork) {
    Listen on port 0 as <room> with { framing: "lines", host: "127.0.0.1" }.
    Log "port ${<room: port>}" to the <console>.
    Return an <OK: status> for the <startup>.
}

(Answer: DataReceived Handler) {
    Extract the <line> from the <event: data>.
    match <line> {
        case "wait" {
            Send "asleep" to the <event: connection>.
            Wait for 100 seconds.
        }
        case "long" {
            Send "computing" to the <event: connection>.
            Create the <flag> with [].
            while <flag> is empty { Retrieve the <flag> from the <flag-repository>. }
            Send "computed" to the <event: connection>.
        }
        case "go" { Store "up" into the <flag-repository>. }
        case "tell" { Broadcast "news" to the <room>. }
        otherwise {
            Send "1 ${<line>}" to the <event: connection>.
            Send "2 ${<line>}" to the <event: connection>.
        }
    }
    Return an <OK: status> for the <answer>.
}`

// corkClient speaks lines.
type corkClient struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func newCorkClient(t *testing.T, address string) *corkClient {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &corkClient{t, c, bufio.NewReader(c)}
}

func (c *corkClient) hears(want string) {
	c.t.Helper()
	got, err := c.r.ReadString('\n')
	if err != nil || got != want+"\n" {
		c.t.Fatalf("heard %q (%v), want %q", got, err, want)
	}
}

// TestCork: output is held back while handlers run, and nobody can tell.
func TestCork(t *testing.T) {
	p := newProgram(t, corkProgram).start()
	p.prints("port ")
	_, port, _ := strings.Cut(strings.TrimSpace(p.stdout.String()), "port ")
	address := "127.0.0.1:" + strings.Fields(port)[0]

	t.Run("a handler that waits", func(t *testing.T) {
		c := newCorkClient(t, address)
		fmt.Fprint(c, "x\nwait\n")
		for _, want := range []string{"1 x", "2 x", "asleep"} {
			c.hears(want)
		}
		// What others send does not wait for it either.
		fmt.Fprint(newCorkClient(t, address), "tell\n")
		c.hears("news")
	})
	t.Run("a handler that computes", func(t *testing.T) {
		c := newCorkClient(t, address)
		fmt.Fprint(c, "long\n")
		c.hears("computing")
		fmt.Fprint(newCorkClient(t, address), "go\n")
		c.hears("computed")
	})
	t.Run("many lines at once", func(t *testing.T) {
		c := newCorkClient(t, address)
		var all strings.Builder
		for i := range 5000 {
			fmt.Fprintln(&all, i)
		}
		fmt.Fprint(c, all.String())
		for i := range 5000 {
			c.hears(fmt.Sprint("1 ", i))
			c.hears(fmt.Sprint("2 ", i))
		}
	})
	t.Run("a client that writes first and reads later", func(t *testing.T) {
		c := newCorkClient(t, address)
		line := strings.Repeat("x", 10_000)
		for range 400 { // 8 MB come back, which no socket holds
			if _, err := fmt.Fprintln(c, line); err != nil {
				t.Fatal(err)
			}
		}
		for range 400 {
			c.hears("1 " + line)
			c.hears("2 " + line)
		}
	})
}
