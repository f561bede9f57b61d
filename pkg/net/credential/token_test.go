package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const secret = "a secret that is long enough to be one"

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign makes a token; what is signed is up to the caller, so that bad ones can be made.
func sign(t testing.TB, header, claims string, key any) string {
	t.Helper()
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	var h struct{ Alg string }
	json.Unmarshal([]byte(header), &h)
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[h.Alg[max(0, len(h.Alg)-3):]]
	if hash == 0 {
		hash = crypto.SHA256
	}
	sum := digest(hash, []byte(signed))
	var signature []byte
	var err error
	switch k := key.(type) {
	case []byte:
		mac := hmac.New(hash.New, k)
		mac.Write([]byte(signed))
		signature = mac.Sum(nil)
	case *rsa.PrivateKey:
		if strings.HasPrefix(h.Alg, "PS") {
			signature, err = rsa.SignPSS(rand.Reader, k, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, k, hash, sum)
		}
	case *ecdsa.PrivateKey:
		r, s, e := ecdsa.Sign(rand.Reader, k, sum)
		size := (k.Curve.Params().BitSize + 7) / 8
		signature, err = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), e
	case ed25519.PrivateKey:
		signature = ed25519.Sign(k, []byte(signed))
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

func publicPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func keysFrom(t testing.TB, texts ...string) func(string) []Key {
	t.Helper()
	var all []Key
	for _, text := range texts {
		keys, err := ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, keys...)
	}
	return func(string) []Key { return all }
}

type pairs struct {
	rsa        *rsa.PrivateKey
	p256, p384 *ecdsa.PrivateKey
	ed25519    ed25519.PrivateKey
}

func newPairs(t testing.TB) (p pairs) {
	t.Helper()
	var err [4]error
	p.rsa, err[0] = rsa.GenerateKey(rand.Reader, 2048)
	p.p256, err[1] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p.p384, err[2] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, p.ed25519, err[3] = ed25519.GenerateKey(rand.Reader)
	for _, e := range err {
		if e != nil {
			t.Fatal(e)
		}
	}
	return p
}

func soon(more string) string { return fmt.Sprintf(`{"sub":"ada","exp":%d%s}`, now.Unix()+300, more) }

// Each algorithm takes tokens that were signed with it, and no key takes those of
// another kind of algorithm.
func TestAlgorithms(t *testing.T) {
	p := newPairs(t)
	kinds := []struct {
		algorithms string
		private    any
		keys       func(string) []Key
	}{
		{"HS256 HS384 HS512", []byte(secret), keysFrom(t, secret)},
		{"RS256 RS384 RS512 PS256 PS384 PS512", p.rsa, keysFrom(t, publicPEM(t, &p.rsa.PublicKey))},
		{"ES256", p.p256, keysFrom(t, publicPEM(t, &p.p256.PublicKey))},
		{"ES384", p.p384, keysFrom(t, publicPEM(t, &p.p384.PublicKey))},
		{"EdDSA", p.ed25519, keysFrom(t, publicPEM(t, p.ed25519.Public()))},
	}
	seen := 0
	for _, k := range kinds {
		for _, name := range Algorithms() {
			v := Verifier{Keys: k.keys}
			claims, err := v.Verify(sign(t, `{"alg":"`+name+`"}`, soon(""), k.private), now)
			if own := strings.Contains(" "+k.algorithms+" ", " "+name+" "); own != (err == nil) {
				t.Errorf("%s with a key for %s: %v", name, k.algorithms, err)
			} else if own {
				seen++
				if field(claims, "sub") != "ada" {
					t.Errorf("%s: claims %s", name, claims.Text())
				}
			}
		}
	}
	if seen != len(algorithms) {
		t.Errorf("%d algorithms were tried", seen)
	}
}

// TestAttacks is the list of what has been tried on other servers.
func TestAttacks(t *testing.T) {
	p := newPairs(t)
	public := publicPEM(t, &p.rsa.PublicKey)
	v := &Verifier{Keys: keysFrom(t, public), Issuers: []string{"us"}, Audiences: []string{"shop"}}
	good := soon(`,"iss":"us","aud":["other","shop"]`)
	rs := `{"alg":"RS256","typ":"JWT"}`
	token := sign(t, rs, good, p.rsa)
	if _, err := v.Verify(token, now); err != nil {
		t.Fatal(err)
	}
	head, body, signature := parts(token)
	at := func(exp int64, more string) string {
		return sign(t, rs, fmt.Sprintf(`{"iss":"us","aud":"shop","exp":%d%s}`, exp, more), p.rsa)
	}
	for _, a := range []struct {
		what, token string
		want        error
	}{
		{"no token", "", errForm},
		{"alg none", b64([]byte(`{"alg":"none"}`)) + "." + body + ".", errAlgorithm},
		{"alg None with a signature", b64([]byte(`{"alg":"None"}`)) + "." + body + "." + signature, errAlgorithm},
		{"no alg", b64([]byte(`{}`)) + "." + body + "." + signature, errAlgorithm},
		{"alg is no text", b64([]byte(`{"alg":["RS256"]}`)) + "." + body + "." + signature, errAlgorithm},
		{"HMAC with the public key as its secret", sign(t, `{"alg":"HS256"}`, good, []byte(public)), errSignature},
		{"HMAC with the trimmed public key", sign(t, `{"alg":"HS256"}`, good, []byte(strings.TrimSpace(public))), errSignature},
		{"the key is in the token", sign(t, `{"alg":"HS256","jwk":{"kty":"oct","k":"`+b64([]byte("x"))+`"}}`, good, []byte("x")), errSignature},
		{"no signature", head + "." + body + ".", errForm},
		{"two parts", head + "." + body, errForm},
		{"four parts", token + "." + signature, errForm},
		{"truncated signature", head + "." + body + "." + signature[:len(signature)/8*4], errSignature},
		{"longer signature", head + "." + body + ".AAAA" + signature, errSignature},
		{"signature of zeros", head + "." + body + "." + b64(make([]byte, 256)), errSignature},
		{"claims exchanged", head + "." + b64([]byte(soon(`,"iss":"us","aud":"shop","admin":true`))) + "." + signature, errSignature},
		{"another algorithm of the same key", b64([]byte(`{"alg":"PS256"}`)) + "." + body + "." + signature, errSignature},
		{"padding", token + "=", errForm},
		{"line break", token[:9] + "\n" + token[9:], errForm},
		{"crit", sign(t, `{"alg":"RS256","crit":["exp"]}`, good, p.rsa), errCritical},
		{"header is a list", b64([]byte(`["RS256"]`)) + "." + body + "." + signature, errForm},
		{"expired", at(now.Unix()-61, ""), errExpired},
		{"no expiry", sign(t, rs, `{"iss":"us","aud":"shop"}`, p.rsa), errNoExpiry},
		{"expiry is a text", sign(t, rs, `{"iss":"us","aud":"shop","exp":"99999999999"}`, p.rsa), errForm},
		{"not valid yet", at(now.Unix()+300, fmt.Sprintf(`,"nbf":%d`, now.Unix()+61)), errEarly},
		{"nbf is a text", at(now.Unix()+300, `,"nbf":"0"`), errForm},
		{"wrong issuer", sign(t, rs, soon(`,"iss":"them","aud":"shop"`), p.rsa), errIssuer},
		{"no issuer", sign(t, rs, soon(`,"aud":"shop"`), p.rsa), errIssuer},
		{"wrong audience", sign(t, rs, soon(`,"iss":"us","aud":["other"]`), p.rsa), errAudience},
		{"audience that begins the same", sign(t, rs, soon(`,"iss":"us","aud":"shop2"`), p.rsa), errAudience},
		{"no audience", sign(t, rs, soon(`,"iss":"us"`), p.rsa), errAudience},
		{"very long", sign(t, rs, soon(`,"iss":"us","aud":"shop","x":"`+strings.Repeat("x", Longest)+`"`), p.rsa), errLong},
		{"many dots", strings.Repeat(".", Longest), errForm},
	} {
		_, err := v.Verify(a.token, now)
		if err != a.want {
			t.Errorf("%s: %v, want %v", a.what, err, a.want)
		}
	}
	for what, token := range map[string]string{"within the leeway": at(now.Unix()-59, ""), "begins within it": at(now.Unix()+300, fmt.Sprintf(`,"nbf":%d`, now.Unix()+59))} {
		if _, err := v.Verify(token, now); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A verifier that names nobody takes only tokens for nobody in particular.
	open := &Verifier{Keys: v.Keys}
	if _, err := open.Verify(sign(t, rs, soon(""), p.rsa), now); err != nil {
		t.Error(err)
	}
	if _, err := open.Verify(token, now); err != errAudience {
		t.Errorf("a token for somebody else: %v", err)
	}
	strict := &Verifier{Keys: v.Keys, Algorithms: []string{"PS256"}}
	if _, err := strict.Verify(sign(t, rs, soon(""), p.rsa), now); err != errAlgorithm {
		t.Errorf("an algorithm that is not on the list: %v", err)
	}
}

func parts(token string) (head, body, signature string) {
	p := strings.Split(token, ".")
	return p[0], p[1], p[2]
}

// The examples of RFC 7515: A.1 is signed with HS256, A.3 with ES256.
func TestRFCExamples(t *testing.T) {
	v := &Verifier{Issuers: []string{"joe"}, Keys: func(string) []Key {
		k, _ := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
		return []Key{{secret: k}}
	}}
	then := time.Unix(1300819380-10, 0)
	const signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if _, err := v.Verify(signed, then); err != nil {
		t.Error("A.1:", err)
	}
	keys, err := ParseSet(`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	v.Keys = func(string) []Key { return keys }
	const curve = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	if _, err := v.Verify(curve, then); err != nil {
		t.Error("A.3:", err)
	}
}

// Keys that are too weak, private, or of another use are refused with a reason.
func TestKeys(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p := newPairs(t)
	der, _ := x509.MarshalPKCS8PrivateKey(p.rsa)
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	for text, want := range map[string]string{
		"short":                         "32 characters",
		publicPEM(t, &small.PublicKey):  "2048 bits",
		publicPEM(t, &p521.PublicKey):   "P-256 or P-384",
		"-----BEGIN PUBLIC KEY-----abc": "holds no key",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})): "PUBLIC KEY or a CERTIFICATE",
	} {
		if _, err := ParseKeys(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s: %v, want %s", text, err, want)
		}
	}
	n := b64(p.rsa.N.Bytes())
	for _, text := range []string{``, `[]`, `{"keys":{}}`, `{"keys":[{"kty":"oct","k":"` + b64(sha256.New().Sum([]byte(secret))) + `"}]}`,
		`{"keys":[{"kty":"RSA","use":"enc","n":"` + n + `","e":"AQAB"}]}`, `{"keys":[{"kty":"RSA","n":"` + n + `","e":"AQ"}]}`,
		`{"keys":[{"kty":"RSA","n":"` + b64(small.N.Bytes()) + `","e":"AQAB"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}]}`} {
		if keys, err := ParseSet(text); err == nil {
			t.Errorf("%s gave %d keys", text, len(keys))
		}
	}
	keys, err := ParseSet(`{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","n":"` + n + `","e":"AQAB"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Keys: func(string) []Key { return keys }}
	for header, want := range map[string]error{`{"alg":"RS256","kid":"a"}`: nil, `{"alg":"RS256"}`: nil, `{"alg":"RS256","kid":"b"}`: errKey, `{"alg":"PS256","kid":"a"}`: errKey} {
		if _, err := v.Verify(sign(t, header, soon(""), p.rsa), now); err != want {
			t.Errorf("%s: %v, want %v", header, err, want)
		}
	}
}
