package main

import (
	"cmp"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"aro/pkg/host"
	"aro/pkg/monitor"
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
	g, err := l.graph()
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	page := &monitor.Inspector{Host: h, Graph: g, Open: l.network.Open}
	url, err := page.Serve(o.inspect)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	fmt.Fprintf(os.Stderr, "Inspector: %s\n", url)
	return nil
}
