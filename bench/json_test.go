package main

import (
	"os"
	"testing"

	"aro/pkg/vm/value"
)

// body is the request body of 200 bytes that the JSON libraries read as well.
func body(tb testing.TB) string {
	b, err := os.ReadFile("peers/body.json")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// BenchmarkJSONDecode is a body turned into a record, the copy of its bytes included.
func BenchmarkJSONDecode(b *testing.B) {
	text := []byte(body(b))
	b.ReportAllocs()
	begun := cpuTime()
	for b.Loop() {
		if v, err := value.ParseJSON(string(text)); err != nil || v.Kind() != value.Map {
			b.Fatal(v, err)
		}
	}
	reportCPU(b, begun, 1)
}

// BenchmarkJSONEncode is the record written as JSON into a buffer that is used again.
func BenchmarkJSONEncode(b *testing.B) {
	v, err := value.ParseJSON(body(b))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	begun := cpuTime()
	for b.Loop() {
		buf = v.AppendJSON(buf[:0])
	}
	reportCPU(b, begun, 1)
	if len(buf) < 150 {
		b.Fatal(string(buf))
	}
}
