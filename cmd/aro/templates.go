package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/optimize"
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

// maxCompiledTemplates bounds the source text of the templates that are compiled
// before anybody asks for them. Others are compiled when they are first rendered.
const maxCompiledTemplates = 1 << 20

var errEnough = errors.New("enough")

// compileTemplates compiles what is in the template folder, in path order. What is
// broken or cannot be read is left for the statement that renders it to complain of.
func compileTemplates(root string, signatures bytecode.Verbs, optimized bool) (list []bytecode.Blob) {
	folder, err := os.OpenRoot(filepath.Join(root, "templates"))
	if err != nil {
		return nil
	}
	defer folder.Close()
	left := int64(maxCompiledTemplates)
	_ = fs.WalkDir(folder.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return nil
		}
		if left -= info.Size(); left < 0 {
			return errEnough
		}
		src, err := folder.ReadFile(name)
		if err != nil || !utf8.Valid(src) || !bytes.Contains(src, []byte("{{")) {
			return nil
		}
		chunk, err := compile.Template(name, src, compile.Options{Verbs: signatures})
		if err != nil {
			return nil
		}
		if optimized {
			chunk = optimize.Chunk(chunk)
		}
		if bytecode.Verify(chunk) != nil {
			return nil
		}
		sum := sha256.Sum256(src)
		data := bytecode.Encode(&bytecode.Program{Chunks: []*bytecode.Chunk{chunk}}, bytecode.Meta{})
		list = append(list, bytecode.Blob{Name: templateBlob + name, Data: append(sum[:], data...)})
		return nil
	})
	return list
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
