package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxInput is the longest input that is kept, in bytes.
const maxInput = 64 << 10

// unpack writes the inputs of an archive into dir, where they are not there yet. Without
// an archive there is nothing to do.
func unpack(archive, dir string) error {
	data, err := os.ReadFile(archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		input, err := io.ReadAll(io.LimitReader(r, maxInput))
		if err != nil {
			return err
		}
		if _, err := root.Stat(h.Name); err == nil {
			continue
		}
		if err := root.WriteFile(h.Name, input, 0o644); err != nil {
			return err
		}
	}
}

// pack writes the inputs in dir into an archive, and returns how many there are. The same
// inputs give the same bytes.
func pack(dir, archive string) (n int, err error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one
	w := tar.NewWriter(z)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return 0, err
		}
		if len(data) > maxInput {
			continue
		}
		if err := w.WriteHeader(&tar.Header{Name: e.Name(), Mode: 0o644, Size: int64(len(data)), Format: tar.FormatUSTAR}); err != nil {
			return 0, err
		}
		if _, err := w.Write(data); err != nil {
			return 0, err
		}
		n++
	}
	if n == 0 {
		return 0, nil
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return 0, err
	}
	return n, os.WriteFile(archive, out.Bytes(), 0o644)
}
