package examples_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
	"aro/examples/internal/cdp"
)

// connected makes a page say when its WebSocket is open: what happens before that, a
// page that only listens does not hear of.
const connected = `window.WebSocket = class extends WebSocket {
	constructor(...args) { super(...args); this.addEventListener("open", () => { window.connected = true; }); }
}`

// TestBrowserPages: the pages of the smaller live examples follow what happens elsewhere.
func TestBrowserPages(t *testing.T) {
	t.Parallel()
	b := launch(t)
	begin := func(t *testing.T, app string) (addr string, open func() *cdp.Page) {
		t.Helper()
		addr = aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"}).HTTP
		return addr, func() *cdp.Page {
			t.Helper()
			p, err := b.Open("http://" + addr + "/")
			must(t, err)
			must(t, p.BeforeLoad(connected))
			must(t, p.Reload())
			must(t, p.Until(`window.connected === true`))
			return p
		}
	}
	end := func(t *testing.T, name string, p *cdp.Page) {
		t.Helper()
		picture(t, p, name)
		if problems := p.Problems(); len(problems) > 0 {
			t.Errorf("%s: %s", name, strings.Join(problems, "\n"))
		}
	}

	t.Run("dashboard", func(t *testing.T) {
		addr, open := begin(t, "dashboard")
		put := func(sensor, value string) {
			t.Helper()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+addr+"/sensors/"+sensor, strings.NewReader(`{"value":`+value+`}`))
			must(t, err)
			request.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(request)
			must(t, err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusAccepted {
				t.Fatalf("PUT %s %s: %s", sensor, value, answer.Status)
			}
		}
		shows := func(p *cdp.Page, sensor, value, most string) {
			t.Helper()
			must(t, p.Until(fmt.Sprintf(`(c => c && c.children[0].textContent === %[1]q && c.children[1].textContent === %[2]q && c.children[2].textContent === "at most %[3]s")(document.getElementById("s-%[1]s"))`, sensor, value, most)))
		}
		p := open()
		put("cellar", "12")
		shows(p, "cellar", "12", "12")
		put("cellar", "9.5")
		shows(p, "cellar", "9.5", "12")
		put("attic", "21")
		shows(p, "attic", "21", "21")
		later := open()
		shows(later, "cellar", "9.5", "12")
		shows(later, "attic", "21", "21")
		end(t, "dashboard", p)
	})

	t.Run("poll", func(t *testing.T) {
		_, open := begin(t, "poll")
		p, other := open(), open()
		for _, choice := range []string{"coffee", "tea"} { // the second vote is a change of mind
			must(t, p.Eval(nil, fmt.Sprintf(`document.querySelector('[data-id="%s"] button').click()`, choice)))
			must(t, other.Until(fmt.Sprintf(`[...document.querySelectorAll(".choice")].every(c => c.querySelector("span").textContent === (c.dataset.id === %q ? "1" : "0"))`, choice)))
		}
		end(t, "poll", other)
	})

	t.Run("browser-chat", func(t *testing.T) {
		_, open := begin(t, "browser-chat")
		ada, ben := open(), open()
		send := func(p *cdp.Page, form string, fields ...string) {
			t.Helper()
			for i := 0; i < len(fields); i += 2 {
				must(t, p.Eval(nil, fmt.Sprintf(`document.querySelector("#%s [name=%s]").value = %q`, form, fields[i], fields[i+1])))
			}
			must(t, p.Eval(nil, fmt.Sprintf(`document.querySelector("#%s button").click()`, form)))
		}
		hears := func(p *cdp.Page, line string) {
			t.Helper()
			must(t, p.Until(fmt.Sprintf(`document.querySelector("#lines li:last-child")?.textContent === %q`, line)))
		}
		send(ada, "join", "name", "Ada", "room", "garden")
		hears(ada, "Ada came in")
		send(ben, "join", "name", "Ben", "room", "garden")
		hears(ben, "Ben came in")
		hears(ada, "Ben came in")
		send(ben, "say", "text", "<b>Hello</b>")
		hears(ada, "Ben: <b>Hello</b>")
		end(t, "browser-chat", ada)
	})
}
