//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"aro/bench/internal/load"
	"aro/bench/internal/report"
	"aro/bench/internal/server"
)

// contender is a server with the name that it has in tables.
type contender struct {
	who string
	server.Command
}

// aroRuns is `aro run` of one of the examples.
func (s *suite) aroRuns(example, cache string) server.Command {
	return server.Command{Args: []string{s.have["aro"], "run", filepath.Join(s.root, "examples", example)}, Dir: s.dir,
		Env: []string{"ARO_HTTP_PORT={port}", "ARO_SOCKET_PORT={port}", "ARO_CACHE_DIR=" + cache}}
}

func (s *suite) cache() string { return filepath.Join(s.dir, "cache") }

// boards are the message boards. Those without WebSocket are left out for rows
// about it, and the peer that only differs there is left out elsewhere.
func (s *suite) boards(websocket bool) []contender {
	list := []contender{{report.Us, s.aroRuns("statuspost", s.cache())}}
	add := func(who, program string, args ...string) {
		if program != "" && s.anyPeer(who) {
			list = append(list, contender{who, server.Command{Args: append([]string{program}, args...), Dir: s.node}})
		}
	}
	add(goPeer, s.have["statuspost"], "-addr", "{addr}")
	if websocket {
		add(rawPeer, s.have["statuspost"], "-addr", "{addr}", "-ws", "raw")
	} else {
		add(limit, s.have["limit"], "-addr", "{addr}")
	}
	if s.node != "" {
		add(fastify, "node", filepath.Join(s.node, "fastify.js"), "{addr}")
		if !websocket {
			add(express, "node", filepath.Join(s.node, "express.js"), "{addr}")
		}
	}
	for i := range list {
		list[i].Path = "/messages"
	}
	return list
}

func (s *suite) echoes() []contender {
	list := []contender{{report.Us, s.aroRuns("echo", s.cache())}}
	add := func(who, program string, args ...string) {
		if program != "" && s.anyPeer(who) {
			list = append(list, contender{who, server.Command{Args: append([]string{program}, args...), Dir: s.node}})
		}
	}
	add(goPeer, s.have["echo"], "-addr", "{addr}")
	add(cPeer, s.have["echo-c"], "{port}")
	if s.node != "" {
		add(nodePeer, "node", filepath.Join(s.node, "echo.js"), "{addr}")
	}
	return list
}

// each starts the servers one after the other, as often as is wanted, so that a
// change of the machine's mood meets all of them.
func (s *suite) each(list []contender, f func(c contender, p *server.Process) error) error {
	for range s.rounds {
		for _, c := range list {
			p, err := server.Start(c.Command)
			if err != nil {
				if c.who == report.Us {
					return err
				}
				s.skip("%s: %v", c.who, err)
				continue
			}
			err = f(c, p)
			p.Stop()
			if err != nil {
				return fmt.Errorf("%s: %w", c.who, err)
			}
		}
	}
	return nil
}

// under puts load on a server and says what that took.
func under(p *server.Process, f func() (load.Result, error)) (load.Result, server.Usage, error) {
	return server.Measure(p.Pid, func() (r load.Result, ours float64, err error) {
		_, core := server.Cores()
		err = server.OnCore(core, func() (err error) { r, err = f(); return err })
		return r, 0, err
	})
}

// perOp is the server's processor time for each operation, in µs.
func perOp(u server.Usage, r load.Result) float64 { return u.Server / r.Done * 1e6 }

// connections that ask for something all the time.
const connections = 64

// http measures the message board's requests, and its memory before and after.
func (s *suite) http() error {
	return s.each(s.boards(false), func(c contender, p *server.Process) error {
		time.Sleep(300 * time.Millisecond)
		s.add("memory-idle", c.who, server.Resident(p.Pid), 0)
		for i := range 30 {
			form := "message=hello+number+" + strconv.Itoa(1000+i) + "%2C+a+message+of+ordinary+length"
			if _, err := load.HTTP(p.Addr, load.Post(p.Addr, "/messages", form), 1, time.Millisecond); err != nil {
				return err
			}
		}
		warm := s.length() / 2
		for _, path := range []string{"/messages", "/"} {
			if _, err := load.HTTP(p.Addr, load.Get(p.Addr, path), connections, warm); err != nil {
				return err
			}
		}
		for _, q := range []struct {
			row     string
			request []byte
		}{
			{"http-list", load.Get(p.Addr, "/messages")},
			{"http-page", load.Get(p.Addr, "/")},
			{"http-post", load.Post(p.Addr, "/messages", "message=hello+everybody%2C+this+is+a+message+of+ordinary+length")},
		} {
			r, use, err := under(p, func() (load.Result, error) { return load.HTTP(p.Addr, q.request, connections, s.length()) })
			if err != nil {
				return fmt.Errorf("%s: %w", q.row, err)
			}
			s.add(q.row, c.who, perOp(use, r), use.Other)
		}
		s.add("memory-load", c.who, server.Resident(p.Pid), 0)
		return nil
	})
}

// broadcast measures messages to 200 WebSocket clients.
func (s *suite) broadcast() error {
	const clients = 200
	return s.each(s.boards(true), func(c contender, p *server.Process) error {
		if _, err := load.Broadcast(p.Addr, clients, 4, s.length()/2); err != nil {
			return err
		}
		for _, window := range []int{1, 8} {
			r, use, err := under(p, func() (load.Result, error) { return load.Broadcast(p.Addr, clients, window, s.length()) })
			if err != nil {
				return err
			}
			s.add(fmt.Sprint("broadcast-", window), c.who, perOp(use, r), use.Other)
		}
		return nil
	})
}

// tcp measures messages that are sent back.
func (s *suite) tcp() error {
	const conns, bytes = 50, 64
	return s.each(s.echoes(), func(c contender, p *server.Process) error {
		if _, err := load.Echo(p.Addr, conns, 1, bytes, s.length()/4); err != nil {
			return err
		}
		for _, q := range []struct {
			row    string
			window int
		}{{"tcp-pingpong", 1}, {"tcp-pipelined", 64}} {
			r, use, err := under(p, func() (load.Result, error) { return load.Echo(p.Addr, conns, q.window, bytes, s.length()) })
			if err != nil {
				return err
			}
			s.add(q.row, c.who, r.PerSecond, use.Other)
			s.add(q.row+"-cpu", c.who, perOp(use, r), use.Other)
		}
		return nil
	})
}

// starts measures the time to the first response. Cold is with an empty cache of
// compiled programs; the files are in the system's cache either way.
func (s *suite) starts() error {
	const each = 4 // so quick that one more costs little
	fresh := filepath.Join(s.dir, "fresh")
	list := append([]contender{{"cold", s.aroRuns("statuspost", fresh)}}, s.boards(false)...)
	list[0].Path = "/messages"
	if p, err := server.Start(list[1].Command); err != nil { // warms the cache
		return err
	} else {
		// The entry is written beside the first requests.
		time.Sleep(200 * time.Millisecond)
		p.Stop()
	}
	for range s.rounds {
		for k := range each * len(list) {
			c := list[k%len(list)]
			server.Quiet()
			if err := os.RemoveAll(fresh); err != nil {
				return err
			}
			p, err := server.Start(c.Command)
			if err != nil {
				if c.who == report.Us || c.who == "cold" {
					return err
				}
				s.skip("%s: %v", c.who, err)
				continue
			}
			p.Stop()
			took := float64(p.Start.Microseconds()) / 1000
			switch c.who {
			case "cold":
				s.add("start-cold", report.Us, took, 0)
			case report.Us:
				s.add("start-warm", report.Us, took, 0)
			default:
				s.add("start-cold", c.who, took, 0)
				s.add("start-warm", c.who, took, 0)
			}
		}
	}
	return nil
}
