package contract

import (
	"strings"
	"testing"
)

func routerOf(routes ...string) *Router {
	c := &Contract{}
	for _, r := range routes {
		method, path, _ := strings.Cut(r, " ")
		c.Operations = append(c.Operations, &Operation{ID: r, Method: method, Path: path})
	}
	c.prepare()
	return NewRouter(c)
}

func TestMatch(t *testing.T) {
	r := routerOf("GET /", "GET /users", "POST /users", "GET /users/{id}", "POST /users/me", "GET /users/{id}/posts/{post}",
		"GET /users/me/{x}", "GET /files/{id}.pdf", "GET /files/{name}", "GET /v/{a}-{b}", "PUT /users/{key}", "HEAD /heads",
		"GET /heads", "GET /caf%C3%A9", "GET /a b", "OPTIONS /opts", "GET /dup/{a}", "GET /dup/{b}", "GET /x/{a}/end", "GET /x/lit/other",
		"GET /p/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}/{10}", "GET /trail/")
	for _, x := range []struct{ method, path, want string }{
		{"GET", "/", "GET /"},
		{"GET", "", "404"},
		{"GET", "//", "404"},
		{"GET", "/users", "GET /users"},
		{"GET", "/users/", "GET /users"},
		{"GET", "/users//", "404"},
		{"GET", "/users?x=1", "GET /users"},
		{"POST", "/users", "POST /users"},
		{"DELETE", "/users", "405 GET, POST"},
		{"get", "/users", "405 GET, POST"},
		{"HEAD", "/users", "GET /users head"},
		{"HEAD", "/heads", "HEAD /heads"},
		{"OPTIONS", "/users", "405 GET, POST"},
		{"OPTIONS", "/opts", "OPTIONS /opts"},
		{"GET", "/users/42", "GET /users/{id} id=42"},
		{"GET", "/users/me", "GET /users/{id} id=me"},
		{"POST", "/users/me", "POST /users/me"},
		{"PATCH", "/users/me", "405 GET, POST, PUT"},
		{"PUT", "/users/9", "PUT /users/{key} key=9"},
		{"GET", "/users/a%2Fb", "GET /users/{id} id=a/b"},
		{"GET", "/users/a%20b", "GET /users/{id} id=a b"},
		{"GET", "/users/a+b", "GET /users/{id} id=a+b"},
		{"GET", "/users/%zz", "GET /users/{id} id=%zz"},
		{"GET", "/users/7/posts/8", "GET /users/{id}/posts/{post} id=7 post=8"},
		{"GET", "/users/7/posts/", "404"},
		{"GET", "/users/me/q", "GET /users/me/{x} x=q"},
		{"GET", "/users/me/posts/8", "GET /users/{id}/posts/{post} id=me post=8"},
		{"GET", "/users//posts/8", "404"},
		{"GET", "/files/a.pdf", "GET /files/{id}.pdf id=a"},
		{"GET", "/files/a.txt", "GET /files/{name} name=a.txt"},
		{"GET", "/files/.pdf", "GET /files/{name} name=.pdf"},
		{"GET", "/v/1-2-3", "GET /v/{a}-{b} a=1 b=2-3"},
		{"GET", "/v/1-", "404"},
		{"GET", "/v/-1-", "404"},
		{"GET", "/v/-1-2", "GET /v/{a}-{b} a=-1 b=2"},
		{"GET", "/caf%c3%a9", "GET /caf%C3%A9"},
		{"GET", "/café", "GET /caf%C3%A9"},
		{"GET", "/%75sers", "GET /users"},
		{"GET", "/a%20b", "GET /a b"},
		{"GET", "/dup/1", "GET /dup/{a} a=1"},
		{"GET", "/x/lit/end", "GET /x/{a}/end a=lit"},
		{"GET", "/x/lit/other", "GET /x/lit/other"},
		{"GET", "/p/a/b/c/d/e/f/g/h/i/j", "GET /p/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}/{10} 1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j"},
		{"GET", "/trail", "GET /trail/"},
		{"GET", "*", "404"},
		{"GET", "http://x/users", "404"},
		{"BREW", "/users", "405 GET, POST"},
	} {
		m := r.Match(x.method, x.path)
		got := "404"
		switch {
		case m.Operation != nil:
			got = m.Operation.ID
			for i := range m.Params() {
				got += " " + m.Name(i) + "=" + m.Param(i)
			}
			if m.Head {
				got += " head"
			}
			if m.Allowed != 0 || !m.Known {
				t.Errorf("%s %s: %+v", x.method, x.path, m)
			}
		case m.Known:
			got = "405 " + m.Allowed.String()
		}
		if got != x.want {
			t.Errorf("%s %s: got %q, want %q", x.method, x.path, got, x.want)
		}
	}
}

// TestMatchAllocations holds the promise of Match's comment.
func TestMatchAllocations(t *testing.T) {
	r := routerOf("GET /users", "GET /users/{id}", "GET /files/{id}.pdf")
	for _, path := range []string{"/users", "/users/42", "/files/a.pdf", "/nope"} {
		if n := testing.AllocsPerRun(100, func() { r.Match("GET", path) }); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func FuzzRouter(f *testing.F) {
	f.Add("GET /a/{b}\nPOST /a/x{c}y", "GET", "/a/b")
	f.Add("GET /{a}{b}\nGET /{{}}\nGET /a/{}/{x", "GET", "/%2f/%")
	f.Fuzz(func(t *testing.T, routes, method, path string) {
		list := strings.Split(routes, "\n")
		if len(list) > 50 {
			list = list[:50]
		}
		r := routerOf(list...)
		m := r.Match(method, path)
		if m.Operation == nil {
			return
		}
		if m.Params() != len(m.Operation.table.pathNames) {
			t.Fatalf("%d parameters, %d names", m.Params(), len(m.Operation.table.pathNames))
		}
		for i := range m.Params() {
			if m.Param(i) == "" {
				t.Fatalf("parameter %s is empty", m.Name(i))
			}
		}
	})
}
