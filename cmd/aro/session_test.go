package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"aro/pkg/host"
)

// TestSessionKeepsServers: what listens and what is scheduled goes on when feature sets
// are defined, meets the new ones at once, and the old ones again after an entry that
// failed.
func TestSessionKeepsServers(t *testing.T) {
	var out bytes.Buffer
	s := newSession(host.Config{Stdout: &out, Stderr: &out})
	defer s.close()
	enter := func(text string) error {
		t.Helper()
		p := s.parse(piece{"entry", 1, text})
		_, err := s.enter(p, nil)
		return err
	}
	must := func(text string) {
		t.Helper()
		if err := enter(text); err != nil {
			t.Fatalf("%s\n%v\n%s", text, err, &out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	must(fmt.Sprintf(`Listen on port %d as <hall> with { framing: "lines" }.`, port))
	conn, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	lines := bufio.NewReader(conn)
	answer := func() string {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
	echo := func(word string) string {
		return `(Echo: DataReceived Handler) { Send "` + word + ` ${<event: text>}" to the <event: connection>. Return an <OK: status> for the <line>. }`
	}
	says := func(want string) {
		t.Helper()
		fmt.Fprintln(conn, "a")
		if got := answer(); got != want {
			t.Errorf("the server answers %q, want %q", got, want)
		}
	}
	must(echo("one"))
	says("one a")
	must(echo("two"))
	says("two a")
	if enter("Throw a <Bad: error> for the <test>.\n"+echo("three")) == nil {
		t.Error("Throw does not fail the entry")
	}
	says("two a")
	must("Schedule the <pulse> with 0.01 seconds.")
	must(`(Beat: pulse Handler) { Broadcast the <beat> to the <hall> with "beat". Return an <OK: status> for the <beat>. }`)
	if got := answer(); got != "beat" {
		t.Errorf("the schedule says %q", got)
	}
}
