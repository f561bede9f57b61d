// Package jsonlibs measures JSON libraries at values whose form is not known
// beforehand, which is what a request's body is.
package jsonlibs

import (
	stdjson "encoding/json"
	"os"
	"testing"

	"github.com/bytedance/sonic"
	"github.com/valyala/fastjson"

	"peers/yardstick"
)

// body is the file that the benchmarks of aro read as well.
var body = func() []byte {
	b, err := os.ReadFile("../../body.json")
	if err != nil {
		panic(err)
	}
	return b
}()

// BenchmarkDecode reads the body into maps, fastjson into an arena that it uses
// again, which is a floor and no alternative.
func BenchmarkDecode(b *testing.B) {
	var arena fastjson.Parser
	for _, lib := range []struct {
		name  string
		parse func([]byte) (any, error)
	}{
		{"encoding-json", func(b []byte) (v any, err error) { err = stdjson.Unmarshal(b, &v); return }},
		{"sonic", func(b []byte) (v any, err error) { err = sonic.ConfigFastest.Unmarshal(b, &v); return }},
		{"fastjson", func(b []byte) (any, error) { return arena.ParseBytes(b) }},
	} {
		yardstick.Run(b, lib.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := lib.parse(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes the same as JSON again.
func BenchmarkEncode(b *testing.B) {
	var tree any
	if err := stdjson.Unmarshal(body, &tree); err != nil {
		b.Fatal(err)
	}
	var p fastjson.Parser
	arena, err := p.ParseBytes(body)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	for _, lib := range []struct {
		name  string
		write func() ([]byte, error)
	}{
		{"encoding-json", func() ([]byte, error) { return stdjson.Marshal(tree) }},
		{"sonic", func() ([]byte, error) { return sonic.ConfigFastest.Marshal(tree) }},
		{"fastjson", func() ([]byte, error) { buf = arena.MarshalTo(buf[:0]); return buf, nil }},
	} {
		yardstick.Run(b, lib.name, func(b *testing.B) {
			for b.Loop() {
				if out, err := lib.write(); err != nil || len(out) < 150 {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}
