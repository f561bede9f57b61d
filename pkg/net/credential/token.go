// Package credential checks what clients send to say who they are: JSON Web Tokens
// (RFC 7519, in the compact form of RFC 7515) and keys.
//
// A token says itself which algorithm it is signed with, and most attacks on tokens
// begin there. Here the algorithm only chooses among those that the verifier was made
// with, and each of them takes one kind of key: a public key is never a secret.
package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// Longest is the length of the longest credential that is looked at, in bytes.
const Longest = 8 << 10

// Leeway is how far the clocks of who signs and who checks may be apart.
const Leeway = 60 * time.Second

// algorithm is one row of RFC 7518 §3.1.
type algorithm struct {
	name   string
	hash   crypto.Hash
	verify func(k *Key, hash crypto.Hash, signed, signature []byte) bool
}

// algorithms are all that there are. "none" is not one.
var algorithms = []algorithm{
	{"HS256", crypto.SHA256, verifyHMAC}, {"HS384", crypto.SHA384, verifyHMAC}, {"HS512", crypto.SHA512, verifyHMAC},
	{"RS256", crypto.SHA256, verifyRSA}, {"RS384", crypto.SHA384, verifyRSA}, {"RS512", crypto.SHA512, verifyRSA},
	{"PS256", crypto.SHA256, verifyPSS}, {"PS384", crypto.SHA384, verifyPSS}, {"PS512", crypto.SHA512, verifyPSS},
	{"ES256", crypto.SHA256, verifyECDSA}, {"ES384", crypto.SHA384, verifyECDSA},
	{"EdDSA", 0, verifyEd25519},
}

// Algorithms lists the names of the known algorithms.
func Algorithms() []string {
	names := make([]string, len(algorithms))
	for i := range algorithms {
		names[i] = algorithms[i].name
	}
	return names
}

// Verifier says which tokens are good. It must not change once it is in use; Verify
// may be called concurrently then.
type Verifier struct {
	// Keys returns the keys to try for a token that names a key, "" if it names none.
	Keys func(id string) []Key
	// Algorithms are those that are taken; none means all. The kind of the key
	// decides in any case.
	Algorithms []string
	Issuers    []string // one of these must have made the token; none: anybody
	Audiences  []string // the token must be for one of these; none: only tokens for nobody in particular
}

// The reasons to refuse a token. They are for the operator, not for the client.
var (
	errForm      = errors.New("it is not a signed JSON Web Token")
	errAlgorithm = errors.New("its algorithm is not taken")
	errCritical  = errors.New("it demands extensions that are not known")
	errKey       = errors.New("no key fits it")
	errSignature = errors.New("its signature is wrong")
	errNoExpiry  = errors.New("it has no time of expiry")
	errExpired   = errors.New("it has expired")
	errEarly     = errors.New("it is not valid yet")
	errIssuer    = errors.New("its issuer is not taken")
	errAudience  = errors.New("it is for somebody else")
	errLong      = errors.New("it is too long")
)

// Verify returns the claims of a token, a map. now is the time that they are held
// against.
func (v *Verifier) Verify(token string, now time.Time) (value.Value, error) {
	if len(token) > Longest {
		return value.Value{}, errLong
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") { // base64 would pass over them
		return value.Value{}, errForm
	}
	header, ok := object(parts[0])
	if !ok {
		return value.Value{}, errForm
	}
	if _, critical := header.Record().Get("crit"); critical {
		return value.Value{}, errCritical
	}
	name := field(header, "alg")
	i := slices.IndexFunc(algorithms, func(a algorithm) bool { return a.name == name })
	if i < 0 || len(v.Algorithms) > 0 && !slices.Contains(v.Algorithms, name) {
		return value.Value{}, errAlgorithm
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(signature) == 0 {
		return value.Value{}, errForm
	}
	if err := v.signed(&algorithms[i], field(header, "kid"), token[:len(token)-len(parts[2])-1], signature); err != nil {
		return value.Value{}, err
	}
	claims, ok := object(parts[1])
	if !ok {
		return value.Value{}, errForm
	}
	return claims, v.claims(claims, now)
}

// object is a part of a token that is a map.
func object(part string) (value.Value, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return value.Value{}, false
	}
	v, err := value.ParseJSON(string(text))
	return v, err == nil && v.Kind() == value.Map
}

// signed tries the keys that the token may be signed with.
func (v *Verifier) signed(a *algorithm, id, signed string, signature []byte) error {
	err := errKey
	digest := []byte(signed)
	for _, k := range v.Keys(id) {
		if k.id != "" && id != "" && k.id != id || k.algorithm != "" && k.algorithm != a.name {
			continue
		}
		if a.verify(&k, a.hash, digest, signature) {
			return nil
		}
		err = errSignature
	}
	return err
}

// claims holds what the token says against what is wanted.
func (v *Verifier) claims(claims value.Value, now time.Time) error {
	expires, ok, valid := moment(claims, "exp")
	switch {
	case !valid:
		return errForm
	case !ok:
		return errNoExpiry
	case float64(now.Add(-Leeway).UnixNano())/1e9 >= expires:
		return errExpired
	}
	begins, ok, valid := moment(claims, "nbf")
	switch {
	case !valid:
		return errForm
	case ok && float64(now.Add(Leeway).UnixNano())/1e9 < begins:
		return errEarly
	}
	if len(v.Issuers) > 0 && !slices.Contains(v.Issuers, field(claims, "iss")) {
		return errIssuer
	}
	audience, ok := claims.Record().Get("aud")
	if !ok && len(v.Audiences) == 0 {
		return nil
	}
	list := audience.List()
	if audience.Kind() == value.String {
		list = []value.Value{audience}
	}
	for _, a := range list {
		if a.Kind() == value.String && slices.Contains(v.Audiences, a.Str()) {
			return nil
		}
	}
	return errAudience
}

// moment is a time in seconds since 1970; valid is false for anything that is no
// number.
func moment(claims value.Value, name string) (seconds float64, ok, valid bool) {
	c, ok := claims.Record().Get(name)
	if !ok {
		return 0, false, true
	}
	if !c.IsNumber() {
		return 0, true, false
	}
	seconds, valid = c.AsNumber()
	return seconds, true, valid
}

func digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

func verifyHMAC(k *Key, h crypto.Hash, signed, signature []byte) bool {
	if k.secret == nil {
		return false
	}
	mac := hmac.New(h.New, k.secret)
	mac.Write(signed)
	return hmac.Equal(mac.Sum(nil), signature)
}

func verifyRSA(k *Key, h crypto.Hash, signed, signature []byte) bool {
	return k.rsa != nil && rsa.VerifyPKCS1v15(k.rsa, h, digest(h, signed), signature) == nil
}

func verifyPSS(k *Key, h crypto.Hash, signed, signature []byte) bool {
	return k.rsa != nil && rsa.VerifyPSS(k.rsa, h, digest(h, signed), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
}

// verifyECDSA takes the two numbers of the signature, each of the length of the
// curve, which the hash decides.
func verifyECDSA(k *Key, h crypto.Hash, signed, signature []byte) bool {
	curve := elliptic.P256()
	if h == crypto.SHA384 {
		curve = elliptic.P384()
	}
	size := curve.Params().BitSize / 8
	if k.ecdsa == nil || k.ecdsa.Curve != curve || len(signature) != 2*size {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
	return ecdsa.Verify(k.ecdsa, digest(h, signed), r, s)
}

func verifyEd25519(k *Key, _ crypto.Hash, signed, signature []byte) bool {
	return k.ed25519 != nil && len(signature) == ed25519.SignatureSize && ed25519.Verify(k.ed25519, signed, signature)
}
