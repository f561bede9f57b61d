// Package brokers runs NATS servers with JetStream inside this process: a cluster for
// tests and for trying things out on one machine. Servers that matter are started as
// NATS says, each on a machine of its own.
package brokers

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Options of a cluster.
type Options struct {
	Servers int    // 1 or more; three are the least that survive the end of one
	Port    int    // of the first server, the others follow; 0: free ones
	Dir     string // where each server keeps what it is given in a folder of its own
	Sync    bool   // a message is on the disk before it is acknowledged
}

// Cluster is servers that know each other.
type Cluster struct {
	o       Options
	servers []*server.Server
	options []*server.Options
}

const ready = 20 * time.Second

// Start starts servers and returns when each takes connections.
func Start(o Options) (*Cluster, error) {
	c := &Cluster{o: o}
	for i := range max(o.Servers, 1) {
		so := &server.Options{
			ServerName: fmt.Sprint("server", i+1), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: filepath.Join(o.Dir, fmt.Sprint("server", i+1)), SyncAlways: o.Sync,
			NoSigs: true, NoLog: true,
		}
		if o.Port > 0 {
			so.Port = o.Port + i
		}
		if o.Servers > 1 {
			port, err := freePort()
			if err != nil {
				return nil, err
			}
			so.Cluster = server.ClusterOpts{Name: "aro", Host: "127.0.0.1", Port: port}
		}
		c.options = append(c.options, so)
		c.servers = append(c.servers, nil)
	}
	for _, so := range c.options { // a server begins only if it knows where the others are
		for _, other := range c.options {
			if other.Cluster.Port != 0 {
				so.Routes = append(so.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", other.Cluster.Port)})
			}
		}
	}
	for i := range c.servers {
		if err := c.begin(i); err != nil {
			c.Close()
			return nil, err
		}
	}
	for i := range c.servers {
		if err := c.wait(i); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Begin starts one server, again if it was ended, with the data that it had.
func (c *Cluster) Begin(i int) error {
	if err := c.begin(i); err != nil {
		return err
	}
	return c.wait(i)
}

// freePort is a port that nobody listened on a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// begin starts a server and returns when its port is known.
func (c *Cluster) begin(i int) error {
	o := c.options[i]
	s, err := server.NewServer(o.Clone())
	if err != nil {
		return err
	}
	s.Start()
	c.servers[i] = s
	for deadline := time.Now().Add(ready); s.Addr() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return c.stuck(i)
		}
	}
	o.Port = s.Addr().(*net.TCPAddr).Port
	return nil
}

func (c *Cluster) wait(i int) error {
	if !c.servers[i].ReadyForConnections(ready) {
		return c.stuck(i)
	}
	return nil
}

func (c *Cluster) stuck(i int) error {
	return fmt.Errorf("server %d does not start on port %d: is something else there?", i+1, c.options[i].Port)
}

// End ends one server.
func (c *Cluster) End(i int) {
	if s := c.servers[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		c.servers[i] = nil
	}
}

// Address is what --engine wants: all servers.
func (c *Cluster) Address() string {
	var hosts []string
	for _, o := range c.options {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", o.Port))
	}
	return "nats://" + strings.Join(hosts, ",")
}

// Close ends all servers.
func (c *Cluster) Close() {
	for i := range c.servers {
		c.End(i)
	}
}
