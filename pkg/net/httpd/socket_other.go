//go:build !unix

package httpd

// poller is for systems where a read can wait without a buffer.
type poller struct{}

// await waits for the first bytes of a request.
func (c *conn) await() error { return c.fill() }

// direct says that sendRaw is for all answers.
const direct = false

// sendRaw writes a long text in short pieces; each piece that the client takes
// counts as life.
func (c *conn) sendRaw(p []byte) error {
	for len(p) > 0 {
		n, err := c.wire.Write(p[:min(len(p), 2<<10)])
		p = p[n:]
		if err != nil && c.expired(err) {
			return err
		}
		c.within(c.server.Limits.Write)
	}
	return nil
}

// gone would tell whether the client has gone; here it cannot be seen.
func (c *conn) gone() bool { return false }
