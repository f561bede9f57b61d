package aronet

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

// inherited are listening sockets that whoever started the process has opened, as
// systemd does (sd_listen_fds(3)). They outlive it: who connects while one process
// ends and the next one starts waits in the queue of the system and is served by
// the next one (05 S02). They belong to the process, and so does the list.
var inherited = sync.OnceValue(func() []inheritedSocket {
	return inheritedFrom(os.Getenv, os.Getpid(), os.NewFile)
})

type inheritedSocket struct {
	name string // FileDescriptorName= of the socket unit
	port int
	file *os.File // stays open: a listener that is closed can be opened again
}

// firstInherited is the number of the first one.
const firstInherited = 3

// inheritedFrom reads what the environment says. Sockets that are none for TCP are
// somebody else's.
func inheritedFrom(env func(string) string, pid int, open func(uintptr, string) *os.File) []inheritedSocket {
	n, err := strconv.Atoi(env("LISTEN_FDS"))
	if err != nil || n < 1 || n > 100 || env("LISTEN_PID") != strconv.Itoa(pid) {
		return nil
	}
	var list []inheritedSocket
	names := strings.Split(env("LISTEN_FDNAMES"), ":")
	for i := range n {
		f := open(uintptr(firstInherited+i), "inherited")
		if f == nil {
			continue
		}
		keepFromChildren(f.Fd())
		l, err := net.FileListener(f)
		if err != nil {
			continue
		}
		if a, ok := l.Addr().(*net.TCPAddr); ok {
			s := inheritedSocket{port: a.Port, file: f}
			if i < len(names) {
				s.name = names[i]
			}
			list = append(list, s)
		}
		l.Close()
	}
	return list
}

// open listens on a port, or on the inherited socket that has the port or the name.
// shared tells which it was.
func open(name, bind string, port int) (l net.Listener, shared bool, err error) {
	for _, s := range inherited() {
		if s.port == port || s.name == name {
			l, err = net.FileListener(s.file)
			return l, true, err
		}
	}
	l, err = net.Listen("tcp", net.JoinHostPort(bind, strconv.Itoa(port)))
	return l, false, err
}
