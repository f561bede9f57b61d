package aronet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"aro/pkg/vm/value"
)

// tlsOptions are the option tls: a certificate in files, or names to get
// certificates for.
type tlsOptions struct {
	cert, key string

	domains   []string
	email     string
	cache     string // folder of the certificates that were got
	directory string // address of the authority, "" for Let's Encrypt

	redirect int // port that sends plain HTTP here, -1 for none
}

const tlsNeeds = `the option tls needs a certificate and its key, { cert: "cert.pem", key: "key.pem" }, or names to get one for, { domains: ["example.org"] }`

func tlsOptionsOf(v value.Value) (*tlsOptions, error) {
	rec := v.Record()
	if rec == nil {
		return nil, fmt.Errorf("%s; got %s", tlsNeeds, v.Text())
	}
	o := &tlsOptions{redirect: -1}
	for i := range rec.Len() {
		key, v := rec.At(i)
		switch key {
		case "cert":
			o.cert = v.Text()
		case "key":
			o.key = v.Text()
		case "domains":
			o.domains = texts(v)
		case "email":
			o.email = v.Text()
		case "cache":
			o.cache = v.Text()
		case "directory":
			o.directory = v.Text()
		case "redirect":
			port, err := portOf(v)
			if err != nil {
				return nil, fmt.Errorf("the option redirect of tls must be a port such as 80, got %s", v.Text())
			}
			o.redirect = port
		default:
			return nil, fmt.Errorf("the option tls has no '%s'; it knows cert, key, domains, email, cache, directory and redirect", key)
		}
	}
	switch {
	case len(o.domains) > 0 && (o.cert != "" || o.key != ""):
		return nil, errors.New("the option tls takes either cert and key or domains, not both")
	case len(o.domains) == 0 && (o.cert == "" || o.key == ""):
		return nil, errors.New(tlsNeeds)
	}
	for _, d := range o.domains {
		if !strings.Contains(d, ".") || strings.ContainsAny(d, "*:/ ") {
			return nil, fmt.Errorf("certificates can be got for names such as \"www.example.org\" only, not for %q", d)
		}
	}
	return o, nil
}

// transport is how the server speaks TLS; nil is plain HTTP.
type transport struct {
	tls  *tls.Config
	acme *autocert.Manager // nil with a certificate in files
}

func (t *transport) config() *tls.Config {
	if t == nil {
		return nil
	}
	return t.tls
}

// tlsConfig prepares TLS as the options say. Files are read here, so that a wrong
// one fails the Start and not the first client.
func (s *httpServer) tlsConfig() (*transport, error) {
	o := s.tls
	if o == nil {
		return nil, nil
	}
	t := &transport{tls: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}}
	if len(o.domains) == 0 {
		c := &certificate{cert: s.inApplication(o.cert), key: s.inApplication(o.key),
			diagnose: func(text string) { s.h.Diagnose("[Warning] %s", text) }}
		if err := c.load(time.Now()); err != nil {
			return nil, err
		}
		t.tls.GetCertificate = c.get
		return t, nil
	}
	cache, err := s.certificateCache()
	if err != nil {
		return nil, err
	}
	t.acme = &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(cache), Email: o.email,
		HostPolicy: autocert.HostWhitelist(o.domains...)}
	if o.directory != "" {
		t.acme.Client = &acme.Client{DirectoryURL: o.directory}
	}
	t.tls.GetCertificate = t.acme.GetCertificate
	t.tls.NextProtos = append(t.tls.NextProtos, acme.ALPNProto)
	return t, nil
}

// certificateCache is the folder where certificates are kept that were got: of
// the option cache, else of the user.
func (s *httpServer) certificateCache() (string, error) {
	dir := s.tls.cache
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", errors.New("there is no folder to keep certificates in: name one with the option cache of tls")
		}
		dir = filepath.Join(base, "aro", "certificates")
	} else {
		dir = s.inApplication(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the folder for certificates cannot be made: %w", err)
	}
	return dir, nil
}

// inApplication completes a path that is relative to the application's folder.
func (s *httpServer) inApplication(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.h.Root, path)
}

// certificate is a certificate in files. Whoever renews it replaces the files;
// handshakes look at them again at most once a second.
type certificate struct {
	cert, key string
	diagnose  func(text string)

	mu      sync.Mutex
	current *tls.Certificate
	marks   [2]mark
	checked time.Time
	told    string // the last complaint, which is made once
}

// mark tells versions of a file apart.
type mark struct {
	size int64
	mod  time.Time
}

const recheckCertificate = time.Second

// get returns the certificate of a handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= recheckCertificate {
		if err := c.load(now); err != nil && err.Error() != c.told {
			// Perhaps only half of it is there yet: the old one serves on.
			c.told = err.Error()
			c.diagnose(c.told + "; the certificate that was read before stays in use")
		}
	}
	return c.current, nil
}

// load reads the files if they have changed.
func (c *certificate) load(now time.Time) error {
	c.checked = now
	var marks [2]mark
	for i, name := range [2]string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return fileProblem(name, err)
		}
		marks[i] = mark{info.Size(), info.ModTime()}
	}
	if c.current != nil && marks == c.marks {
		return nil
	}
	cert, err := os.ReadFile(c.cert)
	if err != nil {
		return fileProblem(c.cert, err)
	}
	key, err := os.ReadFile(c.key)
	if err != nil {
		return fileProblem(c.key, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s and %s are no certificate with its key: %s", c.cert, c.key, strings.TrimPrefix(err.Error(), "tls: "))
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return fmt.Errorf("%s is no certificate: %w", c.cert, err)
	}
	if now.After(leaf.NotAfter) {
		c.diagnose(fmt.Sprintf("the certificate %s expired on %s: browsers will refuse it", c.cert, leaf.NotAfter.Format(time.DateOnly)))
	}
	c.current, c.marks, c.told = &pair, marks, ""
	return nil
}

func fileProblem(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s, which the option tls of the http-server names", name)
	}
	return fmt.Errorf("the file %s, which the option tls of the http-server names, cannot be read: %w", name, err)
}

// ours reports whether a host, without port, is one that certificates are for.
func (o *tlsOptions) ours(host string) bool {
	return len(o.domains) == 0 || slices.ContainsFunc(o.domains, func(d string) bool { return strings.EqualFold(d, host) })
}
