package aronet

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// docsPage is the page of the option docs: the contract for people to read and
// try, and the document itself. It is made for the first who asks.
type docsPage struct {
	path string
	once sync.Once
	page *host.Asset
	yaml *host.Asset // nil when the document is not beside the program
	json *host.Asset
}

var (
	//go:embed page/docs.css
	docsStyle string
	//go:embed page/docs.js
	docsScript string
)

// docsPolicy lets the page load nothing and run nothing but what is in it, and
// talk to this server only.
var docsPolicy = sync.OnceValue(func() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(docsStyle) + "; script-src " + hash(docsScript) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

// newDocs prepares the page; path "" is none.
func (rt *routing) newDocs(path string) (*docsPage, error) {
	if path == "" {
		return nil, nil
	}
	if rt.contract == nil {
		return nil, fmt.Errorf("the option docs shows the contract, and there is none: the application has no openapi.yaml")
	}
	path = strings.TrimRight(path, "/")
	if m := rt.router.Match(http.MethodGet, path); path == "" || m.Known || m.Operation != nil {
		return nil, fmt.Errorf("the path %s/ of the option docs is one of the contract; choose another one", path)
	}
	return &docsPage{path: path}, nil
}

// documents are the names that a contract's document may have.
var documents = [...]string{"openapi.yaml", "openapi.yml", "openapi.json"}

// source reads the document; "" when it is not there, as beside a program that
// was built elsewhere.
func (s *httpServer) source() (name string, data []byte) {
	for _, name := range documents {
		if data, ok := s.h.Assets[name]; ok {
			return name, data
		}
		if data, err := os.ReadFile(filepath.Join(s.h.Root, name)); err == nil {
			return name, data
		}
	}
	return "", nil
}

func (d *docsPage) make(s *httpServer, c *contract.Contract) {
	prose := &contract.Prose{}
	asset := func(b []byte) *host.Asset { return &host.Asset{Data: value.OfString(string(b))} }
	if name, data := s.source(); name != "" {
		p, asJSON, err := contract.ReadProse(data)
		if err != nil {
			s.h.Diagnose("[Warning] the page %s has no descriptions: %s: %v", d.path, name, err)
		} else {
			prose, d.json = p, asset(asJSON)
			if name != "openapi.json" {
				d.yaml = asset(data)
			}
		}
	}
	w := docsWriter{prose: prose, contract: c, docs: d}
	d.page = asset(w.page())
}

// serve answers requests below the path of the page; it reports false for others.
func (d *docsPage) serve(s *httpServer, rt *routing, x *httpd.Exchange) bool {
	rest, ok := strings.CutPrefix(x.Path, d.path)
	if !ok {
		return false
	}
	d.once.Do(func() { d.make(s, rt.contract) })
	var a *host.Asset
	ctype := "text/html; charset=utf-8"
	switch rest {
	case "", "/":
		a = d.page
	case "/openapi.yaml":
		a, ctype = d.yaml, "application/yaml"
	case "/openapi.json":
		a, ctype = d.json, jsonType
	default:
		return false
	}
	switch {
	case a == nil:
		s.fail(x, contract.NotFound(x.Path))
	case x.Method != http.MethodGet && x.Method != http.MethodHead:
		x.Set("Allow", "GET, HEAD")
		s.fail(x, &contract.Failure{Status: http.StatusMethodNotAllowed, Fields: value.MapOf("error", value.OfString("Method Not Allowed"))})
	default:
		x.Set("Content-Security-Policy", docsPolicy())
		x.Set("Referrer-Policy", "no-referrer")
		s.sendAsset(x, a, ctype)
	}
	return true
}
