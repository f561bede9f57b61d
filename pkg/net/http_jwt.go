package aronet

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/net/credential"
	"aro/pkg/vm/value"
)

const tokenNeeds = `jwt needs keys, a secret or public keys as PEM, or jwks, a file or an https address`

// tokensOf reads what follows jwt.
func (s *httpServer) tokensOf(v value.Value) (*credential.Verifier, error) {
	rec := v.Record()
	if rec == nil {
		return nil, errors.New(tokenNeeds)
	}
	out := &credential.Verifier{}
	for i := range rec.Len() {
		key, v := rec.At(i)
		if key != "keys" && (v.Kind() != value.String && v.Kind() != value.List || len(texts(v)) == 0 || slices.Contains(texts(v), "")) {
			return nil, fmt.Errorf("%s of jwt is a text or a list of texts, got %s", key, v.TypeName())
		}
		switch key {
		case "keys", "jwks":
			if out.Keys != nil {
				return nil, errors.New("jwt takes either keys or jwks, not both")
			}
			var err error
			if key == "keys" {
				for _, text := range texts(v) {
					if !strings.Contains(text, "-----BEGIN") { // those are public
						s.h.Conceal(text)
					}
				}
				out.Keys, err = fixedKeys(v)
			} else {
				out.Keys, err = s.keySet(v)
			}
			if err != nil {
				return nil, err
			}
		case "algorithms":
			out.Algorithms = texts(v)
			for _, a := range out.Algorithms {
				if known := credential.Algorithms(); !slices.Contains(known, a) {
					return nil, fmt.Errorf("the algorithm '%s' is not taken; those that are: %s", a, strings.Join(known, ", "))
				}
			}
		case "issuer":
			out.Issuers = texts(v)
		case "audience":
			out.Audiences = texts(v)
		default:
			return nil, fmt.Errorf("jwt has no '%s'; it knows keys, jwks, algorithms, issuer and audience", key)
		}
	}
	if out.Keys == nil {
		return nil, errors.New(tokenNeeds)
	}
	return out, nil
}

func fixedKeys(v value.Value) (func(string) []credential.Key, error) {
	var keys []credential.Key
	for _, text := range texts(v) {
		k, err := credential.ParseKeys(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k...)
	}
	if len(keys) == 0 {
		return nil, errors.New(tokenNeeds)
	}
	return func(string) []credential.Key { return keys }, nil
}

// keySet is a JSON Web Key Set in a file, which is read now, or at an address.
func (s *httpServer) keySet(v value.Value) (func(string) []credential.Key, error) {
	if v.Kind() != value.String {
		return nil, errors.New("jwks is one file or one https address")
	}
	if at, err := url.Parse(v.Str()); err == nil && strings.Contains(v.Str(), "://") {
		if at.Scheme != "https" || at.Host == "" {
			return nil, errors.New("jwks must be at an https address: whoever can change what comes from it can make tokens")
		}
		if err := s.n.mayConnect(); err != nil {
			return nil, err
		}
		return (&remoteKeys{n: s.n, at: at}).find, nil
	}
	text, err := os.ReadFile(s.inApplication(v.Str()))
	if err != nil {
		return nil, fmt.Errorf("the file %s with the JSON Web Key Set cannot be read: %w", v.Str(), err)
	}
	keys, err := credential.ParseSet(string(text))
	return func(string) []credential.Key { return keys }, err
}

const (
	keysFresh   = 10 * time.Minute // how long a set is used without asking again
	keysPause   = time.Minute      // between two attempts at getting one
	keysPatient = 10 * time.Second
	keysLargest = 1 << 20
)

// remoteKeys is a JSON Web Key Set at an address. It is fetched when a token needs
// it. A token that names a key which is not in the set makes it fetch again, because
// keys change; but not more often than keysPause, because anybody can make up such
// tokens. When fetching fails the last set stays in use.
type remoteKeys struct {
	n  *Network
	at *url.URL

	set      atomic.Pointer[fetchedKeys]
	fetching sync.Mutex
	tried    time.Time // guarded by fetching
}

// fetchedKeys is immutable.
type fetchedKeys struct {
	keys []credential.Key
	at   time.Time
}

// knows reports whether a set can answer for a key; nil never can.
func (f *fetchedKeys) knows(id string) bool {
	return f != nil && (id == "" || slices.ContainsFunc(f.keys, func(k credential.Key) bool { return k.ID() == id }))
}

func (f *fetchedKeys) list() []credential.Key {
	if f == nil {
		return nil
	}
	return f.keys
}

// find returns the keys for a token that names one.
func (r *remoteKeys) find(id string) []credential.Key {
	now := time.Now()
	set := r.set.Load()
	if set.knows(id) {
		// An old set serves while somebody else gets a new one.
		if now.Sub(set.at) < keysFresh || !r.fetching.TryLock() {
			return set.keys
		}
	} else {
		r.fetching.Lock()
	}
	defer r.fetching.Unlock()
	if newer := r.set.Load(); newer != set && newer.knows(id) || !r.tried.IsZero() && now.Sub(r.tried) < keysPause {
		return r.set.Load().list()
	}
	r.tried = now
	keys, err := r.fetch()
	if err != nil {
		r.n.diagnose("[Warning] the keys for tokens at %s were not got: %v", r.at.Redacted(), err)
		return set.list()
	}
	r.set.Store(&fetchedKeys{keys, now})
	return keys
}

func (r *remoteKeys) fetch() ([]credential.Key, error) {
	a, err := r.n.client.do(&outgoing{method: http.MethodGet, url: r.at, header: http.Header{"Accept": {"application/json"}},
		timeout: keysPatient, limit: keysLargest})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("the answer was %d", a.status)
	}
	return credential.ParseSet(string(a.body))
}
