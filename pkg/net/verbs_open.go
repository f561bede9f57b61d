package aronet

import (
	"errors"
	"fmt"
	"net"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

const defaultPort = 9000

// listenVerb is `Listen on port 9000 as <name>.` The forms without a port open
// nothing: they bind what they name (02 §8.7).
func (n *Network) listenVerb(c *vm.Call) (value.Value, error) {
	s := c.Site
	switch s.Object.Base {
	case "stdin", "keyboard", "input", "keys":
		if !c.Has(bytecode.SlotPort) {
			hostOf(c).ListenKeyboard()
			return value.OfString("keyboard"), nil
		}
	}
	if !c.Has(bytecode.SlotPort) {
		target := s.Object.Raw
		if target == "" {
			target = s.Object.Base
		}
		return value.MapOf("type", value.OfString(s.Object.Base), "target", value.OfString(target)), nil
	}
	name := s.As
	if name == "" {
		name = s.Result.Base
	}
	if name == "" {
		name = "socket-server"
	}
	port, err := portOf(c.Arg(bytecode.SlotPort))
	if err != nil {
		return value.Value{}, err
	}
	o, err := listenOptionsOf(c.Arg(bytecode.SlotWith))
	if err != nil {
		return value.Value{}, err
	}
	l, err := n.listen(name, port, o, hostOf(c).Hold)
	if err != nil {
		return value.Value{}, err
	}
	n.announce(name, l.self)
	return l.self, nil
}

// listenOptionsOf reads { host, framing, maxConnections }.
func listenOptionsOf(v value.Value) (o listenOptions, err error) {
	if h, ok := v.Property("host"); ok {
		o.host = h.Text()
	}
	if m, ok := v.Property("maxConnections"); ok {
		o.max = int(m.Int())
	}
	o.lines, err = framingOf(v)
	return o, err
}

// framingOf reads the option framing: true for lines.
func framingOf(v value.Value) (lines bool, err error) {
	f, ok := v.Property("framing")
	if !ok {
		return false, nil
	}
	switch f.Text() {
	case "lines":
		return true, nil
	case "raw":
		return false, nil
	}
	return false, fmt.Errorf("framing is \"raw\" or \"lines\", not %q", f.Text())
}

// portOf reads a port number, which may be text.
func portOf(v value.Value) (int, error) {
	if f, ok := v.AsNumber(); ok && f >= 0 && f <= 65535 && f == float64(int(f)) {
		return int(f), nil
	}
	return 0, fmt.Errorf("%s is no port", v.Text())
}

// connectVerb is Connect in its three forms (03 §8.8). A statement that cannot
// mean anything is an error; a connection that cannot be opened is null.
func (n *Network) connectVerb(c *vm.Call) (value.Value, error) {
	if err := n.mayConnect(); err != nil {
		return value.Value{}, err
	}
	s := c.Site
	d := &dialing{net: n, name: s.As, timeout: n.Limits.Dial}
	if d.name == "" {
		d.name = s.Result.Base
	}
	options := c.Arg(bytecode.SlotWith)
	if err := d.address(c, options); err != nil {
		return value.Value{}, err
	}
	if t, ok := options.Property("timeout"); ok {
		seconds, ok := t.AsNumber()
		if !ok || seconds <= 0 || seconds > 86400 {
			return value.Value{}, fmt.Errorf("%s is no time limit in seconds", t.Text())
		}
		d.timeout = time.Duration(seconds * float64(time.Second))
	}
	var err error
	if d.lines, err = framingOf(options); err != nil {
		return value.Value{}, err
	}
	if n.isStopping() {
		return n.noConnection(d.name), nil
	}
	return c.Suspend(d)
}

// address finds host and port: host in `<host: "name">`, in a variable, in a map
// or as "name:port"; port behind on port, in with, or in that map.
func (d *dialing) address(c *vm.Call, options value.Value) error {
	s := c.Site
	v := c.Arg(bytecode.SlotObject)
	if !v.IsBound() {
		v = c.Arg(bytecode.SlotObjectSpec)
	}
	switch {
	case s.Object.Base == "host" && s.Object.Quoted:
		d.host = s.Object.Raw
	case v.Kind() == value.Map:
		if h, ok := v.Property("host"); ok {
			d.host = h.Text()
		}
	case v.Kind() > value.Null:
		d.host = v.Text()
	case v.Kind() == value.Null:
		return errors.New("the host is empty")
	case s.Object.Raw != "":
		d.host = s.Object.Raw
	case s.Object.Base != "host":
		d.host = s.Object.Base
	}
	if h, ok := options.Property("host"); ok && d.host == "" {
		d.host = h.Text()
	}
	port := c.Arg(bytecode.SlotPort)
	if !port.IsBound() {
		if p, ok := options.Property("port"); ok {
			port = p
		} else if options.IsNumber() {
			port = options
		} else if p, ok := v.Property("port"); ok {
			port = p
		}
	}
	if h, p, err := net.SplitHostPort(d.host); err == nil {
		d.host = h
		if !port.IsBound() {
			port = value.OfString(p)
		}
	}
	if d.host == "" {
		return errors.New("there is no host to connect to")
	}
	if !port.IsBound() {
		return errors.New("there is no port to connect to")
	}
	n, err := portOf(port)
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("0 is no port to connect to")
	}
	d.port = n
	return nil
}

// closeVerb is Close: a connection, a stream, or a listener with its connections.
// What does not exist is closed already.
func (n *Network) closeVerb(c *vm.Call) (value.Value, error) {
	if c.Site.Prep != "" && c.Site.Object.Base == "application" {
		return value.Value{}, nil
	}
	v, base := c.Arg(bytecode.SlotResult), c.Site.Result.Base
	if l := asListener(v); l != nil {
		l.Close()
		return value.Value{}, nil
	}
	if st, ok := v.Object().(*stream); ok {
		st.Close()
		return value.Value{}, nil
	}
	if l := n.listenerNamed(base); l != nil && n.connOf(v) == nil {
		l.Close()
		return value.Value{}, nil
	}
	if conn := n.resultConn(c); conn != nil {
		conn.Close()
		return value.Value{}, nil
	}
	if s := hostOf(c).Service(base); s != nil {
		return value.Value{}, s.Stop(c)
	}
	if st := n.client.streamNamed(base); st != nil && !v.IsBound() {
		st.Close()
		return value.Value{}, nil
	}
	if isWebSocketName(base) && !v.IsBound() {
		for _, conn := range n.sockets.list() {
			conn.Close()
		}
	}
	return value.Value{}, nil
}

// socketServer is the service that `Start the <socket-server>` addresses. Unlike
// Listen it does not hold the process.
type socketServer struct{ net *Network }

// Start implements host.Service.
func (s socketServer) Start(c *vm.Call, options value.Value) (value.Value, error) {
	port := value.OfInt(defaultPort)
	if p, ok := options.Property("port"); ok {
		port = p
	} else if options.IsNumber() || options.Kind() == value.String {
		port = options
	}
	p, err := portOf(port)
	if err != nil {
		return value.Value{}, err
	}
	o, err := listenOptionsOf(options)
	if err != nil {
		return value.Value{}, err
	}
	l, err := s.net.listen("socket-server", p, o, hostOf(c).Source)
	if err != nil {
		return value.Value{}, err
	}
	return l.self, nil
}

// Stop implements host.Service.
func (s socketServer) Stop(*vm.Call) error {
	if l := s.net.listenerNamed("socket-server"); l != nil {
		l.Close()
		return nil
	}
	for _, l := range s.net.allListeners() {
		l.Close()
	}
	return nil
}

// Describe implements host.Service.
func (s socketServer) Describe() value.Value {
	if l := s.net.listenerNamed("socket-server"); l != nil {
		return l.self
	}
	return value.Value{}
}
