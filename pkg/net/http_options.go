package aronet

import (
	"fmt"
	"math"
	"strings"

	"aro/pkg/vm/value"
)

// httpOptions are what `Start the <http-server> with { … }.` says (docs/http.md).
type httpOptions struct {
	bind      string // address to listen on
	websocket string // path of upgrades, "" for none
	origins   []string
	validate  bool
	cors      []string
	maxBody   int64
	tls       *tlsOptions // nil for plain HTTP
	compress  bool
	docsPath  string   // "" for no page
	hosts     []string // that are served, nil for any
	atOnce    int      // handlers
	rate      *rateLimit
	inflate   bool // take compressed request bodies
	short     bool // failures say nothing but an id (05 H14)

	sessions sessions

	security value.Value // as it was given; unbound: presence only
}

// httpOptionKeys are the options in the order that a message lists them.
var httpOptionKeys = []string{"port", "host", "websocket", "origins", "validate", "cors", "maxBodySize", "tls", "compress", "docs",
	"hosts", "maxConcurrent", "rate", "compressedBodies", "security", "sessions", "errors"}

// httpOptionsOf reads the options. websocket is the upgrade path of a server that
// was not told one.
func httpOptionsOf(v value.Value, websocket string) (httpOptions, error) {
	o := httpOptions{bind: "0.0.0.0", websocket: websocket, maxBody: maxBody, compress: true, atOnce: defaultConcurrent(), sessions: defaultSessions}
	rec := v.Record()
	if rec == nil {
		return o, nil
	}
	for i := range rec.Len() {
		key, v := rec.At(i)
		if err := o.set(key, v); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *httpOptions) set(key string, v value.Value) (err error) {
	switch key {
	case "host":
		if v.Kind() == value.String {
			o.bind = v.Str()
		}
	case "websocket":
		o.websocket, err = pathOption(key, "/ws", v)
	case "origins":
		o.origins = texts(v)
	case "validate":
		o.validate = v.Truthy()
	case "cors":
		o.cors = texts(v)
		if v.Kind() == value.Bool && v.Bool() {
			o.cors = []string{"*"}
		}
	case "maxBodySize":
		n, ok := v.AsNumber()
		if !ok || n < 0 {
			return fmt.Errorf("the option maxBodySize must be a number of bytes, got %s", v.Text())
		}
		o.maxBody = int64(min(n, math.MaxInt64/2))
	case "tls":
		o.tls, err = tlsOptionsOf(v)
	case "docs":
		o.docsPath, err = pathOption(key, "/docs", v)
	case "hosts":
		if o.hosts = texts(v); len(o.hosts) == 0 {
			return fmt.Errorf("the option hosts is a list of names such as [\"www.example.org\"], got %s", v.Text())
		}
	case "maxConcurrent":
		n, ok := v.AsNumber()
		if !ok || n < 1 || n != math.Trunc(n) {
			return fmt.Errorf("the option maxConcurrent is how many handlers may run at once, from 1 on, got %s", v.Text())
		}
		o.atOnce = int(min(n, math.MaxInt32))
	case "rate":
		o.rate, err = rateLimitOf(v)
	case "compressedBodies":
		o.inflate, err = switchOption(key, v)
	case "compress":
		o.compress, err = switchOption(key, v)
	case "sessions":
		err = o.sessions.configure(v)
	case "security":
		o.security = v
	case "errors":
		if v.Kind() != value.String || v.Str() != "short" && v.Str() != "full" {
			return fmt.Errorf("the option errors is \"full\" or \"short\", got %s", v.Text())
		}
		o.short = v.Str() == "short"
	case "port", "type", "http-server":
	default:
		last := len(httpOptionKeys) - 1
		return fmt.Errorf("the http-server has no option '%s'; it knows %s and %s", key,
			strings.Join(httpOptionKeys[:last], ", "), httpOptionKeys[last])
	}
	return err
}

func pathOption(key, example string, v value.Value) (string, error) {
	if v.Kind() != value.String || !strings.HasPrefix(v.Str(), "/") {
		return "", fmt.Errorf("the option %s must be a path such as %q, got %s", key, example, v.Text())
	}
	return v.Str(), nil
}

func switchOption(key string, v value.Value) (bool, error) {
	if v.Kind() != value.Bool {
		return false, fmt.Errorf("the option %s is true or false, got %s", key, v.Text())
	}
	return v.Bool(), nil
}

// texts returns one text or a list of them.
func texts(v value.Value) []string {
	if v.Kind() == value.String {
		return []string{v.Str()}
	}
	var out []string
	for _, e := range v.List() {
		out = append(out, e.Text())
	}
	return out
}
