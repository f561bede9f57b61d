package aronet

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newCertificate makes a self-signed certificate.
func newCertificate(t testing.TB, name string, until time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		DNSNames: []string{name}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}, &x509.Certificate{}, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}))
}

// served is the name in the certificate that a new connection gets, and the
// protocol that was agreed on.
func served(t *testing.T, address string, c *tls.Config) (name, proto string) {
	t.Helper()
	c.InsecureSkipVerify = true
	conn, err := tls.Dial("tcp", address, c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	state := conn.ConnectionState()
	return state.PeerCertificates[0].Subject.CommonName, state.NegotiatedProtocol
}

func TestTLS(t *testing.T) {
	cert, key := newCertificate(t, "first.example", time.Now().Add(time.Hour))
	s := newSite(t, `tls: { cert: "tls/cert.pem", key: "tls/key.pem", redirect: 0 }, websocket: "/ws"`, tinyAPI, tinySource,
		map[string]string{"tls/cert.pem": cert, "tls/key.pem": key})
	s.url = s.address("https", "port")
	address := strings.TrimPrefix(s.url, "https://")

	if a := s.get("/hello"); a.body != `{"hello":"you"}` || a.TLS == nil || a.Proto != "HTTP/1.1" {
		t.Errorf("%v %s", a.Response, a.body)
	}
	for _, row := range []struct{ offer, want string }{{"h2", "h2"}, {"http/1.1", "http/1.1"}, {"", ""}} {
		c := &tls.Config{}
		if row.offer != "" {
			c.NextProtos = []string{row.offer}
		}
		if name, proto := served(t, address, c); name != "first.example" || proto != row.want {
			t.Errorf("a client that offers %q got %q and the certificate of %s", row.offer, proto, name)
		}
	}
	var two http.Protocols
	two.SetHTTP2(true)
	tr := &http.Transport{Protocols: &two, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr}).Get(s.url + "/hello")
	if err != nil || res.Proto != "HTTP/2.0" {
		t.Fatal(res, err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		c.Close()
		t.Error("TLS 1.1 is spoken")
	}

	// A page of our own origin is one that came by https.
	for origin, want := range map[string]int{"https://" + address: 101, "http://" + address: 403, "https://evil.example": 403} {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: "+address+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: "+origin+"\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != want {
			t.Errorf("a handshake from %s: %v %v, want %d", origin, res, err, want)
		}
		conn.Close()
	}

	// The second port.
	plain := s.address("http", "redirectPort")
	if a := s.ask("POST", plain+"/hello?a=1", "x"); a.StatusCode != 308 || a.Header.Get("Location") != s.url+"/hello?a=1" {
		t.Errorf("%v", a.Response)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "https://"), ":")
	if a := s.get(plain+"/", "Host: [::1]:80"); a.StatusCode != 308 || a.Header.Get("Location") != "https://[::1]:"+port+"/" {
		t.Errorf("%v", a.Response)
	}
	// Plain HTTP on the port of TLS gets a hint.
	if a := s.get(s.address("http", "port") + "/"); a.StatusCode != 400 || !strings.Contains(a.body, "https://") {
		t.Errorf("%v %s", a.Response, a.body)
	}

	// Renewed files are taken without a restart; half-written ones are not.
	cert2, key2 := newCertificate(t, "second.example", time.Now().Add(time.Hour))
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(s.root, "tls", name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		// A file system may count time in seconds.
		later := time.Now().Add(2 * time.Second)
		os.Chtimes(file, later, later)
	}
	write("cert.pem", cert2)
	eventually(t, "the mismatch is told", func() bool {
		if name, _ := served(t, address, &tls.Config{}); name != "first.example" {
			t.Fatalf("%s with a key of another", name)
		}
		return strings.Contains(s.stderr.String(), "stays in use")
	})
	write("key.pem", key2)
	eventually(t, "the new certificate is served", func() bool {
		name, _ := served(t, address, &tls.Config{})
		return name == "second.example"
	})
	if n := strings.Count(s.stderr.String(), "stays in use"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestTLSLarge: an answer of many records arrives whole, and the connection goes on.
func TestTLSLarge(t *testing.T) {
	cert, key := newCertificate(t, "large.example", time.Now().Add(time.Hour))
	big := strings.Repeat("0123456789abcdef", 1<<16)
	s := newSite(t, `tls: { cert: "cert.pem", key: "key.pem" }, compress: false`, tinyAPI, `
(hello: Site) {
    Transform the <page> from the <template: big.txt>.
    Return an <OK: status> with <page>.
}`, map[string]string{"cert.pem": cert, "key.pem": key, "templates/big.txt": big})
	s.url = s.address("https", "port")
	for range 3 {
		if a := s.get("/hello"); a.body != big {
			t.Fatalf("%v: %d bytes", a.Response, len(a.body))
		}
	}
}

func TestTLSOptions(t *testing.T) {
	cert, key := newCertificate(t, "a.example", time.Now().Add(time.Hour))
	_, other := newCertificate(t, "b.example", time.Now().Add(time.Hour))
	files := map[string]string{"cert.pem": cert, "key.pem": key, "other.pem": other, "text.pem": "no certificate"}
	for option, want := range map[string]string{
		`tls: true`:                                      "the option tls needs a certificate and its key",
		`tls: { cert: "cert.pem" }`:                      "the option tls needs a certificate and its key",
		`tls: { cert: "cert.pem", keys: "k" }`:           "the option tls has no 'keys'",
		`tls: { cert: "gone.pem", key: "key.pem" }`:      "there is no file",
		`tls: { cert: "cert.pem", key: "other.pem" }`:    "no certificate with its key: private key does not match",
		`tls: { cert: "text.pem", key: "key.pem" }`:      "no certificate with its key: failed to find any PEM data",
		`tls: { domains: ["a.example"], key: "x.pem" }`:  "either cert and key or domains",
		`tls: { domains: ["*.example"] }`:                "names such as",
		`tls: { domains: ["a.example"], redirect: "x" }`: "must be a port such as 80",
		`tsl: { }`: "the http-server has no option 'tsl'",
	} {
		if out := prepareSite(t, option, tinyAPI, tinySource, files).fails(); !strings.Contains(out, want) {
			t.Errorf("%s: %s\nlacks %q", option, out, want)
		}
	}
}

func TestExpiredCertificate(t *testing.T) {
	cert, key := newCertificate(t, "old.example", time.Now().Add(-time.Hour))
	s := newSite(t, `tls: { cert: "cert.pem", key: "key.pem" }`, tinyAPI, tinySource, map[string]string{"cert.pem": cert, "key.pem": key})
	if !strings.Contains(s.stderr.String(), "expired on "+time.Now().Add(-time.Hour).UTC().Format(time.DateOnly)) {
		t.Errorf("stderr: %s", s.stderr.String())
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Second); err != nil {
		t.Error(err)
	}
}
