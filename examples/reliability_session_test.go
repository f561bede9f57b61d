package examples_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestA03_Browser logs in and out with a browser: the page's scripts never see the
// cookie, and a form on another site cannot use it.
func TestA03_Browser(t *testing.T) {
	t.Parallel()
	b := launch(t)
	p := aroproc.Start(t, aro, "login", aroproc.Options{Ready: "http"})
	page, err := b.Open("http://" + p.HTTP + "/")
	must(t, err)
	must(t, page.Size(700, 400, false))
	submit := func(password string) {
		t.Helper()
		must(t, page.Type("[name=name]", "ada"))
		must(t, page.Type("[name=password]", password))
		must(t, page.Eval(nil, `document.querySelector("button").click()`))
	}
	submit("guess")
	must(t, page.Until(`document.body.textContent.includes("Wrong name or password")`))
	must(t, page.Go("http://"+p.HTTP+"/"))
	submit("lovelace")
	must(t, page.Until(`document.body.textContent.includes("Hello, ada!")`))
	var seen string
	must(t, page.Eval(&seen, `document.cookie`))
	if seen != "" {
		t.Errorf("scripts of the page see %q", seen)
	}
	picture(t, page, "login")
	var account int
	ask := func() int {
		t.Helper()
		must(t, page.Eval(&account, `fetch("/account").then(r => r.status)`))
		return account
	}
	if code := ask(); code != 200 {
		t.Errorf("logged in: %d", code)
	}
	must(t, page.Reload())
	must(t, page.Until(`document.body.textContent.includes("Hello, ada!")`))

	// The same browser, another site: localhost is not 127.0.0.1.
	other, err := b.Open("http://localhost:" + fmt.Sprint(p.Port) + "/")
	must(t, err)
	var code string
	must(t, other.Eval(&code, `fetch("http://`+p.HTTP+`/account", {credentials: "include"}).then(r => "read " + r.status, e => "refused")`))
	if code != "refused" {
		t.Errorf("a page of another site: %s", code)
	}
	must(t, other.Eval(nil, `(f => { f.method = "post"; f.action = "http://`+p.HTTP+`/logout/everywhere"; document.body.append(f); f.submit() })(document.createElement("form"))`))
	must(t, other.Until(`document.body.textContent.includes("Cross-site requests are refused")`))
	if code := ask(); code != 200 {
		t.Errorf("another site has logged us out: %d", code)
	}
	must(t, page.Eval(nil, `document.querySelector("button").click()`))
	must(t, page.Until(`document.querySelector("[name=password]") !== null`))
	if code := ask(); code != 401 {
		t.Errorf("logged out: %d", code)
	}
}

// TestA03_Flood: while more logins come than passwords can be hashed, other requests
// are answered, and what is too much is told to come again.
func TestA03_Flood(t *testing.T) {
	t.Parallel()
	p := aroproc.Start(t, aro, "login", aroproc.Options{Ready: "http"})
	var refused, others atomic.Int64
	var wg sync.WaitGroup
	for range 400 {
		wg.Go(func() {
			req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/login", strings.NewReader("name=ada&password=guess"))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			switch a, err := try(req); {
			case err != nil:
				t.Error(err)
			case a.code == 503 && a.header.Get("Retry-After") != "":
				refused.Add(1)
			case a.code != 401:
				t.Errorf("%v", a)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		if a := get(t, p, "/"); a.code != 200 {
			t.Errorf("meanwhile: %v", a)
		}
		others.Add(1)
		select {
		case <-done:
		default:
			continue
		}
		break
	}
	t.Logf("%d of 400 logins were told to come again, %d other requests were answered meanwhile", refused.Load(), others.Load())
	if refused.Load() == 0 || others.Load() < 20 {
		t.Errorf("%d refused, %d other requests", refused.Load(), others.Load())
	}
	req, _ := http.NewRequest("POST", "http://"+p.HTTP+"/login", strings.NewReader("name=ada&password=lovelace"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := do(t, req); a.code != 303 && a.code != 200 {
		t.Errorf("a login behind the flood: %v", a)
	}
}
