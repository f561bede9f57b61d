package aronet

import (
	"net"
	"os"
	"strconv"
	"testing"
)

// TestInherited: sockets are taken only when they are meant for this process, and
// what is no TCP socket is left alone.
func TestInherited(t *testing.T) {
	one, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	fds := func(fd uintptr, _ string) *os.File {
		switch fd {
		case 3:
			return read
		case 4:
			f, err := one.(*net.TCPListener).File()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f
		}
		return nil
	}
	env := map[string]string{"LISTEN_FDS": "3", "LISTEN_PID": "17", "LISTEN_FDNAMES": "pipe:http"}
	get := func(name string) string { return env[name] }
	list := inheritedFrom(get, 17, fds)
	if len(list) != 1 || list[0].name != "http" || strconv.Itoa(list[0].port) != one.Addr().String()[len("127.0.0.1:"):] {
		t.Errorf("%+v", list)
	}
	if list := inheritedFrom(get, 18, fds); list != nil {
		t.Errorf("another process's: %+v", list)
	}
	for _, n := range []string{"", "0", "-1", "x", "1000000"} {
		env["LISTEN_FDS"] = n
		if list := inheritedFrom(get, 17, fds); list != nil {
			t.Errorf("%q: %+v", n, list)
		}
	}
}
