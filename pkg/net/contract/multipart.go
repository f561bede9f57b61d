package contract

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

const (
	maxParts    = 100 // 05 H04
	maxBoundary = 70  // RFC 2046
	maxFileName = 255
)

var errMultipart = "Request body is not valid multipart/form-data"

// decodeMultipart reads multipart/form-data. Text parts become strings; parts
// with a file name or another type become bytes, described in files.
func decodeMultipart(contentType string, body []byte) (v, files value.Value, f *Failure) {
	_, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > maxBoundary {
		return value.Value{}, noFiles, BadRequest(errMultipart)
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	form := formBuilder{b: value.NewBuilder(8)}
	var described []value.Value
	for n := 0; ; n++ {
		// Raw: no part is unpacked, so nothing can grow beyond the body's size.
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form.value(), value.OfList(described), nil
		}
		if err != nil {
			return value.Value{}, noFiles, BadRequest(errMultipart)
		}
		if n == maxParts {
			return value.Value{}, noFiles, PayloadTooLarge("Form has more than 100 parts")
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return value.Value{}, noFiles, BadRequest(errMultipart)
		}
		name, meta, content := readPart(part, data)
		if meta.IsBound() {
			described = append(described, meta)
		}
		if f := form.add(name, content); f != nil {
			return value.Value{}, noFiles, f
		}
	}
}

// readPart returns a part's field name and value, and the description of a file;
// Unbound for an ordinary field.
func readPart(part *multipart.Part, data []byte) (name string, meta, content value.Value) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		params = nil
	}
	name = strings.ToValidUTF8(params["name"], "\uFFFD")
	file, isFile := params["filename"]
	ctype := part.Header.Get("Content-Type")
	t := mediaType(ctype)
	if !isFile && (t == "" || isTextType(t)) && utf8.Valid(data) {
		return name, value.Value{}, value.OfString(string(data))
	}
	if t == "" {
		t = "application/octet-stream"
	}
	meta = value.MapOf(
		"name", value.OfString(name),
		"filename", value.OfString(baseName(file)),
		"contentType", value.OfString(strings.ToValidUTF8(t, "\uFFFD")),
		"size", value.OfInt(int64(len(data))),
	)
	return name, meta, value.OfBytes(data)
}

// baseName reduces a file name that a client sent to something that is safe to
// join to a directory on every platform: no folders, drives, control characters
// or streams, no `.` and `..`, and no name that Windows takes for a device.
func baseName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || strings.ContainsRune(`:*?"<>|`, r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimRight(strings.TrimLeft(s, " "), " .")
	for len(s) > maxFileName {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	stem, _, _ := strings.Cut(s, ".")
	if isDevice(strings.TrimRight(stem, " ")) {
		s = "_" + s
	}
	return s
}

func isDevice(stem string) bool {
	for _, d := range [...]string{"con", "prn", "aux", "nul", "conin$", "conout$"} {
		if strings.EqualFold(stem, d) {
			return true
		}
	}
	if len(stem) < 4 || !strings.EqualFold(stem[:3], "com") && !strings.EqualFold(stem[:3], "lpt") {
		return false
	}
	digit := stem[3:]
	return len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9' || digit == "¹" || digit == "²" || digit == "³"
}
