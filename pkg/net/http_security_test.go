package aronet

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"crypto/ed25519"
	"crypto/x509"
	"net/url"
)

const securedAPI = `openapi: 3.0.3
info: { title: Secured, version: 1.0.0 }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Key }
    basic: { type: http, scheme: basic }
    token: { type: http, scheme: bearer }
paths:
  /key: { post: { operationId: who, security: [{ key: [] }] } }
  /basic: { get: { operationId: whoBasic, security: [{ basic: [] }] } }
  /token: { get: { operationId: whoToken, security: [{ token: [] }] } }
  /maybe: { post: { operationId: whoMaybe, security: [{}, { key: [] }] } }
  /broken: { post: { operationId: broken, security: [] } }
`

const securedSource = `
(who: Site) {
    Extract the <user> from the <request: user>.
    Return an <OK: status> with { user: <user> }.
}
(whoBasic: Site) {
    Extract the <user> from the <request: user.name>.
    Extract the <row> from the <request: user>.
    Return an <OK: status> with { row: <row>, user: <user> }.
}
(whoToken: Site) {
    Extract the <user> from the <request: user.sub>.
    Return an <OK: status> with { user: <user> }.
}
(whoMaybe: Site) {
    Extract the <user> from the <request: user>.
    Return an <OK: status> with { user: <user> }.
}
(broken: Site) {
    Extract the <x> from the <request: body.secret>.
    Compute the <y> from <x> / 0.
    Throw a <Forbidden: error> for the <y>.
}
`

const (
	keyOne   = "0123456789abcdef"
	keyTwo   = "fedcba9876543210"
	tokenKey = "a secret that is long enough to be one"
	secured  = `security: { key: { keys: { one: "` + keyOne + `", two: "` + keyTwo + `" } }, basic: { users: "user-repository" },
        token: { jwt: { keys: "` + tokenKey + `", algorithms: ["HS256"], issuer: "us", audience: "shop" } } }`
)

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func hmacToken(header, claims string) string {
	signed := encoded(header) + "." + encoded(claims)
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(signed))
	return signed + "." + encoded(string(mac.Sum(nil)))
}

// TestCredentials: what the contract asks for is verified, the handler learns who
// it was, and everybody else hears the same (05 A01).
func TestCredentials(t *testing.T) {
	const kept = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4" // of "password"
	users := strings.Replace(securedSource, "(who: Site) {\n", "(who: Site) {\n    Store { id: 1, name: \"ada\", password: \""+kept+"\" } into the <user-repository>.\n"+
		"    Store { id: 2, name: \"plain\", password: \"password\" } into the <user-repository>.\n", 1)
	s := newSite(t, secured, securedAPI, users, nil)
	if a := s.ask("POST", "/key", "", "X-Key: "+keyTwo); a.body != `{"user":{"name":"two"}}` {
		t.Fatalf("the second key: %s", a.body)
	}
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	bearer := func(token string) string { return "Authorization: Bearer " + token }
	soon := fmt.Sprint(time.Now().Unix() + 600)
	claims := `{"sub":"ada","iss":"us","aud":"shop","exp":` + soon + `}`
	good := hmacToken(`{"alg":"HS256"}`, claims)
	body := `{"user":{"name":"admin"}}`
	for _, row := range []struct {
		what, method, path string
		lines              []string
		code               int
		body               string
	}{
		{"no key", "POST", "/key", nil, 401, ""},
		{"empty key", "POST", "/key", []string{"X-Key: "}, 401, ""},
		{"wrong key", "POST", "/key", []string{"X-Key: " + keyOne[:15] + "x"}, 401, ""},
		{"half a key", "POST", "/key", []string{"X-Key: " + keyOne[:8]}, 401, ""},
		{"two keys", "POST", "/key", []string{"X-Key: " + keyOne, "X-Key: " + keyTwo}, 401, ""},
		{"very long key", "POST", "/key", []string{"X-Key: " + strings.Repeat("x", 9000)}, 401, ""},
		{"stranger", "POST", "/maybe", nil, 200, `{"user":null}`},
		{"stranger with a wrong key", "POST", "/maybe", []string{"X-Key: nobody"}, 200, `{"user":null}`},
		{"guest with a key", "POST", "/maybe", []string{"X-Key: " + keyOne}, 200, `{"user":{"name":"one"}}`},

		{"password", "GET", "/basic", []string{basic("ada:password")}, 200, `"user":"ada"`},
		{"wrong password", "GET", "/basic", []string{basic("ada:Password")}, 401, ""},
		{"nobody", "GET", "/basic", []string{basic("bob:password")}, 401, ""},
		{"no colon", "GET", "/basic", []string{basic("ada")}, 401, ""},
		{"no base64", "GET", "/basic", []string{"Authorization: Basic ada:password"}, 401, ""},
		{"a password that is kept as it is", "GET", "/basic", []string{basic("plain:password")}, 401, ""},
		{"the hash as the password", "GET", "/basic", []string{basic("ada:" + kept)}, 401, ""},
		{"a token for Basic", "GET", "/basic", []string{bearer(good)}, 401, ""},

		{"token", "GET", "/token", []string{bearer(good)}, 200, `{"user":"ada"}`},
		{"two tokens", "GET", "/token", []string{bearer(good), bearer(good)}, 401, ""},
		{"anything", "GET", "/token", []string{bearer("anything")}, 401, ""},
		{"alg none", "GET", "/token", []string{bearer(encoded(`{"alg":"none"}`) + "." + encoded(claims) + ".")}, 401, ""},
		{"algorithm that is not listed", "GET", "/token", []string{bearer(hmacToken(`{"alg":"HS512"}`, claims))}, 401, ""},
		{"truncated", "GET", "/token", []string{bearer(good[:len(good)-4])}, 401, ""},
		{"expired", "GET", "/token", []string{bearer(hmacToken(`{"alg":"HS256"}`, `{"sub":"ada","iss":"us","aud":"shop","exp":1}`))}, 401, ""},
		{"wrong audience", "GET", "/token", []string{bearer(hmacToken(`{"alg":"HS256"}`, strings.Replace(claims, "shop", "bank", 1)))}, 401, ""},
		{"very long", "GET", "/token", []string{bearer(good + strings.Repeat("A", 9000))}, 401, ""},
	} {
		sent := ""
		if row.method == "POST" {
			sent = body // nothing in it makes anybody somebody
		}
		a := s.ask(row.method, row.path, sent, append(row.lines, "Content-Type: application/json")...)
		if a.StatusCode != row.code || row.code == 200 && !strings.Contains(a.body, row.body) {
			t.Errorf("%s: %d %s", row.what, a.StatusCode, a.body)
		}
		if row.code == 401 && (a.body != `{"error":"Unauthorized","message":"Authentication required"}` || a.Header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s: %s %s", row.what, a.Header, a.body)
		}
		if strings.Contains(a.body, "argon2id") {
			t.Errorf("%s: the handler saw what is kept of the password: %s", row.what, a.body)
		}
	}
	for _, canary := range []string{keyOne, good, "$argon2id$"} {
		if strings.Contains(s.stdout.String()+s.stderr.String(), canary) {
			t.Errorf("a secret is in the log: %s", s.stderr.String())
		}
	}
	if strings.Count(s.stderr.String(), "password-hash did not give") != 1 || strings.Contains(s.stderr.String(), "only looks") {
		t.Errorf("stderr: %s", s.stderr.String())
	}
}

// An option that would let somebody in by mistake fails the start; without it the
// operator is told once.
func TestCredentialOptions(t *testing.T) {
	for option, want := range map[string]string{
		`security: { key: { keys: ["` + keyOne + `"] } }`: "has no entry for the scheme 'basic'",
		`security: "on"`: "has an entry for each security scheme",
		strings.Replace(secured, "key:", "kye:", 1):                                            "no operation of the contract needs a scheme of that name; they need: key, basic, token",
		strings.Replace(secured, keyOne, "short", 1):                                           "16 characters",
		strings.Replace(secured, tokenKey, "short", 1):                                         "32 characters",
		strings.Replace(secured, `["HS256"]`, `["none"]`, 1):                                   "the algorithm 'none' is not taken",
		strings.Replace(secured, `"user-repository"`, `<user-repository>`, 1):                  "users is the name of a repository as a text",
		strings.Replace(secured, `users: "user-repository"`, `keys: ["`+keyOne+`"]`, 1):        "the scheme is Basic",
		strings.Replace(secured, `keys: "`+tokenKey+`"`, `jwks: "http://example.org/keys"`, 1): "must be at an https address",
		strings.Replace(secured, `keys: "`+tokenKey+`"`, `jwks: "keys.json"`, 1):               "cannot be read",
		strings.Replace(secured, `issuer: "us"`, `isuer: "us"`, 1):                             "jwt has no 'isuer'",
		strings.Replace(secured, `audience: "shop"`, `audience: ""`, 1):                        "is a text or a list of texts",
	} {
		if got := prepareSite(t, option, securedAPI, securedSource, nil).fails(); !strings.Contains(got, want) {
			t.Errorf("%s\n%s\nwant %s", option, got, want)
		}
	}
	s := newSite(t, "", securedAPI, securedSource, nil)
	if a := s.get("/token", "Authorization: Bearer anything"); a.StatusCode == 401 {
		t.Errorf("presence only: %d", a.StatusCode)
	}
	if got := s.stderr.String(); strings.Count(got, "[Warning] the contract asks for credentials (basic, key, token)") != 1 {
		t.Errorf("stderr: %s", got)
	}
}

// Keys at an address are fetched when they are needed, kept, and fetched again for
// an unknown name once a minute at most: tokens can be made up faster than that.
func TestRemoteKeys(t *testing.T) {
	public, _, _ := ed25519.GenerateKey(nil)
	asked, broken := 0, false
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if broken {
			w.WriteHeader(500)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k%d","x":"%s"}]}`, asked, encoded(string(public)))
	}))
	defer web.Close()
	s := newStage(t, nil, nil)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(web.Certificate())
	at, _ := url.Parse(web.URL)
	r := &remoteKeys{n: s.Network, at: at}
	step := func(what, id string, keys, total int) {
		t.Helper()
		if got := r.find(id); len(got) != keys || asked != total {
			t.Errorf("%s: %d keys after %d fetches, want %d after %d", what, len(got), asked, keys, total)
		}
	}
	step("first", "k1", 1, 1)
	step("again", "k1", 1, 1)
	step("unknown at once", "k2", 1, 1)
	r.tried = r.tried.Add(-keysPause)
	step("unknown later", "k2", 1, 2)
	step("the old one is gone", "k1", 1, 2)
	r.tried = r.tried.Add(-keysFresh)
	r.set.Store(&fetchedKeys{r.set.Load().keys, time.Now().Add(-keysFresh)})
	broken = true
	step("old, and no new ones", "k2", 1, 3)
	step("not asked again at once", "k2", 1, 3)
}

// With errors: "short" a client gets the id that the log has, and nothing of what
// failed (05 H14).
func TestShortErrors(t *testing.T) {
	short := newSite(t, `errors: "short", security: { key: "handler", basic: "handler", token: "handler" }`, securedAPI, securedSource, nil)
	a := short.ask("POST", "/broken", `{"secret":"canary"}`, "Content-Type: application/json")
	m := regexp.MustCompile(`^\{"error":"Internal Server Error","id":"([0-9a-f-]{36})"\}$`).FindStringSubmatch(a.body)
	if a.StatusCode != 500 || m == nil {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if !strings.Contains(short.stderr.String(), "[ERROR] [broken: Site] ["+m[1]+"]") {
		t.Errorf("the log does not have the id %s: %s", m[1], short.stderr.String())
	}
	full := newSite(t, `errors: "full"`, securedAPI, securedSource, nil)
	if a := full.ask("POST", "/broken", `{"secret":"canary"}`, "Content-Type: application/json"); !strings.Contains(a.body, "Cannot compute the y") || strings.Contains(full.stderr.String(), m[1]) {
		t.Errorf("%s", a.body)
	}
	if got := prepareSite(t, `errors: "none"`, tinyAPI, tinySource, nil).fails(); !strings.Contains(got, `the option errors is "full" or "short"`) {
		t.Error(got)
	}
}
