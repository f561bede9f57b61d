package monitor

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/graph"
	"aro/pkg/host"
)

var (
	//go:embed page/inspect.css
	style string
	//go:embed page/inspect.js
	script string
)

// policy lets the page run and load nothing but what is in it, and talk to this
// server only.
var policy = sync.OnceValue(func() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + " " + hash(graph.Style) + "; script-src " + hash(script) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

const (
	interval = time.Second
	watchers = 16 // pages that are open at once
)

// Inspector is the page and what feeds it. Open counts the connections of the
// application.
type Inspector struct {
	Host  *host.Host
	Graph *graph.Graph
	Open  func() (tcp, websockets int)

	places chan struct{}
	newer  atomic.Pointer[graph.Graph] // see Show; nil: Graph
}

// Show changes the picture for those who open the page from now on, after a reload
// of the application.
func (i *Inspector) Show(g *graph.Graph) { i.newer.Store(g) }

// Serve opens the page on addr, which must be a loopback address: the page shows
// what the program logs, and asks nobody for a password. It returns its URL.
func (i *Inspector) Serve(addr string) (string, error) {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("--inspect takes HOST:PORT, such as 127.0.0.1:9191, not %q", addr)
	}
	if ip, err := netip.ParseAddr(name); name != "localhost" && (err != nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("--inspect %s is refused: the page shows everything that the program logs and asks for no password, so it is for this machine only; use 127.0.0.1, and a tunnel from elsewhere", addr)
	}
	l, err := listen(addr)
	if err != nil {
		return "", fmt.Errorf("the inspector cannot listen on %s: %w", addr, err)
	}
	i.places = make(chan struct{}, watchers)
	return "http://" + l.Addr().String() + "/", serve(i.Host, l, guard(pages{"/": i.page, "/events": i.events}))
}

// guard refuses what pages of others can send: a request for another host, which is
// what a name that was bound to this address anew looks like, and one from another
// site.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		ip, err := netip.ParseAddr(name)
		if name != "localhost" && (err != nil || !ip.IsLoopback()) {
			answer(w, http.StatusMisdirectedRequest, "The inspector answers to localhost and 127.0.0.1 only.\n")
			return
		}
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		if site != "" && site != "none" && site != "same-origin" || origin != "" && origin != "http://"+r.Host {
			answer(w, http.StatusForbidden, "Pages of other sites may not read the inspector.\n")
			return
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (i *Inspector) page(w http.ResponseWriter, _ *http.Request) {
	g := cmp.Or(i.newer.Load(), i.Graph)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy())
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<style>%s</style>
<header><h1>%[1]s</h1><p id="state">connecting …</p></header>
<main>
<section id="picture" aria-label="Picture">%[3]s</section>
<div class="columns">
<section><h2>Feature sets</h2><table id="sets"><thead><tr><th>Name<th>Events/s<th>Runs<th>Failed<th>p50<th>p99</tr></thead><tbody></tbody></table></section>
<section><h2>Repositories</h2><table id="rows"><thead><tr><th>Name<th>Rows</tr></thead><tbody></tbody></table>
<h2>Refused, dropped, closed</h2><table id="refusals"><thead><tr><th>Reason<th>Count</tr></thead><tbody></tbody></table></section>
</div>
<section><h2>Failures</h2><ol id="failures"></ol></section>
<section><h2>Log</h2><pre id="log" tabindex="0"></pre></section>
</main>
<script>%s</script>
</html>
`, html.EscapeString(g.Name), style, g.SVG(), script)
}

// snapshot is one message to the page.
type snapshot struct {
	Now          float64                `json:"now"` // seconds since the page was opened
	Running      int64                  `json:"running"`
	TCP          int                    `json:"tcp"`
	WebSockets   int                    `json:"websockets"`
	Sets         []setState             `json:"sets"`
	Repositories []host.RepositoryState `json:"repositories"`
	Refusals     []host.Refusal         `json:"refusals"`
	Lines        []host.Line            `json:"lines"`
	Failures     []host.Failure         `json:"failures"`
}

type setState struct {
	ID string `json:"id"` // of its node
	host.SetState
}

// events sends a snapshot each second; lines and failures are those since the last
// one.
func (i *Inspector) events(w http.ResponseWriter, r *http.Request) {
	select {
	case i.places <- struct{}{}:
		defer func() { <-i.places }()
	default:
		answer(w, http.StatusServiceUnavailable, "Too many pages of the inspector are open.\n")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	began := time.Now()
	last := int64(0)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		s := snapshot{Now: time.Since(began).Seconds(), Running: i.Host.Running(), Repositories: i.Host.RepositoryStates(), Refusals: i.Host.Refusals()}
		s.TCP, s.WebSockets = i.Open()
		for _, x := range i.Host.SetStates() {
			s.Sets = append(s.Sets, setState{graph.SetID(x.Name, x.Activity), x})
		}
		s.Lines, s.Failures, last = i.Host.Watch.Since(last)
		data, err := json.Marshal(&s)
		if err != nil {
			return
		}
		out.SetWriteDeadline(time.Now().Add(5 * interval))
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
