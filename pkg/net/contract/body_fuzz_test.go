package contract

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/vm/value"
)

func FuzzDecodeBody(f *testing.F) {
	c, _ := Load([]byte(tutorial), "x")
	f.Add("application/json", []byte(user200))
	f.Add("application/x-www-form-urlencoded", []byte("message=Hello%20World&a=1&a=2"))
	f.Add("application/x-www-form-urlencoded", []byte(`{"name":"A","age":1}`))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=a; filename=\"../x\"\r\n\r\nx\r\n--b--\r\n"))
	f.Add("text/plain", []byte("\xff"))
	f.Fuzz(func(t *testing.T, ctype string, body []byte) {
		keep := bytes.Clone(body)
		for _, op := range c.Operations {
			v, files, fail := op.DecodeBody(ctype, body)
			if fail != nil {
				if fail.Status != 400 && fail.Status != 413 {
					t.Fatal(fail)
				}
				continue
			}
			for _, m := range files.List() {
				name, _ := m.Property("filename")
				s := name.Str()
				if s != "" && (filepath.Base(s) != s || s == ".." || strings.ContainsAny(s, "\x00\\/:")) {
					t.Fatalf("file name %q", s)
				}
			}
			if op.Body != nil {
				op.CheckBody(ctype, body, v)
			}
		}
		if !bytes.Equal(keep, body) {
			t.Fatal("the body changed")
		}
	})
}

// FuzzForm compares with net/url, which refuses what we keep as text.
func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%20+&a=2&c")
	f.Fuzz(func(t *testing.T, raw string) {
		want, err := url.ParseQuery(raw)
		if err != nil || raw == "" {
			return
		}
		got, fail := decodeForm(raw)
		if fail != nil {
			return
		}
		n := 0
		for k, l := range want {
			n += len(l)
			k = strings.ToValidUTF8(k, "\uFFFD")
			v, ok := got.Record().Get(k)
			if !ok {
				t.Fatalf("%q: no %q", raw, k)
			}
			if len(l) == 1 && v.Kind() == value.String && v.Str() != strings.ToValidUTF8(l[0], "\uFFFD") {
				t.Fatalf("%q: %q is %q", raw, k, v.Str())
			}
			if len(l) > 1 && v.Kind() != value.List {
				t.Fatalf("%q: %q is no list", raw, k)
			}
		}
		total := 0
		r := got.Record()
		for i := range r.Len() {
			if _, v := r.At(i); v.Kind() == value.List {
				total += v.Len()
			} else {
				total++
			}
		}
		if n != total {
			t.Fatalf("%q: %d fields, want %d", raw, total, n)
		}
	})
}

// FuzzMultipart compares with ReadForm of mime/multipart.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=f; filename=n\r\n\r\nxyz\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		const ctype = "multipart/form-data; boundary=b"
		_, params, _ := mime.ParseMediaType(ctype)
		v, files, fail := decodeMultipart(ctype, body)
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(1 << 20)
		if err != nil || fail != nil {
			return
		}
		for name, values := range form.Value {
			got, ok := v.Record().Get(strings.ToValidUTF8(name, "\uFFFD"))
			if !ok {
				t.Fatalf("no %q", name)
			}
			if len(values) == 1 && got.Kind() == value.String && got.Str() != values[0] {
				t.Fatalf("%q is %q, not %q", name, got.Str(), values[0])
			}
		}
		if n := len(form.File); n > files.Len() {
			t.Fatalf("%d files, not %d", files.Len(), n)
		}
	})
}
