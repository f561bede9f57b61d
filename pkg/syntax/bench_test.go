package syntax

import (
	"strings"
	"testing"
)

// program returns a generated program of about n lines with the mix of
// statements that real ones have.
func program(n int) string {
	const set = `(Handle Signal 1: DataReceived Handler) {
    Extract the <type> from the <signal: type>.
    Extract the <payload> from the <signal: payload>.
    (* decide what it is *)
    Log "Client ${connection-id} sent a signal" to the <console>.
    Compute the <total> from <price> * <quantity> + 1.5.
    Create the <crew> with {
        id: <connection-id>,
        address: <remote-address>,
        since: <current-time>
    }.
    Store the <crew> into the <crew-repository> with id <connection-id>.
    Retrieve the <late> from the <order-repository> where status = "open" and kg > 10.
    match <type> {
        case "ping" {
            Send the <pong> to the <connection> with { type: "pong" }.
        }
        case "kick" {
            Close the <crew: connection> when <crew> is not empty.
        }
    }
    for each <x> in <late> {
        Emit a <OrderLate: event> with <x>.
    }
    Return an <OK: status> for the <signal>.
}

`
	return strings.Repeat(set, n/strings.Count(set, "\n"))
}

func BenchmarkParse(b *testing.B) {
	src := []byte(program(10000))
	lines := strings.Count(string(src), "\n")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if diags := Parse(NewFile("bench", src)); len(diags) > 0 {
			b.Fatal(diags[0])
		}
	}
	perLine(b, lines)
}

// BenchmarkScan is the share of the scanner; references are read by it as
// single tokens here, so it is a little more than that.
func BenchmarkScan(b *testing.B) {
	src := []byte(program(10000))
	lines := strings.Count(string(src), "\n")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		p := newParser(NewFile("bench", src))
		for p.scan().kind != tEOF {
		}
	}
	perLine(b, lines)
}

func BenchmarkSmallFile(b *testing.B) {
	src := []byte(program(28))
	b.ReportAllocs()
	for b.Loop() {
		Parse(NewFile("bench", src))
	}
}

func perLine(b *testing.B, lines int) {
	ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(lines)
	b.ReportMetric(ns, "ns/line")
	b.ReportMetric(1e9/ns, "lines/s")
}
