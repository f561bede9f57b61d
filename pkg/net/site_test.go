package aronet

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/net/contract"
	"aro/pkg/syntax"
)

// site is an application with a contract that serves HTTP on a free port.
type site struct {
	*program
	root   string
	url    string
	client *http.Client
}

// newSite starts an application. options is the map behind Start the
// <http-server> with, without braces; files are beside main.aro.
func newSite(t testing.TB, options, api, source string, files map[string]string) *site {
	t.Helper()
	s := prepareSite(t, options, api, source, files)
	s.start()
	eventually(t, "the server is there: "+s.stderr.String(), func() bool {
		select {
		case <-s.ended:
			t.Fatalf("the application ended: %s%s", s.stdout.String(), s.stderr.String())
		default:
		}
		return s.host.Service("http-server").Describe().IsBound()
	})
	s.url = s.address("http", "port")
	return s
}

// address is where a port of the server is.
func (s *site) address(scheme, key string) string {
	port, _ := s.host.Service("http-server").Describe().Property(key)
	return fmt.Sprintf("%s://127.0.0.1:%s", scheme, port.Text())
}

func prepareSite(t testing.TB, options, api, source string, files map[string]string) *site {
	t.Helper()
	t.Setenv("ARO_HTTP_PORT", "")
	if options != "" {
		options = ", " + options
	}
	source = `(Application-Start: Site) {
    Start the <http-server> with { port: 0, host: "127.0.0.1"` + options + ` }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
` + source
	s := &site{program: newProgram(t, source), root: t.TempDir()}
	for name, text := range files {
		file := filepath.Join(s.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, problems := contract.Load([]byte(api), "openapi.yaml")
	if c == nil {
		t.Fatal(problems)
	}
	if err := os.WriteFile(filepath.Join(s.root, "openapi.yaml"), []byte(api), 0o644); err != nil {
		t.Fatal(err)
	}
	verbs := append(host.Verbs(), s.Verbs()...)
	f := syntax.NewFile("main.aro", []byte(source))
	syntax.Parse(f)
	compiled, _ := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	s.host = host.New(compiled, host.Config{Verbs: verbs, Stdout: &s.stdout, Stderr: &s.stderr, Stdin: strings.NewReader(""),
		Root: s.root, WorkDir: s.root, Templates: func(name string, src []byte) (*bytecode.Chunk, error) {
			return compile.Template(name, src, compile.Options{Verbs: host.Signatures(verbs)})
		}})
	s.UseContract(c)
	tr := &http.Transport{DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	s.client = &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// fails runs an application whose start must fail, and returns what it says.
func (s *site) fails() string {
	s.t.Helper()
	s.start()
	s.wait()
	return s.stdout.String() + s.stderr.String()
}

// got is an answer.
type got struct {
	*http.Response
	body string
}

// ask sends a request with header lines "Name: value".
func (s *site) ask(method, path, body string, lines ...string) got {
	s.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = s.url + path
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range lines {
		name, v, _ := strings.Cut(l, ": ")
		if name == "Host" {
			req.Host = v
		} else {
			req.Header.Add(name, v)
		}
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return got{res, string(b)}
}

func (s *site) get(path string, lines ...string) got {
	s.t.Helper()
	return s.ask("GET", path, "", lines...)
}

const tinyAPI = `openapi: 3.0.3
info: { title: Tiny, version: 1.0.0 }
paths:
  /hello: { get: { operationId: hello } }
`

const tinySource = `
(hello: Site) {
    Return an <OK: status> with { hello: "you" }.
}
`
