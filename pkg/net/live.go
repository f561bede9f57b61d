package aronet

import (
	_ "embed"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// Live tells the pages that are open in browsers what becomes of an application
// while it is worked on: they load themselves again when another program runs, and
// show what is wrong with one that does not compile. The HTTP server puts a script
// into its HTML for that. Its methods may be called by any goroutine.
type Live struct {
	mu       sync.Mutex
	state    int // counts builds, good or broken
	build    string
	problems string
	changed  chan struct{} // closed by the next build
}

// The paths that are served while there is a Live. No contract has them: a path with
// a dot in front is nobody's resource.
const (
	livePath   = "/.aro/live"
	liveScript = "/.aro/live.js"
)

// liveWait is how long a page waits for news before it asks again.
const liveWait = 25 * time.Second

//go:embed page/live.js
var liveSource string

// NewLive returns a Live that runs its first program.
func NewLive() *Live {
	l := &Live{changed: make(chan struct{})}
	l.build = l.next()
	return l
}

// next names a build. Those of another run of the application have other names.
func (l *Live) next() string {
	l.state++
	return strconv.FormatInt(time.Now().UnixNano(), 36)
}

// Built says that another program runs.
func (l *Live) Built() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.build, l.problems = l.next(), ""
	l.tell()
}

// Broken says why another program does not run: the last good one goes on.
func (l *Live) Broken(problems string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next()
	l.problems = problems
	l.tell()
}

func (l *Live) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// news is what a page hears, and what is closed when there is more.
func (l *Live) news() (state int, build, problems string, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.build, l.problems, l.changed
}

// liveHandler is the HTTP server while there is a Live.
type liveHandler struct {
	*httpServer
	live *Live
}

// Serve implements httpd.Handler. HTML is neither compressed nor kept by browsers, so
// that a page always has the script of the build that made it.
func (l liveHandler) Serve(x *httpd.Exchange) {
	switch x.Path {
	case livePath:
		l.tell(x)
		return
	case liveScript:
		x.Type("text/javascript; charset=utf-8")
		x.Set("Cache-Control", "no-store")
		x.Body = append(x.Body, liveSource...)
		return
	}
	r := *x.Request
	x.Request = &r
	r.Fields = r.Fields.Without("Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Range", "Range")
	l.httpServer.Serve(x)
	if !strings.HasPrefix(x.ContentType(), "text/html") || x.Header("Content-Security-Policy") != "" {
		return
	}
	if x.Content != nil {
		x.Body, x.Content = append(x.Body[:0], x.Content...), nil
	}
	_, build, _, _ := l.live.news()
	x.Body = append(append(append(x.Body, `<script src="`+liveScript+`?build=`...), build...), `" defer></script>`...)
	x.Set("Cache-Control", "no-store")
}

// tell answers a page that asks with ?since=STATE once there is another state.
func (l liveHandler) tell(x *httpd.Exchange) {
	since := strings.TrimPrefix(x.Query, "since=")
	state, build, problems, more := l.live.news()
	if since == strconv.Itoa(state) {
		timer := time.NewTimer(liveWait)
		defer timer.Stop()
		select {
		case <-more:
		case <-timer.C:
		case <-l.h.Stopping():
			x.Close, x.Status = true, http.StatusServiceUnavailable
			return
		}
		state, build, problems, _ = l.live.news()
	}
	x.Type(jsonType)
	x.Set("Cache-Control", "no-store")
	x.Body = value.MapOf("state", value.OfInt(int64(state)), "build", value.OfString(build), "problems", value.OfString(problems)).AppendJSON(x.Body)
}
