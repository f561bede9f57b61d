package main

import (
	"cmp"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"aro/pkg/bytecode"
	"aro/pkg/graph"
	"aro/pkg/host"
	"aro/pkg/monitor"
	"aro/pkg/net/contract"
	"aro/pkg/store/durable"
)

// anyPort is where the inspector opens unless somebody says where.
const anyPort = "127.0.0.1:0"

// watch says whether the host has to collect what the inspector shows.
func (o *runOptions) watch() *host.Watch {
	if o.inspect == "" {
		return nil
	}
	return &host.Watch{}
}

// operate opens what people and machines watch the application with.
func (l *loaded) operate(h *host.Host, o *runOptions) error {
	if addr := cmp.Or(o.health, os.Getenv("ARO_HEALTH")); addr != "" {
		at, err := monitor.Health(h, addr)
		if err != nil {
			return &exitError{1, "Error: " + err.Error()}
		}
		fmt.Fprintf(os.Stderr, "Health: http://%s/ready, /live and /metrics\n", at)
	}
	if o.flight != "" {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGQUIT)
		go func() {
			for range asked {
				h.WriteFlight("SIGQUIT")
			}
		}()
	}
	if o.inspect == "" {
		return nil
	}
	g, err := l.graph(l.program, l.contract)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	l.page = &monitor.Inspector{Host: h, Graph: g, Open: l.network.Open}
	url, err := l.page.Serve(o.inspect)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	fmt.Fprintf(os.Stderr, "Inspector: %s\n", url)
	return nil
}

// graph draws the program and its routes. Its name is the activity of
// Application-Start.
func (l *loaded) graph(prog *bytecode.Program, c *contract.Contract) (*graph.Graph, error) {
	var routes []graph.Operation
	if c != nil {
		for _, r := range routesOf(prog, c) {
			if !r.WebSocket {
				routes = append(routes, graph.Operation{Method: r.Method, Path: r.Path, Name: r.Operation, FeatureSet: r.FeatureSet})
			}
		}
	}
	name := applicationName(l.root)
	for _, c := range prog.Chunks {
		if c.Name == "Application-Start" {
			name = c.Activity
		}
	}
	return graph.Of(name, prog, routes)
}

// openData opens the data folder of a run; nil without one.
func (o *runOptions) openData() (*durable.Engine, error) {
	dir := o.data
	if dir == "" {
		dir = os.Getenv("ARO_DATA")
	}
	if dir == "" {
		return nil, nil
	}
	e, err := durable.Open(dir, durable.Options{Warn: func(err error) { fmt.Fprintf(os.Stderr, "[WARNING] %s\n", err) }})
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	return e, nil
}

// route is one operation of the contract and who serves it.
type route struct {
	Method     string `json:"method"`
	Path       string `json:"path"`
	Operation  string `json:"operation"`
	FeatureSet string `json:"featureSet,omitempty"` // "" when there is none
	File       string `json:"file,omitempty"`
	Line       int32  `json:"line,omitempty"`
	Secured    bool   `json:"secured"`
	Deprecated bool   `json:"deprecated"`
	WebSocket  bool   `json:"webSocket"`
}

// routesOf lists the operations in the order of the contract.
func routesOf(prog *bytecode.Program, of *contract.Contract) []route {
	routes := []route{}
	for _, op := range of.Operations {
		r := route{Method: op.Method, Path: op.Path, Operation: op.ID, Deprecated: op.Deprecated, WebSocket: op.WebSocket, Secured: len(op.Security) > 0}
		for _, c := range prog.Chunks {
			if c.Name == op.ID || r.FeatureSet == "" && contract.SameName(c.Name, op.ID) {
				r.FeatureSet, r.File, r.Line = c.Name, c.File, c.Line
			}
		}
		routes = append(routes, r)
	}
	return routes
}
