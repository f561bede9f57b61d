// Package socket has the calls to sockets that never wait, for what runs within a
// syscall.RawConn and waits with it. There are none where sockets are not files.
package socket
