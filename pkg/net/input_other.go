//go:build !unix

package aronet

import "net"

// input reads from a connection. Unlike on Unix it holds a buffer while it waits.
type input struct{ sock net.Conn }

func newInput(c *Conn) *input { return &input{c.sock} }

// each waits for bytes and calls take for them, again and again, until take returns
// false. take gives buf back to chunks when it is done with data, which lies in it.
func (in *input) each(take func(buf *chunk, data []byte, err error) bool, _ func() bool) {
	for {
		buf := chunks.Get().(*chunk)
		n, err := in.sock.Read(buf[:])
		if !take(buf, buf[:n], err) {
			return
		}
	}
}

// direct reports whether write can do anything.
func (in *input) direct() bool { return false }

func (in *input) write([]byte) int { return 0 }

// alone is the writing of a single text; here nothing is gained by that.
type alone struct{}

func (*alone) write(c *Conn, data []byte) error {
	_, err := c.sock.Write(data)
	return err
}

// descriptors is how many files the process may have open, 0 for no known limit.
func descriptors() int { return 0 }
