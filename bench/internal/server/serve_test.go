//go:build linux

package server

import (
	"log"
	"net/http"
	"strconv"
)

func serve(addr string) {
	log.Fatal(http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) })))
}

func itoa(n int) string { return strconv.Itoa(n) }
