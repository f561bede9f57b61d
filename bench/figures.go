package main

import (
	"aro/bench/internal/report"
)

// The names that peers have in tables; the flag -peers knows them too.
const (
	goPeer   = "Go"
	limit    = "limit"
	fastify  = "Fastify"
	express  = "Express"
	rawPeer  = "raw frames"
	cPeer    = "C epoll"
	nodePeer = "Node"
	lua      = "Lua 5.4"
	python   = "CPython"
	fsync    = "fsync"
)

// figure is a row of the table: what is to be reached, and what peers took on a
// quiet machine of the class that the figures were set for. What they take in a run
// says how slow the machine of that run is.
type figure struct {
	id, what, unit string
	goal           *report.Goal // nil: shown beside another row, and not judged
	quoted         map[string]float64
}

func allocs(n float64) *float64 { return &n }

// atMost and friends make goals.
func atMost(limit float64) *report.Goal { return &report.Goal{Limit: limit} }

func ratio(limit float64, of string) *report.Goal { return &report.Goal{Limit: limit, Of: of} }

func size(limit float64) *report.Goal { return &report.Goal{Limit: limit, Fixed: true} }

var figures = []figure{
	{"handler", "one handler invocation", "ns", &report.Goal{Limit: 250, Allocs: allocs(2)},
		map[string]float64{goPeer: 361, lua: 338, python: 246, "expr": 1025, "goja": 1395, "starlark-go": 1649, "gopher-lua": 2143, "tengo": 13800}},
	{"loop", "loop of 10⁶ rounds", "ms", atMost(12), nil},
	{"hostcall", "10⁵ host calls with a record and a text", "ms", &report.Goal{Limit: 2.5, Allocs: allocs(0)},
		map[string]float64{goPeer: 0.7, "expr": 6.8, "gopher-lua": 12.1, "starlark-go": 24.4}},
	{"compile", "compile 2,000 lines", "ms", atMost(2), map[string]float64{"goja": 2.9, "starlark-go": 3.4, lua: 0.68}},
	{"load", "load them from .aroc", "ms", atMost(0.2), map[string]float64{"starlark-go": 0.22, lua: 0.16}},
	{"json-decode", "200 bytes of JSON → record", "ns", &report.Goal{Limit: 700, Allocs: allocs(4)},
		map[string]float64{"encoding/json": 2076, "sonic": 771, "fastjson": 153}},
	{"json-encode", "record → JSON", "ns", &report.Goal{Limit: 180, Allocs: allocs(0)},
		map[string]float64{"encoding/json": 1671, "sonic": 552, "fastjson": 60}},
	{"http-list", "StatusPost `GET /messages`, server", "µs", ratio(0.6, goPeer),
		map[string]float64{goPeer: 22.7, limit: 11.9, fastify: 30.5, express: 117}},
	// The quoted page was a smaller one; the peers render that of the example now.
	{"http-page", "StatusPost `GET /`, server", "µs", ratio(0.25, goPeer), nil},
	{"http-post", "StatusPost `POST /messages`, server", "µs", ratio(1, goPeer),
		map[string]float64{goPeer: 12.3, limit: 6.1, fastify: 28, express: 146}},
	{"broadcast-1", "broadcast to 200 clients, server per delivery", "µs", ratio(0.65, goPeer),
		map[string]float64{goPeer: 5.3, rawPeer: 2.7, fastify: 5}},
	{"broadcast-8", "broadcast with 8 posts in flight, server per delivery", "µs", ratio(0.65, goPeer),
		map[string]float64{goPeer: 3.8, rawPeer: 2.3, fastify: 4.3}},
	{"tcp-pingpong", "TCP echo, 50 connections, ping-pong", "msg/s", &report.Goal{Limit: 0.95, Of: goPeer, More: true}, nil},
	{"tcp-pingpong-cpu", "TCP ping-pong, server per message", "µs", nil, map[string]float64{goPeer: 3.88, cPeer: 3.29, nodePeer: 5.04}},
	{"tcp-pipelined", "TCP echo, 64 messages in flight each", "msg/s", &report.Goal{Limit: 0.9, Of: goPeer, More: true}, nil},
	{"tcp-pipelined-cpu", "TCP pipelined, server per message", "µs", nil, nil},
	// Node's start is another kind of work, so only Go's says how slow the machine is.
	{"start-cold", "start to first response, cold", "ms", atMost(25), map[string]float64{goPeer: 8}},
	{"start-warm", "start to first response, warm", "ms", atMost(15), map[string]float64{goPeer: 8}},
	{"memory-idle", "resident memory, StatusPost idle", "MiB", size(22), nil},
	{"memory-load", "resident memory, after load", "MiB", size(40), nil},
	{"scale-emit", "Emit → handler, 64 producers: two cores over one", "×", &report.Goal{Limit: 1.7, More: true, Fixed: true}, nil},
	{"scale-store", "Store → observer, 8 repositories, the same", "×", &report.Goal{Limit: 1.7, More: true, Fixed: true}, nil},
	// 2,500 and 40,000 a second where the disk syncs 4,000 times.
	{"disk-1", "durable Stores, one writer", "/s", &report.Goal{Limit: 0.62, Of: fsync, More: true}, nil},
	{"disk-64", "durable Stores, 64 writers", "/s", &report.Goal{Limit: 10, Of: fsync, More: true}, nil},
	{"scale-store-one", "Store → observer, one repository, whose turns follow each other", "×", nil, nil},
}

// allowedGrowth is how much dearer an item may be in the largest world.
const allowedGrowth = 1.5

// growths are the series of growth. Those that may grow by more say why. What looks for
// one of many may grow as a Go map does: each value of a large one is in a cache line of
// its own.
var growths = []report.Series{
	{ID: "events", Name: "an event with a handler", X: "events", Unit: "ns"},
	{ID: "sets-one", Name: "one event, among many feature sets", X: "feature sets", Unit: "ns"},
	{ID: "sets-all", Name: "all events in turn", X: "feature sets", Unit: "ns", Allowed: 4,
		Why: "(frames, code and records of 10,000 feature sets are more than the processor's caches hold)"},
	{ID: "rows-map", Name: "Go: a value found in a map, the same way", X: "rows", Unit: "ns", Peer: true, Why: "what the processor's caches cost"},
	{ID: "rows-id", Name: "a row retrieved by id", X: "rows", Unit: "ns", Like: "rows-map"},
	{ID: "rows-field", Name: "a row retrieved by another field", X: "rows", Unit: "ns", Like: "rows-map"},
	{ID: "rows-replace", Name: "a row stored again", X: "rows", Unit: "ns", Like: "rows-map"},
	{ID: "lines", Name: "a line compiled", X: "lines", Unit: "ns"},
	{ID: "connections", Name: "a request, server", X: "connections", Unit: "µs"},
}
