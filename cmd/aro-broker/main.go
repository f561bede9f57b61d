// Command aro-broker runs a small NATS cluster on this machine, for trying out
// applications on several machines without installing anything:
//
//	go run ./cmd/aro-broker
//
// It is no part of aro, and servers that matter do not run like this: all of them are
// one process.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"aro/cmd/aro-broker/brokers"
)

func main() {
	o := brokers.Options{}
	flag.IntVar(&o.Servers, "servers", 3, "how many servers")
	flag.IntVar(&o.Port, "port", 4222, "port of the first one; the others have the next ones")
	flag.StringVar(&o.Dir, "dir", "aro-broker", "folder for what the servers keep")
	flag.BoolVar(&o.Sync, "sync", false, "write to the disk before acknowledging")
	flag.Parse()
	c, err := brokers.Start(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: "+err.Error())
		os.Exit(1)
	}
	fmt.Printf("%d server(s) are up: aro run PATH --engine %s\n", o.Servers, c.Address())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
	c.Close()
}
