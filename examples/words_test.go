package examples_test

import (
	"net"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestNetworkVerbs drives an application that calls the network verbs by all
// their names.
func TestNetworkVerbs(t *testing.T) {
	t.Parallel()
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	_, port, _ := net.SplitHostPort(upstream.Addr().String())
	p := aroproc.Start(t, aro, "testdata/words", aroproc.Options{Ready: "tcp", Args: []string{"--peer", port}})
	up, err := upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server := newTCP(t, up)
	server.want("hello upstream")
	server.send("hello back")
	p.Prints("upstream answered\n")

	a, b := dialTCP(t, p.TCP), dialTCP(t, p.TCP)
	a.send("join")
	a.want("joined;")
	for word, text := range map[string]string{"one": "one;", "two": "two;", "three": "three;", "four": "four;"} {
		b.send(word)
		a.want(text)
	}
	b.quiet(50 * time.Millisecond)
	a.send("leave")
	a.want("left;")
	b.send("one")
	a.quiet(50 * time.Millisecond)
	a.send("out")
	if rest := a.end(); rest != "" {
		t.Errorf("Disconnect: %q", rest)
	}
	b.send("end")
	if rest := b.end(); rest != "" {
		t.Errorf("Terminate: %q", rest)
	}
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
