package main

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"sync"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
)

// templateBlob is the prefix of blobs that hold a compiled template, by its path in
// the template folder: the hash of its source, then a program of one chunk.
const templateBlob = "template:"

// templateSet has the blobs of compiled templates by name.
type templateSet map[string][]byte

func newTemplateSet(extra []bytecode.Blob) templateSet {
	set := templateSet{}
	for _, b := range extra {
		if name, ok := strings.CutPrefix(b.Name, templateBlob); ok {
			set[name] = b.Data
		}
	}
	return set
}

// find returns the compiled template if it was made of this very source, and nil
// otherwise: templates change while a program runs.
func (set templateSet) find(name string, src []byte) *bytecode.Chunk {
	blob := set[name]
	sum := sha256.Sum256(src)
	if len(blob) < len(sum) || !bytes.Equal(blob[:len(sum)], sum[:]) {
		return nil
	}
	prog, _, err := bytecode.Decode(blob[len(sum):])
	if err != nil || len(prog.Chunks) != 1 || bytecode.Verify(prog.Chunks[0]) != nil {
		return nil
	}
	return prog.Chunks[0]
}

// templates returns what the host gets a template's code from. The verb table that
// compiling needs is made for the first template that has to be compiled.
func (l *loaded) templates() func(name string, src []byte) (*bytecode.Chunk, error) {
	signatures := sync.OnceValue(func() bytecode.Verbs { return host.Signatures(l.verbs) })
	return func(name string, src []byte) (*bytecode.Chunk, error) {
		if chunk := l.drawn.find(name, src); chunk != nil {
			return chunk, nil
		}
		chunk, err := compile.Template(name, src, compile.Options{Verbs: signatures()})
		if err == nil {
			err = bytecode.Verify(chunk)
		}
		return chunk, err
	}
}
