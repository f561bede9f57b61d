package aronet

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/net/httpd"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// sessions are the sessions of the http-server (05 A03). The client has a cookie with
// 256 random bits; a row of a repository has their hash, so that who reads the rows can
// be nobody else, and what the session is about. A new session is always a new id: one
// that somebody knew before the login is worth nothing behind it.
type sessions struct {
	h      *host.Host
	cookie string
	rows   string        // repository
	lasts  time.Duration // from the login on, whatever happens
	secure bool          // told to be, as behind a proxy with TLS
	tls    bool
}

var defaultSessions = sessions{cookie: "session", rows: "session-repository", lasts: 12 * time.Hour}

const longestSession = 400 * 24 * time.Hour // what browsers keep

// configure reads the option sessions.
func (k *sessions) configure(v value.Value) error {
	rec := v.Record()
	if rec == nil {
		return fmt.Errorf("the option sessions is { lasts: seconds, cookie: \"name\", repository: \"x-repository\", secure: true }, got %s", v.Text())
	}
	for i := range rec.Len() {
		key, v := rec.At(i)
		switch key {
		case "lasts":
			n, ok := v.AsNumber()
			if !ok || n < 1 || n > longestSession.Seconds() || n != math.Trunc(n) {
				return fmt.Errorf("sessions last a whole number of seconds, from 1 to %.0f; got %s", longestSession.Seconds(), v.Text())
			}
			k.lasts = time.Duration(n) * time.Second
		case "cookie":
			if v.Kind() != value.String || !isCookieName(v.Str()) {
				return fmt.Errorf("the cookie of sessions has a name of letters, digits, - and _, got %s", v.Text())
			}
			k.cookie = v.Str()
		case "repository":
			if v.Kind() != value.String || !strings.HasSuffix(v.Str(), "-repository") {
				return fmt.Errorf("the repository of sessions is its name as a text, repository: \"session-repository\", got %s", v.Text())
			}
			k.rows = v.Str()
		case "secure":
			var err error
			if k.secure, err = switchOption(key, v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("sessions have no option '%s'; they have lasts, cookie, repository and secure", key)
		}
	}
	return nil
}

func isCookieName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// newSessionID returns 256 random bits as text.
func newSessionID() string {
	var b [32]byte
	value.RandomBytes(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// rowID is the id of the row of a session.
func rowID(id string) value.Value {
	sum := sha256.Sum256([]byte(id))
	return value.OfString(hex.EncodeToString(sum[:]))
}

// find returns the row of a session that has not ended, null for none.
func (k *sessions) find(id string) value.Value {
	if k.h == nil || len(id) != base64.RawURLEncoding.EncodedLen(32) {
		return value.Nil
	}
	for _, row := range k.h.RowsWith(k.rows, "id", rowID(id)) {
		expires, _ := row.Property("expires")
		if n, ok := expires.AsNumber(); ok && float64(time.Now().Unix()) < n {
			return row
		}
	}
	return value.Nil
}

// idOf is the id that a request has by now: its cookie, or what the feature set has
// made of it.
func (k *sessions) idOf(q *request) string {
	if id := q.session.Load(); id != nil {
		return *id
	}
	return q.credential("cookie", k.cookie)
}

// answer sets the cookie, if the session began or ended. Answers with it are nobody
// else's.
func (k *sessions) answer(x *httpd.Exchange, q *request) {
	id := q.session.Load()
	if id == nil {
		return
	}
	age := int64(0)
	if *id != "" {
		age = int64(k.lasts / time.Second)
	}
	cookie := k.cookie + "=" + *id + "; Path=/; Max-Age=" + strconv.FormatInt(age, 10) + "; HttpOnly; SameSite=Lax"
	if k.tls || k.secure {
		cookie += "; Secure"
	}
	x.Add("Set-Cookie", cookie)
	if x.Header("Cache-Control") == "" {
		x.Set("Cache-Control", "no-store")
	}
}

// sessionsOf implements host.Sessions for a server.
type sessionsOf struct{ s *httpServer }

// Begin implements host.Sessions.
func (o sessionsOf) Begin(c *vm.Call, data value.Value) (value.Value, error) {
	k := &o.s.sessions
	q, ok := host.RootTrigger(c).(*request)
	if !ok {
		return value.Value{}, errors.New("only what a request runs can start a session: it is the client of a request who gets it")
	}
	id, old := newSessionID(), value.Value{}
	if before := k.idOf(q); before != "" {
		old = rowID(before)
	}
	b := value.NewBuilder(4)
	b.Set("id", rowID(id))
	b.Set("expires", value.OfInt(time.Now().Add(k.lasts).Unix()))
	rec := data.Record()
	for i := range rec.Len() {
		key, v := rec.At(i)
		if key == "id" || key == "expires" {
			return value.Value{}, fmt.Errorf("a session has its own %s; give it what it is about under a name: Start the <session> with { user: <user> }", key)
		}
		if r := v.Record(); r != nil {
			v = value.OfRecord(r.Without("password"))
		}
		b.Set(key, v)
	}
	v, err := host.ReplaceRow(c, k.rows, old, b.Value(), k.lasts)
	q.session.Store(&id)
	return v, err
}

// End implements host.Sessions.
func (o sessionsOf) End(c *vm.Call) (v value.Value, ours bool, err error) {
	k := &o.s.sessions
	q, ok := host.RootTrigger(c).(*request)
	if !ok {
		return value.Value{}, false, nil
	}
	before, none := k.idOf(q), ""
	q.session.Store(&none)
	if before == "" {
		return value.Value{}, true, nil
	}
	v, err = host.ReplaceRow(c, k.rows, rowID(before), value.Value{}, 0)
	return v, true, err
}

// Current implements host.Sessions.
func (o sessionsOf) Current(t host.Trigger) value.Value {
	q, ok := t.(*request)
	if !ok {
		return value.Value{}
	}
	return o.s.sessions.find(o.s.sessions.idOf(q))
}
