package aronet

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"aro/pkg/host/password"
	"aro/pkg/net/contract"
	"aro/pkg/net/credential"
	"aro/pkg/vm/value"
)

// scheme verifies the credentials of one security scheme of the contract
// (05 A01): exactly one of its ways is set.
type scheme struct {
	seen    bool // the handler looks, only presence counts here
	session bool // of a session that runs
	keys    []apiKey
	users   string // repository
	tokens  *credential.Verifier

	told atomic.Bool // the complaint about a row, which is made once
}

type apiKey struct {
	name string
	sum  [sha256.Size]byte
}

// leastKey is the length of the shortest key that is taken: any shorter one can
// be guessed.
const leastKey = 16

const schemeNeeds = `{ keys: […] }, { users: "user-repository" }, { jwt: { … } }, "session", or "handler" if the handler looks itself`

// securityOf reads the option security: how to verify each scheme that operations
// of the contract need. One that is left out would let anybody in, so none may be.
func (rt *routing) securityOf(s *httpServer, v value.Value) (map[string]*scheme, error) {
	rec := v.Record()
	if rec == nil {
		return nil, fmt.Errorf("the option security has an entry for each security scheme of the contract, { login: { keys: [\"…\"] } }; got a %s", v.TypeName())
	}
	needed := map[string]*contract.SecurityCheck{}
	var names []string
	if rt.contract != nil {
		for _, c := range rt.contract.SecuritySchemes() {
			needed[c.Scheme] = c
			names = append(names, c.Scheme)
		}
	}
	known := strings.Join(names, ", ")
	if known == "" {
		known = "none"
	}
	out := map[string]*scheme{}
	for i := range rec.Len() {
		name, v := rec.At(i)
		c := needed[name]
		if c == nil {
			return nil, fmt.Errorf("the option security has an entry '%s', but no operation of the contract needs a scheme of that name; they need: %s", name, known)
		}
		sc, err := s.schemeOf(c, v)
		if err != nil {
			return nil, fmt.Errorf("the entry %s of the option security: %w", name, err)
		}
		out[name] = sc
	}
	for _, name := range names {
		if out[name] == nil && needed[name].Kind != contract.CheckImpossible {
			return nil, fmt.Errorf("the option security has no entry for the scheme '%s' of the contract; add %s: %s", name, name, schemeNeeds)
		}
	}
	return out, nil
}

func (s *httpServer) schemeOf(c *contract.SecurityCheck, v value.Value) (*scheme, error) {
	if v.Kind() == value.String && v.Str() == "handler" {
		return &scheme{seen: true}, nil
	}
	if v.Kind() == value.String && v.Str() == "session" {
		if c.Kind != contract.CheckAPIKey || c.In != contract.InCookie || c.Name != s.sessions.cookie {
			return nil, fmt.Errorf("\"session\" is for a scheme with type: apiKey, in: cookie, name: %s", s.sessions.cookie)
		}
		return &scheme{session: true}, nil
	}
	rec := v.Record()
	if rec == nil || rec.Len() != 1 {
		return nil, errors.New("it must be one of " + schemeNeeds)
	}
	way, v := rec.At(0)
	basic := c.Kind == contract.CheckScheme && strings.EqualFold(c.Name, "Basic")
	if basic != (way == "users") {
		if basic {
			return nil, errors.New("the scheme is Basic, which takes users: \"user-repository\"")
		}
		return nil, fmt.Errorf("the scheme is not Basic; it takes keys or jwt, not %s", way)
	}
	switch way {
	case "keys":
		keys, err := s.keysOf(c.Scheme, v)
		return &scheme{keys: keys}, err
	case "users":
		if v.Kind() != value.String || !strings.HasSuffix(v.Str(), "-repository") {
			return nil, errors.New("users is the name of a repository as a text, users: \"user-repository\", so that rows count that come later; each has a name and a password, which password-hash gave")
		}
		return &scheme{users: v.Str()}, nil
	case "jwt":
		tokens, err := s.tokensOf(v)
		return &scheme{tokens: tokens}, err
	}
	return nil, fmt.Errorf("'%s' is not known; it must be one of %s", way, schemeNeeds)
}

// keysOf reads keys: a list, a text with commas between them, or a map with who
// has which.
func (s *httpServer) keysOf(scheme string, v value.Value) (keys []apiKey, err error) {
	add := func(name, key string) {
		if key = strings.TrimSpace(key); len(key) < leastKey {
			err = fmt.Errorf("a key must have %d characters at least, one has %d", leastKey, len(key))
		}
		s.h.Conceal(key)
		keys = append(keys, apiKey{name, sha256.Sum256([]byte(key))})
	}
	switch v.Kind() {
	case value.Map:
		rec := v.Record()
		for i := range rec.Len() {
			name, key := rec.At(i)
			add(name, key.Text())
		}
	case value.List:
		for _, key := range v.List() {
			add(scheme, key.Text())
		}
	case value.String:
		for key := range strings.SplitSeq(v.Str(), ",") {
			add(scheme, key)
		}
	}
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("keys is a list of keys, a text with commas between them, or a map of names with a key each; got %s", v.TypeName())
	}
	return keys, err
}

// admitted checks credentials as far as the options say: whether they are good, or
// whether there are any.
func (s *httpServer) admitted(rt *routing, req *request) *contract.Failure {
	if rt.schemes == nil {
		return req.op.CheckSecurity(req.credential)
	}
	return s.authenticate(rt, req)
}

// authenticate verifies what the contract wants for an operation.
func (s *httpServer) authenticate(rt *routing, req *request) (f *contract.Failure) {
	req.user, f = req.op.Authenticate(req.single, func(c *contract.SecurityCheck, sent string) (value.Value, bool) {
		sc := rt.schemes[c.Scheme]
		if sc == nil || len(sent) > credential.Longest {
			return value.Nil, false
		}
		return s.judge(req, sc, sent)
	})
	if f != nil && req.busy {
		s.h.Refused("too_many_logins")
		return busy // nobody has looked whether the password is right
	}
	return f
}

func (s *httpServer) judge(req *request, sc *scheme, sent string) (value.Value, bool) {
	switch {
	case sc.seen:
		return value.Nil, true
	case sc.session:
		row := s.sessions.find(sent)
		return row, row.Kind() != value.Null
	case sc.keys != nil:
		return sc.holder(sent)
	case sc.tokens != nil:
		claims, err := sc.tokens.Verify(sent, time.Now())
		if err != nil {
			if s.h.Verbose {
				s.h.Diagnose("[http] [%s] a token was refused: %v", req.op.ID, err)
			}
			return value.Nil, false
		}
		return claims, true
	}
	return s.account(req, sc, sent)
}

// holder finds who has a key. All keys are looked at, whichever fits.
func (sc *scheme) holder(sent string) (value.Value, bool) {
	sum, found := sha256.Sum256([]byte(sent)), -1
	for i := range sc.keys {
		if subtle.ConstantTimeCompare(sum[:], sc.keys[i].sum[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return value.Nil, false
	}
	return value.MapOf("name", value.OfString(sc.keys[found].name)), true
}

// account finds the user of Basic credentials. Somebody who is not there costs as
// much as a wrong password.
func (s *httpServer) account(req *request, sc *scheme, sent string) (value.Value, bool) {
	text, err := base64.StdEncoding.DecodeString(sent)
	name, typed, ok := strings.Cut(string(text), ":")
	if err != nil || !ok || name == "" || typed == "" {
		return value.Nil, false
	}
	rows := s.h.RowsWith(sc.users, "name", value.OfString(name))
	if len(rows) != 1 {
		req.busy = password.Spend(typed) != nil
		return value.Nil, false
	}
	kept, _ := rows[0].Property("password")
	matches, known := false, kept.Kind() == value.String
	if known {
		matches, known, err = password.Matches(typed, kept.Str())
		req.busy = err != nil
	}
	if !known {
		if !sc.told.Swap(true) {
			s.h.Diagnose("[Warning] rows of the %s have a password that password-hash did not give; nobody can log in with it", sc.users)
		}
		req.busy = password.Spend(typed) != nil
		return value.Nil, false
	}
	if !matches {
		return value.Nil, false
	}
	if rec := rows[0].Record(); rec != nil {
		return value.OfRecord(rec.Without("password")), true
	}
	return value.Nil, false
}

// warnUnverified says once, when the server starts, that credentials are only
// looked for.
func (s *httpServer) warnUnverified(rt *routing) {
	if rt.schemes != nil || rt.contract == nil {
		return
	}
	var names []string
	for _, c := range rt.contract.SecuritySchemes() {
		if c.Kind != contract.CheckImpossible {
			names = append(names, c.Scheme)
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		s.h.Diagnose("[Warning] the contract asks for credentials (%s), and the http-server only looks whether some are there; "+
			"verify them with its option security", strings.Join(names, ", "))
	}
}
