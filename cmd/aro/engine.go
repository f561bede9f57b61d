package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/store/cluster"
)

// catchUp is how long the rows of a cluster may take to come.
const catchUp = 5 * time.Minute

// openEngine joins the cluster of a run; it returns nil without one.
func (l *loaded) openEngine(o *runOptions, cfg *host.Config) (*cluster.JetStream, error) {
	address := o.engine
	if address == "" {
		address = os.Getenv("ARO_ENGINE")
	}
	if address == "" {
		return nil, nil
	}
	if cfg.Engine != nil {
		return nil, &exitError{1, "Error: rows are kept in a folder or by an engine: give --data or --engine, and look for ARO_DATA and ARO_ENGINE"}
	}
	a, err := cluster.ParseAddress(address)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	name := a.Name
	if name == "" {
		name = strings.TrimSuffix(applicationName(l.root), filepath.Ext(l.root))
	}
	warn := func(err error) { fmt.Fprintf(os.Stderr, "[WARNING] %s\n", err) }
	log, err := cluster.Connect(a, name, warn)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), catchUp)
	defer cancel()
	e, err := cluster.Open(ctx, log, cluster.Options{Where: a.String(), Warn: warn})
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	cfg.Engine, cfg.Leads = e, log.Leads
	return log, nil
}
