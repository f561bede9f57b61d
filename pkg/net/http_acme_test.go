package aronet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is a certificate authority that speaks as much of RFC 8555 as a
// client needs that behaves. It believes signatures, but no names: those it looks
// up by the challenge that it was told to offer.
type authority struct {
	*httptest.Server
	challenge string // http-01 or tls-alpn-01
	verify    func(domain, token string) error
	key       *ecdsa.PrivateKey

	mu      sync.Mutex
	domain  string
	proved  bool
	cert    []byte
	issued  int
	refused error
}

func newAuthority(t *testing.T, challenge string) *authority {
	a := &authority{challenge: challenge}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Server.Close)
	return a
}

// ServeHTTP answers in the client's order; there is one order at a time.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Replay-Nonce", fmt.Sprint("nonce", time.Now().UnixNano()))
	payload := map[string]any{}
	if r.Method == "POST" {
		var jws struct{ Payload string }
		json.NewDecoder(r.Body).Decode(&jws)
		text, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
		json.Unmarshal(text, &payload)
	}
	reply := func(code int, v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(v)
	}
	order := func() map[string]any {
		o := map[string]any{"status": "pending", "finalize": a.URL + "/finalize", "authorizations": []string{a.URL + "/authz"},
			"identifiers": []any{map[string]any{"type": "dns", "value": a.domain}}}
		if a.proved {
			o["status"] = "ready"
		}
		if a.cert != nil {
			o["status"], o["certificate"] = "valid", a.URL+"/certificate"
		}
		return o
	}
	switch r.URL.Path {
	case "/directory":
		reply(200, map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/new",
			"revokeCert": a.URL + "/revoke", "keyChange": a.URL + "/change"})
	case "/nonce":
	case "/account":
		w.Header().Set("Location", a.URL+"/account/1")
		reply(201, map[string]any{"status": "valid"})
	case "/new":
		a.domain = payload["identifiers"].([]any)[0].(map[string]any)["value"].(string)
		a.proved, a.cert = false, nil
		w.Header().Set("Location", a.URL+"/order")
		reply(201, order())
	case "/order":
		w.Header().Set("Location", a.URL+"/order")
		reply(200, order())
	case "/authz", "/challenge":
		if r.URL.Path == "/challenge" && !a.proved {
			if a.refused = a.verify(a.domain, "token-1"); a.refused == nil {
				a.proved = true
			}
		}
		status := map[bool]string{true: "valid", false: "pending"}[a.proved]
		if a.refused != nil {
			status = "invalid"
		}
		challenge := map[string]any{"type": a.challenge, "url": a.URL + "/challenge", "token": "token-1", "status": status}
		if r.URL.Path == "/challenge" {
			reply(200, challenge)
			return
		}
		reply(200, map[string]any{"status": status, "identifier": map[string]any{"type": "dns", "value": a.domain}, "challenges": []any{challenge}})
	case "/finalize":
		der, _ := base64.RawURLEncoding.DecodeString(payload["csr"].(string))
		csr, err := x509.ParseCertificateRequest(der)
		if err != nil || !a.proved {
			http.Error(w, "no", 400)
			return
		}
		a.issued++
		root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, IsCA: true,
			BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
		a.cert, _ = x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: a.domain},
			DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0)}, root, csr.PublicKey, a.key)
		reply(200, order())
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: a.cert})
	default:
		http.NotFound(w, r)
	}
}

// TestAutomaticCertificates gets a certificate by either challenge, keeps it, and
// asks for no name that is not listed.
func TestAutomaticCertificates(t *testing.T) {
	for _, challenge := range []string{"http-01", "tls-alpn-01"} {
		t.Run(challenge, func(t *testing.T) {
			a := newAuthority(t, challenge)
			options := `tls: { domains: ["www.aro.example"], email: "me@aro.example", cache: "certificates", directory: "` + a.URL + `/directory", redirect: 0 }`
			s := newSite(t, options, tinyAPI, tinySource, nil)
			address := strings.TrimPrefix(s.url, "http://")
			plain := s.address("http", "redirectPort")
			a.verify = func(domain, token string) error {
				if challenge == "tls-alpn-01" {
					_, proto := served(t, address, &tls.Config{ServerName: domain, NextProtos: []string{"acme-tls/1"}})
					if proto != "acme-tls/1" {
						return fmt.Errorf("ALPN %q", proto)
					}
					return nil
				}
				req, _ := http.NewRequest("GET", plain+"/.well-known/acme-challenge/"+token, nil)
				req.Host = domain
				res, err := s.client.Do(req)
				if err != nil {
					return err
				}
				defer res.Body.Close()
				text, _ := io.ReadAll(res.Body)
				if !strings.HasPrefix(string(text), token+".") {
					return fmt.Errorf("%s %q", res.Status, text)
				}
				return nil
			}
			if name, _ := served(t, address, &tls.Config{ServerName: "www.aro.example"}); name != "www.aro.example" || a.issued != 1 {
				t.Fatalf("a certificate for %s, %d issued, %v", name, a.issued, a.refused)
			}
			if kept, _ := filepath.Glob(filepath.Join(s.root, "certificates", "www.aro.example*")); len(kept) == 0 {
				entries, _ := os.ReadDir(s.root)
				t.Errorf("nothing was kept: %v", entries)
			}
			if c, err := tls.Dial("tcp", address, &tls.Config{ServerName: "evil.example", InsecureSkipVerify: true}); err == nil {
				c.Close()
				t.Error("a certificate for another name")
			}
			if a := s.get(plain+"/x", "Host: www.aro.example"); a.StatusCode != 308 || !strings.HasPrefix(a.Header.Get("Location"), "https://www.aro.example:") {
				t.Errorf("%v", a.Response)
			}
			if a := s.get(plain+"/x", "Host: evil.example"); a.StatusCode != 421 {
				t.Errorf("a redirect for another name: %v", a.Response)
			}
		})
	}
}
