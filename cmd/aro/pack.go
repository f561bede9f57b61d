//go:build !runtime

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/cache"
	"aro/pkg/bytecode/optimize"
	"aro/pkg/compile"
	"aro/pkg/compile/app"
	"aro/pkg/host"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
)

// pack compiles an application to one .aroc that needs nothing beside it:
// program, contract, templates, static files, store files. Tests are left out.
// optimized asks for the passes that aro run does not wait for. The same sources give the
// same bytes.
func pack(path string, optimized bool) ([]byte, *app.Sources, error) {
	sources, plugins, err := discover(path, warn)
	if err != nil {
		return nil, nil, err
	}
	plugins, _ = describe(plugins, warn)
	for _, p := range plugins {
		defer p.Close(time.Now().Add(time.Second))
	}
	signatures := host.Signatures(verbsWith(aronet.New(), plugins))
	prog, diags := sources.Compile(compile.Options{Verbs: signatures})
	if prog == nil {
		return nil, nil, compileErrors(diags, false)
	}
	prog.Chunks = slices.DeleteFunc(prog.Chunks, func(c *bytecode.Chunk) bool { return bytecode.IsTest(c.Name, c.Activity) })
	if optimized {
		prog = optimize.Program(prog)
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			return nil, nil, &exitError{1, "Error: the compiler produced code that does not verify, which is a bug of aro: " + err.Error()}
		}
	}
	hash := cache.NewHasher(bytecode.FormatVersion, version())
	for _, f := range sources.Files {
		hash.Add(f.Name, f.Data)
	}
	meta := bytecode.Meta{Build: version()}
	name, document, err := sources.Contract()
	if err != nil {
		return nil, nil, &exitError{1, fmt.Sprintf("Error: %s cannot be read: %s", name, err)}
	}
	if document != nil {
		c, problems := readContract(name, document)
		if c == nil {
			return nil, nil, &exitError{1, strings.Join(problems, "\n")}
		}
		if missing := missingHandlers(c, prog); missing != "" {
			return nil, nil, &exitError{1, missing}
		}
		hash.Add(name, document)
		meta.Extra = append(meta.Extra, bytecode.Blob{Name: contractBlob, Data: c.Encode()})
	}
	for _, b := range savePlugins(plugins) {
		hash.Add(b.Name, b.Data)
		meta.Extra = append(meta.Extra, b)
	}
	assets, err := readAssets(sources.Root)
	if err != nil {
		return nil, nil, &exitError{1, "Error: " + err.Error()}
	}
	for _, a := range assets {
		hash.Add(a.Name, a.Data)
	}
	meta.Extra = append(meta.Extra, assets...)
	meta.Extra = append(meta.Extra, compileTemplates(sources.Root, signatures, optimized)...)
	meta.Key = hash.Key()
	return bytecode.Encode(prog, meta), sources, nil
}

// missingHandlers lists the operations of the contract that no feature set
// serves, "" when there are none.
func missingHandlers(c *contract.Contract, prog *bytecode.Program) string {
	return c.MissingHandlers(func(id string) bool {
		return slices.ContainsFunc(prog.Chunks, func(ch *bytecode.Chunk) bool { return contract.SameName(ch.Name, id) })
	})
}

// maxAssets bounds what is packed.
const maxAssets = 1 << 30

// readAssets reads the files that an application serves or starts from, in path
// order: templates/, static/ and *.store. Hidden files stay out.
func readAssets(root string) (list []bytecode.Blob, err error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	total := 0
	add := func(name string) error {
		data, err := dir.ReadFile(name)
		if err != nil {
			return err
		}
		if total += len(data); total > maxAssets {
			return fmt.Errorf("templates, static and store files are larger than %d MiB together", maxAssets>>20)
		}
		list = append(list, bytecode.Blob{Name: assetBlob + filepath.ToSlash(name), Data: data})
		return nil
	}
	seeds, err := fs.Glob(dir.FS(), "*.store")
	if err != nil {
		return nil, err
	}
	for _, name := range seeds {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	for _, folder := range []string{"static", "templates"} {
		err := fs.WalkDir(dir.FS(), folder, func(name string, e fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err) && name == folder:
				return fs.SkipDir
			case err != nil:
				return err
			case strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			case e.IsDir():
				return nil
			}
			return add(name)
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
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

// unpack loads what pack made, which may come from anywhere: all of it is expanded
// and verified before anything runs. root is where files are looked for that are not
// in it.
func unpack(data []byte, root string) (*loaded, error) {
	prog, meta, err := bytecode.DecodeProven(data)
	if err != nil {
		return nil, err
	}
	return assemble(prog, meta, root)
}
