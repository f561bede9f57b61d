//go:build !unix

package aronet

import "net"

// input reads from a connection. Unlike on Unix it holds a buffer while it waits.
type input struct{ sock net.Conn }

func newInput(sock net.Conn) *input { return &input{sock} }

// next waits for bytes. The caller puts buf back into chunks when it is done with
// data, which lies in it.
func (in *input) next() (buf *chunk, data []byte, err error) {
	buf = chunks.Get().(*chunk)
	n, err := in.sock.Read(buf[:])
	return buf, buf[:n], err
}

// direct reports whether write can do anything.
func (in *input) direct() bool { return false }

func (in *input) write([]byte) int { return 0 }

// descriptors is how many files the process may have open, 0 for no known limit.
func descriptors() int { return 0 }
