package aronet

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aro/pkg/vm/value"
)

// request is a Request of a network without a program.
func (n *Network) request(t testing.TB, address string, options value.Value) (*answer, error) {
	t.Helper()
	u, err := addressFor(address, "http", "https")
	if err != nil {
		t.Fatal(err)
	}
	o := n.newOutgoing("GET", u)
	if err := o.configure(options); err != nil {
		t.Fatal(err)
	}
	return n.client.do(o)
}

// lone is a network without a program.
func lone(t testing.TB) *Network {
	n := New()
	t.Cleanup(func() { n.client.shutdown(time.Now().Add(time.Second)) })
	return n
}

func opt(pairs ...any) value.Value { return value.MapOf(pairs...) }

// TestNoAnswer: who does not answer, answers too much or not to the end fails the
// statement with a reason, within the time limit.
func TestNoAnswer(t *testing.T) {
	w := newWeb(t)
	dead := deadAddress(t)
	short := opt("timeout", value.OfFloat(0.05))
	for _, tc := range []struct {
		name, path string
		options    value.Value
		want       string
	}{
		{"slow head", "/hang/head", short, "Timeout: no answer within 50ms"},
		{"slow body", "/hang/body", short, "Timeout: no answer within 50ms"},
		{"slow redirect", "/to?url=/hang/head", short, "Timeout: no answer within 50ms"},
		{"refused", dead, value.Value{}, "connection refused"},
		{"reset", "/reset", value.Value{}, "connection reset"},
		{"cut off", "/cut", value.Value{}, "before the answer was complete"},
		{"announced size", "/bytes/2000", opt("max-size", value.OfInt(1999)), "larger than 1999 bytes"},
		{"chunked size", "/bytes/2000?chunked", opt("max-size", value.OfInt(1999)), "larger than 1999 bytes"},
		{"default size", "/bytes/67108865", value.Value{}, "larger than 64 MiB"},
		{"inflated size", "/bomb/100000000", opt("max-size", value.OfInt(1<<20)), "larger than 1 MiB"},
		{"header size", "/heads/300000", value.Value{}, "Network error"},
		{"redirects", "/redirect/11", value.Value{}, "more than 10 redirects"},
		{"fewer redirects", "/redirect/3", opt("max-redirects", value.OfInt(2)), "more than 2 redirects"},
		{"scheme", "/to?url=ftp://example.com/", value.Value{}, "unsupported protocol scheme"},
		{"name", "http://no-such-host.invalid/", value.Value{}, "host"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := lone(t)
			address := tc.path
			if strings.HasPrefix(address, "/") {
				address = w.URL + address
			}
			a, err := n.request(t, address, tc.options)
			if err == nil {
				t.Fatalf("an answer: %d, %d bytes", a.status, len(a.body))
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("error %q, want %q and no address", err, tc.want)
			}
		})
	}
	n := lone(t)
	for path, size := range map[string]int{"/bytes/2000": 2000, "/bytes/2000?chunked": 2000, "/bomb/2000": 2000, "/bytes/0": 0} {
		a, err := n.request(t, w.URL+path, opt("max-size", value.OfInt(2000)))
		if err != nil || len(a.body) != size {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestRedirects: redirects are followed as far as is allowed, and what is meant
// for one server does not reach another one.
func TestRedirects(t *testing.T) {
	n := lone(t)
	one, two := newWeb(t), newWeb(t)
	for options, want := range map[value.Value]string{
		{}:                                   "200 arrived",
		opt("follow-redirects", value.False): "302 ",
		opt("max-redirects", value.OfInt(0)): "302 ",
	} {
		a, err := n.request(t, one.URL+"/redirect/10", options)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%d %.7s", a.status, strings.TrimPrefix(string(a.body), "<a href=")); !strings.HasPrefix(got, strings.TrimSpace(want)) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	secrets := opt("headers", opt("Authorization", value.OfString("Bearer t"), "X-Key", value.OfString("k"), "User-Agent", value.OfString("me"),
		"Host", value.OfString("inner.example")), "method", value.OfString("POST"), "body", value.OfString("data"))
	read := func(address string) value.Value {
		t.Helper()
		a, err := n.request(t, address, secrets)
		if err != nil {
			t.Fatal(err)
		}
		return bodyOf(a)
	}
	field := func(v value.Value, name string) string { p, _ := v.Property(name); return p.Text() }
	same := read(one.URL + "/to?url=/echo")
	if field(same, "auth") != "Bearer t" || field(same, "key") != "k" || field(same, "host") != "inner.example" {
		t.Errorf("the same server: %s", same.JSON())
	}
	for _, address := range []string{
		one.URL + "/to?url=" + two.URL + "/echo",
		// There and back again: what another server chose is not sent with the secrets.
		one.URL + "/to?url=" + two.URL + "/to%3Furl=" + one.URL + "/echo",
	} {
		v := read(address)
		if field(v, "auth") != "" || field(v, "key") != "" || field(v, "host") == "inner.example" {
			t.Errorf("%s: another server got %s", address, v.JSON())
		}
		if field(v, "body") != "data" || field(v, "method") != "POST" || field(v, "agent") != "me" {
			t.Errorf("%s: the request itself is lost: %s", address, v.JSON())
		}
	}
}

// TestA05_Certificates: a server that cannot prove who it is gets nothing.
func TestA05_Certificates(t *testing.T) {
	n := lone(t)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "secret") }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	if _, err := n.request(t, secure.URL, value.Value{}); err == nil || !strings.Contains(err.Error(), "certificate is not trusted") {
		t.Errorf("an unknown authority: %v", err)
	}
	trusting := lone(t)
	trusting.roots = secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if a, err := trusting.request(t, secure.URL, value.Value{}); err != nil || string(a.body) != "secret" {
		t.Errorf("a known authority: %v", err)
	}
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	if _, err := trusting.request(t, "https://localhost:"+port, value.Value{}); err == nil || !strings.Contains(err.Error(), "for another name") {
		t.Errorf("another name: %v", err)
	}
	plain := newWeb(t)
	if _, err := trusting.request(t, strings.Replace(plain.URL, "http:", "https:", 1)+"/json", value.Value{}); err == nil {
		t.Error("a server without TLS answered https")
	}
}

// TestHeaderInjection: what would begin another line of the request is refused.
func TestHeaderInjection(t *testing.T) {
	n := lone(t)
	u, _ := addressFor("http://example.com", "http")
	for name, v := range map[string]string{
		"X-Key": "a\r\nX-Other: b", "X-Lf": "a\nb", "X-Cr": "a\rb", "X-Nul": "a\x00b", "X-Del": "a\x7fb",
		"X Blank": "a", "X:Colon": "a", "X\r\nY": "a", "": "a", "Ümlaut": "a",
	} {
		if err := n.newOutgoing("GET", u).headers(opt(name, value.OfString(v))); err == nil {
			t.Errorf("%q: %q was accepted", name, v)
		}
	}
	o := n.newOutgoing("GET", u)
	if err := o.headers(opt("x-key", value.OfString(" \r\n a b\t\r\n"), "Content-Length", value.OfInt(5), "Transfer-Encoding", value.OfString("chunked"),
		"Accept", value.OfList([]value.Value{value.OfString("a"), value.OfString("b")}), "X-Null", value.Nil)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(o.header); got != "map[Accept:[a b] X-Key:[a b]]" {
		t.Error(got)
	}
	for _, method := range []string{"GET /x HTTP/1.1\r\nA: b", "", "CONNECT", "A B"} {
		if err := o.setMethod(method); err == nil {
			t.Errorf("the method %q was accepted", method)
		}
	}
	if err := o.setMethod("propfind"); err != nil || o.method != "PROPFIND" {
		t.Error(err)
	}
}

// TestX06_Guard: with the option, nothing but public addresses is connected to,
// whatever the name says and wherever a redirect leads.
func TestX06_Guard(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "64:ff9b::8.8.8.8": true, "2002:808:808::1": true,
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"172.32.0.1": true, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.128.0.1": true, "192.0.0.1": false,
		"198.18.0.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "::": false, "::1": false, "::ffff:127.0.0.1": false,
		"::ffff:8.8.8.8": true, "::127.0.0.1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12::1": false, "ff02::1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::10.0.0.1": false, "2002:7f00:1::": false, "2002:a9fe:a9fe::": false, "2001::1": false, "2001:db8::1": false, "fec0::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != public {
			t.Errorf("%s: public is %v", address, got)
		}
	}
	inner, outer := newWeb(t), newWeb(t)
	guarded := opt("public-only", value.True)
	port := inner.Listener.Addr().(*net.TCPAddr).Port
	n := lone(t)
	for _, address := range []string{inner.URL, fmt.Sprintf("http://localhost:%d", port), fmt.Sprintf("http://2130706433:%d", port),
		fmt.Sprintf("http://0.0.0.0:%d", port), fmt.Sprintf("http://[::ffff:127.0.0.1]:%d", port)} {
		if _, err := n.request(t, address+"/json", guarded); err == nil {
			t.Errorf("%s was reached", address)
		}
	}
	// A name that the name server gives a private address, and a redirect to one.
	// The test's own public server is the one address that is let pass.
	n = lone(t)
	n.public = func(a netip.AddrPort) bool { return a == outer.Listener.Addr().(*net.TCPAddr).AddrPort() }
	n.Resolver = fakeNames(t, "rebind.example", netip.MustParseAddr("127.0.0.1"))
	if a, err := n.request(t, outer.URL+"/json", guarded); err != nil || a.status != 200 {
		t.Fatalf("the public server: %v", err)
	}
	if _, err := n.request(t, fmt.Sprintf("http://rebind.example:%d/json", outer.Listener.Addr().(*net.TCPAddr).Port), guarded); err != nil {
		t.Fatalf("the name server of the test does not work: %v", err)
	}
	for _, address := range []string{
		outer.URL + "/to?url=" + inner.URL + "/json",
		fmt.Sprintf("http://rebind.example:%d/json", port),
		fmt.Sprintf("%s/to?url=http://rebind.example:%d/json", outer.URL, port),
	} {
		_, err := n.request(t, address, guarded)
		if err == nil || !strings.Contains(err.Error(), "public-only") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if inner.hits.Load() > 0 {
		t.Error("the inner server was reached")
	}
	// A connection that was opened without the guard is not used with it.
	n = lone(t)
	if _, err := n.request(t, inner.URL+"/json", value.Value{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.request(t, inner.URL+"/json", guarded); err == nil {
		t.Error("a pooled connection was used")
	}
	// What the process says, a statement cannot take back.
	n.Limits.PublicOnly = true
	if _, err := n.request(t, inner.URL+"/json", opt("public-only", value.False)); err == nil {
		t.Error("a statement switched the guard off")
	}
}

// TestConnectionsAreReused: requests one after the other share a connection.
func TestConnectionsAreReused(t *testing.T) {
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	n := lone(t)
	for range 5 {
		if _, err := n.request(t, s.URL, value.Value{}); err != nil {
			t.Fatal(err)
		}
	}
	if opened.Load() != 1 {
		t.Errorf("%d connections", opened.Load())
	}
}
