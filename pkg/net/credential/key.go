package credential

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"aro/pkg/vm/value"
)

// Key is something to check signatures with. It is a secret or a public key, and
// only ever used as that: no algorithm takes both. It is immutable.
type Key struct {
	id, algorithm string // "" for any
	secret        []byte
	rsa           *rsa.PublicKey
	ecdsa         *ecdsa.PublicKey
	ed25519       ed25519.PublicKey
}

// ID is the name of a key in its set, "" for none.
func (k *Key) ID() string { return k.id }

// The least that a key must have: below that it is guessed or computed.
const (
	leastSecret = 32 // bytes
	leastRSA    = 2048
)

// ParseKeys reads a secret, or PEM with public keys and certificates.
func ParseKeys(text string) ([]Key, error) {
	if !strings.Contains(text, "-----BEGIN") {
		if len(text) < leastSecret {
			return nil, fmt.Errorf("a secret must have %d characters at least, this one has %d", leastSecret, len(text))
		}
		return []Key{{secret: []byte(text)}}, nil
	}
	var keys []Key
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		public, err := publicKey(block)
		if err != nil {
			return nil, err
		}
		k, err := keyOf(public)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("the PEM text holds no key; are its line breaks lost?")
	}
	return keys, nil
}

func publicKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	return nil, fmt.Errorf("the PEM text holds a %s; what checks signatures is a PUBLIC KEY or a CERTIFICATE", block.Type)
}

func keyOf(public any) (k Key, err error) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		if p.N.BitLen() < leastRSA {
			return k, fmt.Errorf("an RSA key must have %d bits at least, this one has %d", leastRSA, p.N.BitLen())
		}
		if p.E < 3 || p.E&1 == 0 {
			return k, errors.New("the exponent of the RSA key is not valid")
		}
		k.rsa = p
	case *ecdsa.PublicKey:
		if p.Curve != elliptic.P256() && p.Curve != elliptic.P384() {
			return k, errors.New("an elliptic curve key must be of P-256 or P-384")
		}
		k.ecdsa = p
	case ed25519.PublicKey:
		k.ed25519 = p
	default:
		return k, errors.New("the key is neither RSA, nor of an elliptic curve, nor Ed25519")
	}
	return k, nil
}

// ParseSet reads a JSON Web Key Set. Keys that are not for checking signatures, or of
// a kind that is not known here, are left out; secrets are, because a set is public.
func ParseSet(text string) ([]Key, error) {
	v, err := value.ParseJSON(text)
	list, found := v.Property("keys")
	if err != nil || v.Kind() != value.Map || !found || list.Kind() != value.List {
		return nil, errors.New("this is no JSON Web Key Set, { \"keys\": [ … ] }")
	}
	var keys []Key
	for _, jwk := range list.List() {
		if use := field(jwk, "use"); use != "" && use != "sig" {
			continue
		}
		public := publicJWK(jwk)
		if public == nil {
			continue
		}
		if k, err := keyOf(public); err == nil {
			k.id, k.algorithm = field(jwk, "kid"), field(jwk, "alg")
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the JSON Web Key Set has no public key that checks signatures")
	}
	return keys, nil
}

// publicJWK is the key in an entry of a set, nil if there is none.
func publicJWK(jwk value.Value) any {
	bytes := func(name string) []byte {
		b, _ := base64.RawURLEncoding.DecodeString(field(jwk, name))
		return b
	}
	switch field(jwk, "kty") {
	case "RSA":
		e := new(big.Int).SetBytes(bytes("e"))
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(bytes("n")), E: int(e.Int64())}
	case "EC":
		curve := elliptic.P256()
		switch field(jwk, "crv") {
		case "P-256":
		case "P-384":
			curve = elliptic.P384()
		default:
			return nil
		}
		x, y, size := bytes("x"), bytes("y"), (curve.Params().BitSize+7)/8
		if len(x) != size || len(y) != size {
			return nil
		}
		p, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil // not a point of the curve
		}
		return p
	case "OKP":
		if x := bytes("x"); field(jwk, "crv") == "Ed25519" && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

// field is a text in a map, "" if it is anything else.
func field(v value.Value, name string) string {
	if f, ok := v.Property(name); ok && f.Kind() == value.String {
		return f.Str()
	}
	return ""
}
