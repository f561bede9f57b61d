package aronet

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aro/pkg/host/password"
	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// knownHost reports whether a request is for a host on the list; without a port
// in the list any will do, and "*." stands for any name in front.
func (o *httpOptions) knownHost(host string) bool {
	if o.hosts == nil {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	for _, known := range o.hosts {
		if strings.EqualFold(known, host) || strings.EqualFold(known, name) {
			return true
		}
		if rest, ok := strings.CutPrefix(known, "*"); ok && len(name) > len(rest) && strings.EqualFold(name[len(name)-len(rest):], rest) {
			return true
		}
	}
	return false
}

// tooOften counts a request against the rate limit; it has answered when it
// reports true.
func (s *httpServer) tooOften(x *httpd.Exchange, op *contract.Operation) bool {
	wait, ok := s.rate.allow(op, s.rate.client(x), time.Now())
	if !ok {
		x.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		s.fail(x, tooMany)
	}
	return !ok
}

var (
	tooMany = &contract.Failure{Status: http.StatusTooManyRequests,
		Fields: value.MapOf("error", value.OfString("Too Many Requests"))}
	busy = &contract.Failure{Status: http.StatusServiceUnavailable,
		Fields: value.MapOf("error", value.OfString("Service Unavailable"), "message", value.OfString(password.ErrBusy.Error()))}
	overloaded = &contract.Failure{Status: http.StatusServiceUnavailable,
		Fields: value.MapOf("error", value.OfString("Service Unavailable"), "message", value.OfString("Too many requests are being served"))}
)

// maxInflation is how many times larger than sent a compressed body may be.
const maxInflation = 100

var errEncoding = errors.New("unknown Content-Encoding")

// inflate decompresses the body of a request, at most limit bytes of it (05 H16).
func inflate(encoding string, data []byte, limit int64) ([]byte, error) {
	var r io.Reader
	var err error
	switch in := bytes.NewReader(data); {
	case strings.EqualFold(encoding, "gzip"), strings.EqualFold(encoding, "x-gzip"):
		r, err = gzip.NewReader(in)
	case strings.EqualFold(encoding, "deflate"):
		r, err = zlib.NewReader(in)
	default:
		return nil, errEncoding
	}
	if err != nil {
		return nil, err
	}
	limit = min(limit, maxInflation*int64(len(data)))
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(out)) > limit {
		err = httpd.ErrTooLarge
	}
	return out, err
}
