package httpd

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Limits of a request's head (05 H03).
const (
	maxHead  = 64<<10 - 1 // bytes, so that a span fits
	maxLine  = 16 << 10   // bytes of the request line
	maxLines = 200        // header lines
)

// Refusal is a request that is answered before any handler sees it; the
// connection is closed behind the answer.
type Refusal struct {
	Status  int
	Message string
}

func refuse(status int, message string) *Refusal { return &Refusal{status, message} }

func bad(message string) *Refusal { return refuse(http.StatusBadRequest, message) }

// headEnd looks for the end of a head in data: the index behind its empty line, 0
// when it has not arrived. from is how far an earlier call got, next where the
// following one goes on. Lines must end in CR LF: a bare LF is an end of line to
// some and none to others.
func headEnd(data []byte, from int) (end, next int, r *Refusal) {
	for {
		i := bytes.IndexByte(data[from:], '\n')
		if i < 0 {
			break
		}
		i += from
		if i == 0 || data[i-1] != '\r' {
			return 0, 0, bad("A line does not end in CR LF")
		}
		if from == i-1 {
			return i + 1, i + 1, nil
		}
		from = i + 1
	}
	return 0, from, nil
}

// framing is what a head says about what follows it.
type framing struct {
	length  int64 // of the body; 0 without one
	chunked bool
	close   bool // the client wants no further answer on this connection
	keep    bool // HTTP/1.0 and the client asks to keep the connection
	expect  bool // it waits for 100 before it sends the body
	upgrade bool
}

// parse reads a head that ends with its empty line.
func (r *Request) parse(text string) (f framing, no *Refusal) {
	line, rest, _ := strings.Cut(text, "\r\n")
	old, no := r.requestLine(line)
	if no != nil {
		return f, no
	}
	r.Fields.text = text
	r.Fields.at = r.inline[:0]
	p := parser{length: -1, framing: framing{close: old}}
	for offset := len(text) - len(rest); ; {
		line, _, _ := strings.Cut(text[offset:], "\r\n")
		if line == "" {
			break
		}
		if len(r.Fields.at) == maxLines {
			return f, refuse(http.StatusRequestHeaderFieldsTooLarge, "There are more than "+strconv.Itoa(maxLines)+" header lines")
		}
		s, no := field(text, line, offset)
		if no != nil {
			return f, no
		}
		r.Fields.at = append(r.Fields.at, s)
		if no := p.take(text[s.name:s.nameEnd], text[s.value:s.valueEnd]); no != nil {
			return f, no
		}
		offset += len(line) + 2
	}
	return p.finish(r, old)
}

// requestLine reads method, target and version; old is HTTP/1.0.
func (r *Request) requestLine(line string) (old bool, no *Refusal) {
	method, rest, ok := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || !isToken(method) {
		return false, bad("The request line is malformed")
	}
	switch {
	case version == "HTTP/1.1":
	case version == "HTTP/1.0":
		old = true
	case len(version) == 8 && version[:5] == "HTTP/" && isDigit(version[5]) && version[6] == '.' && isDigit(version[7]):
		return false, refuse(http.StatusHTTPVersionNotSupported, "HTTP/1.0, 1.1 and 2 are spoken here")
	default:
		return false, bad("The request line is malformed")
	}
	r.Method, r.Target = method, target
	return old, r.target(target)
}

// target takes the request target apart.
func (r *Request) target(target string) *Refusal {
	malformed := func() *Refusal { return bad("The request target is malformed") }
	path := target
	switch {
	case target == "":
		return malformed()
	case target[0] == '/':
	case target == "*" && r.Method == http.MethodOptions:
	case r.Method == http.MethodConnect:
		return refuse(http.StatusNotImplemented, "CONNECT is not supported")
	default: // absolute form: proxies send it
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return malformed()
		}
		_, rest, _ := strings.Cut(target, "://")
		i := strings.IndexAny(rest, "/?")
		if i < 0 {
			i = len(rest)
		}
		if r.Host, path = rest[:i], rest[i:]; r.Host != u.Host {
			return malformed() // %80: a name that others read as something else
		}
		if path == "" || path[0] == '?' {
			path = "/" + path
		}
	}
	r.Path, r.Query, _ = strings.Cut(path, "?")
	for i := 0; i < len(target); i++ {
		if c := target[i]; c <= ' ' || c == 0x7f {
			return malformed()
		}
	}
	for i := strings.IndexByte(r.Path, '%'); i >= 0 && i < len(r.Path); i++ {
		if r.Path[i] == '%' && (i+2 >= len(r.Path) || !isHex(r.Path[i+1]) || !isHex(r.Path[i+2])) {
			return malformed()
		}
	}
	return nil
}

// field reads one header line at offset of the text.
func field(text, line string, offset int) (s span, no *Refusal) {
	if line[0] == ' ' || line[0] == '\t' {
		return s, bad("A header line is folded")
	}
	colon := strings.IndexByte(line, ':')
	if colon <= 0 || !isToken(line[:colon]) {
		return s, bad("The name of a header is malformed")
	}
	from, to := colon+1, len(line)
	for from < to && (line[from] == ' ' || line[from] == '\t') {
		from++
	}
	for to > from && (line[to-1] == ' ' || line[to-1] == '\t') {
		to--
	}
	for i := from; i < to; i++ {
		if c := line[i]; c < ' ' && c != '\t' || c == 0x7f {
			return s, bad("The value of a header holds a control character")
		}
	}
	return span{uint16(offset), uint16(offset + colon), uint16(offset + from), uint16(offset + to)}, nil
}

// parser collects what headers say about the message itself.
type parser struct {
	framing
	length  int64 // -1 without
	hosts   int
	host    string
	coding  bool
	upgrade bool // asked for by Connection
	offered bool // there is a header Upgrade
	failed  bool // Expect asks for what we do not know
}

func (p *parser) take(name, v string) *Refusal {
	switch len(name) {
	case 4:
		if strings.EqualFold(name, "Host") {
			p.hosts++
			p.host = v
		}
	case 6:
		if strings.EqualFold(name, "Expect") {
			p.expect = strings.EqualFold(v, "100-continue")
			p.failed = !p.expect
		}
	case 7:
		if strings.EqualFold(name, "Upgrade") {
			p.offered = true
		}
	case 10:
		if strings.EqualFold(name, "Connection") {
			p.connection(v)
		}
	case 14:
		if strings.EqualFold(name, "Content-Length") {
			n, err := strconv.ParseUint(v, 10, 62)
			if err != nil || v[0] == '+' || p.length >= 0 && p.length != int64(n) {
				return bad("The Content-Length is malformed")
			}
			p.length = int64(n)
		}
	case 17:
		if strings.EqualFold(name, "Transfer-Encoding") {
			if p.coding {
				return bad("There are two Transfer-Encodings")
			}
			p.coding = true
			if !strings.EqualFold(v, "chunked") {
				return refuse(http.StatusNotImplemented, "The Transfer-Encoding is not supported")
			}
			p.chunked = true
		}
	}
	return nil
}

func (p *parser) connection(v string) {
	for token := range strings.SplitSeq(v, ",") {
		switch token = strings.TrimSpace(token); {
		case strings.EqualFold(token, "close"):
			p.close, p.keep = true, false
		case strings.EqualFold(token, "keep-alive"):
			p.keep = true
		case strings.EqualFold(token, "upgrade"):
			p.upgrade = true
		}
	}
}

// finish looks at the head as a whole.
func (p *parser) finish(r *Request, old bool) (framing, *Refusal) {
	f := p.framing
	switch {
	case p.hosts > 1 || p.hosts == 0 && !old:
		return f, bad("There must be one Host")
	case !validHost(p.host):
		return f, bad("The Host is malformed")
	case p.chunked && (old || p.length >= 0):
		return f, bad("The length of the body is given twice")
	case p.failed:
		return f, refuse(http.StatusExpectationFailed, "Only 100-continue can be expected")
	}
	if r.Host == "" {
		r.Host = p.host
	}
	if old {
		f.close = !f.keep
		f.expect = false
	} else {
		f.keep = false
	}
	f.length = max(p.length, 0)
	f.upgrade = p.upgrade && p.offered && !old && f.length == 0 && !f.chunked
	return f, nil
}

// validHost admits what may stand in an authority.
func validHost(host string) bool {
	for i := 0; i < len(host); i++ {
		switch c := host[i]; {
		case isDigit(c), c|0x20 >= 'a' && c|0x20 <= 'z', strings.IndexByte("-._~!$&'()*+,;=:%[]", c) >= 0:
		default:
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

// tokenByte holds the characters of a token (RFC 9110 §5.6.2).
var tokenByte = func() (t [256]bool) {
	for c := range 256 {
		b := byte(c)
		t[c] = isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || b != 0 && strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
	}
	return t
}()
