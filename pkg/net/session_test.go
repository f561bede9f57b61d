package aronet

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

const sessionAPI = `openapi: 3.0.3
info: { title: Sessions, version: 1.0.0 }
components: { securitySchemes: { login: { type: apiKey, in: cookie, name: session } } }
paths:
  /login: { post: { operationId: logIn } }
  /logout: { post: { operationId: logOut } }
  /me: { get: { operationId: me } }
  /mine: { get: { operationId: mine, security: [{ login: [] }] } }
  /age: { post: { operationId: age } }
  /rows: { get: { operationId: rows } }
  /twice: { post: { operationId: twice } }
  /broken: { post: { operationId: broken } }
  /taken: { post: { operationId: taken } }
`

const sessionSource = `
(logIn: Site) {
    Extract the <user> from the <request: body>.
    Start the <session> with <user>.
    Return an <OK: status> with { now: <session: user.name> }.
}
(logOut: Site) {
    Stop the <session>.
    Create the <gone> with <session> is empty.
    Return an <OK: status> with { gone: <gone> }.
}
(me: Site) {
    Return an <OK: status> with { user: null } when <session> is empty.
    Return an <OK: status> with { user: <session: user.name> }.
}
(mine: Site) {
    Return an <OK: status> with { user: <request: user.user.name> }.
}
(age: Site) {
    Retrieve the <row> from the <session-repository> where id = <session: id>.
    Update the <row> with { expires: 1 }.
    Store the <row> into the <session-repository>.
    Return an <OK: status> with { aged: true }.
}
(rows: Site) {
    Retrieve the <all> from the <session-repository>.
    Return an <OK: status> with { rows: <all> }.
}
(twice: Site) {
    Start the <session> with { user: { name: "first" } }.
    Start the <session> with { user: { name: "second" } }.
    Return an <OK: status> with { ok: true }.
}
(broken: Site) {
    Start the <session> with { user: { name: "nobody" } }.
    Extract the <x> from the <request: body.missing.deeper>.
    Return an <OK: status> with <x>.
}
(taken: Site) {
    Start the <session> with { id: "mine" }.
    Return an <OK: status> with { ok: true }.
}
`

var sessionCookie = regexp.MustCompile(`^session=([A-Za-z0-9_-]{43}); Path=/; Max-Age=60; HttpOnly; SameSite=Lax(; Secure)?$`)

func (a got) session(t *testing.T) (id string, secure bool) {
	t.Helper()
	m := sessionCookie.FindStringSubmatch(a.Header.Get("Set-Cookie"))
	if m == nil || len(a.Header.Values("Set-Cookie")) != 1 || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v: %s", a.StatusCode, a.Header, a.body)
	}
	return m[1], m[2] != ""
}

// TestA03: a session is a cookie with 256 random bits that scripts do not see; a login
// makes a new one, whatever the client had before; it ends on the server.
func TestA03_Sessions(t *testing.T) {
	s := newSite(t, `sessions: { lasts: 60 }, security: { login: "session" }`, sessionAPI, sessionSource, nil)
	login := func(lines ...string) string {
		t.Helper()
		id, secure := s.ask("POST", "/login", `{"name":"ada","password":"hash"}`, append(lines, "Content-Type: application/json")...).session(t)
		if secure {
			t.Error("Secure without TLS: no browser would keep it")
		}
		return id
	}
	is := func(what, path, cookie string, code int, body string) {
		t.Helper()
		if a := s.ask("GET", path, "", "Cookie: session="+cookie); a.StatusCode != code || body != "" && a.body != body {
			t.Errorf("%s: %d %s", what, a.StatusCode, a.body)
		}
	}
	const planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	one := login("Cookie: session=" + planted)
	if one == planted {
		t.Error("an id that the client chose was taken")
	}
	is("logged in", "/me", one, 200, `{"user":"ada"}`)
	is("logged in, by the contract", "/mine", one, 200, `{"user":"ada"}`)
	for _, cookie := range []string{planted, "", one + "x", one[:42], strings.ToUpper(one), "../../x"} {
		is("a stranger", "/me", cookie, 200, `{"user":null}`)
		is("a stranger, by the contract", "/mine", cookie, 401, "")
	}
	rows := s.get("/rows").body
	if strings.Contains(rows, one) || strings.Contains(rows, "hash") || !strings.Contains(rows, "ada") {
		t.Errorf("the row has the id of the cookie or the password: %s", rows)
	}
	two := login("Cookie: session=" + one)
	is("before the second login", "/mine", one, 401, "")
	is("after it", "/mine", two, 200, "")
	if a := s.ask("POST", "/twice", "", "Cookie: session="+two); true {
		id, _ := a.session(t)
		is("the second of one handler", "/me", id, 200, `{"user":"second"}`)
		two = id
	}
	if n := strings.Count(s.get("/rows").body, `"expires"`); n != 1 {
		t.Errorf("%d rows are left of one client", n)
	}
	s.ask("POST", "/age", "", "Cookie: session="+two)
	is("an old session", "/mine", two, 401, "")
	is("an old session that is only looked at", "/me", two, 200, `{"user":null}`)

	three := login()
	if a := s.ask("POST", "/logout", "", "Cookie: session="+three); a.Header.Get("Set-Cookie") != "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax" || a.body != `{"gone":true}` {
		t.Errorf("logged out: %v %s", a.Header, a.body)
	}
	is("logged out", "/mine", three, 401, "")
	if a := s.ask("POST", "/broken", "{}", "Content-Type: application/json"); a.StatusCode != 500 || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("a handler that failed behind the login: %d %v", a.StatusCode, a.Header)
	}
	if a := s.ask("POST", "/taken", ""); a.StatusCode != 500 || !strings.Contains(s.stderr.String(), "a session has its own id") {
		t.Errorf("an id that the program chose: %d", a.StatusCode)
	}
	if a := s.get("/me"); a.Header.Get("Set-Cookie") != "" || a.Header.Get("Cache-Control") != "" {
		t.Errorf("who only looks has a cookie: %v", a.Header)
	}
}

// TestA03_Secure: behind TLS, our own or that of a proxy, the cookie never travels
// without.
func TestA03_Secure(t *testing.T) {
	cert, key := newCertificate(t, "first.example", time.Now().Add(time.Hour))
	s := newSite(t, `tls: { cert: "tls/cert.pem", key: "tls/key.pem" }, security: { login: "session" }, sessions: { lasts: 60 }`, sessionAPI, sessionSource,
		map[string]string{"tls/cert.pem": cert, "tls/key.pem": key})
	s.url = s.address("https", "port")
	if _, secure := s.ask("POST", "/login", `{"name":"ada"}`, "Content-Type: application/json").session(t); !secure {
		t.Error("not Secure over TLS")
	}
	s = newSite(t, `sessions: { lasts: 60, secure: true }, security: { login: "session" }`, sessionAPI, sessionSource, nil)
	if _, secure := s.ask("POST", "/login", `{"name":"ada"}`, "Content-Type: application/json").session(t); !secure {
		t.Error("not Secure although the program says so")
	}
}

// TestSessionOptions: what is wrong with the options is said when the server starts.
func TestSessionOptions(t *testing.T) {
	for option, want := range map[string]string{
		`sessions: true`:                                              "the option sessions is { lasts: seconds",
		`sessions: { lasts: 0 }`:                                      "from 1 to",
		`sessions: { lasts: 1.5 }`:                                    "whole number",
		`sessions: { cookie: "a b" }`:                                 "the cookie of sessions has a name",
		`sessions: { repository: "rows" }`:                            "the repository of sessions",
		`sessions: { secure: "yes" }`:                                 "true or false",
		`sessions: { ttl: 1 }`:                                        "sessions have no option 'ttl'",
		`sessions: { cookie: "sid" }, security: { login: "session" }`: "name: sid",
	} {
		if text := prepareSite(t, option, sessionAPI, sessionSource, nil).fails(); !strings.Contains(text, want) {
			t.Errorf("%s: %s", option, text)
		}
	}
}
