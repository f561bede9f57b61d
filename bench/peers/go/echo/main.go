// echo: TCP echo, one goroutine for each connection. -mode chunk echoes
// whatever a read returned; -mode lines hands on one newline-ended message at a
// time and flushes when no whole input is buffered.
package main

import (
	"bufio"
	"flag"
	"log"
	"net"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9000", "")
	mode := flag.String("mode", "chunk", "chunk or lines")
	flag.Parse()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		if *mode == "lines" {
			go lines(c)
		} else {
			go chunk(c)
		}
	}
}

func chunk(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func lines(c net.Conn) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 16<<10), bufio.NewWriterSize(c, 16<<10)
	for {
		b, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if _, err := w.Write(b); err != nil {
			return
		}
		if r.Buffered() == 0 {
			if w.Flush() != nil {
				return
			}
		}
	}
}
