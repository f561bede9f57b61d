package aronet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"aro/pkg/host"
)

// noAnswerError is an exchange that took too long.
type noAnswerError struct{ after time.Duration }

func (e *noAnswerError) Error() string { return fmt.Sprintf("Timeout: no answer within %v", e.after) }

// exchangeError says for the user why there is no answer.
func exchangeError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if denied := new(host.AccessError); errors.As(err, &denied) {
		return denied
	}
	if size := new(sizeError); errors.As(err, &size) {
		return size
	}
	return errors.New("Network error: " + exchangeReason(err))
}

// exchangeReason is reasonOf for what can go wrong above the connection.
func exchangeReason(err error) string {
	var (
		guard     *guardError
		redirects errRedirects
		proof     *tls.CertificateVerificationError
		name      x509.HostnameError
		expired   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		wrapped   *url.Error
	)
	switch {
	case errors.As(err, &guard):
		return guard.Error()
	case errors.As(err, &redirects):
		return redirects.Error()
	case errors.As(err, &name):
		return "the server's certificate is for another name"
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet"
	case errors.As(err, &proof):
		return "the server's certificate is not trusted"
	case errors.As(err, &record):
		return "the server does not speak TLS"
	case errors.As(err, &alert):
		return "the TLS handshake failed: " + alert.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the server closed the connection before the answer was complete"
	}
	if opError := new(net.OpError); !errors.As(err, &opError) {
		for errors.As(err, &wrapped) {
			err = wrapped.Err // the address stands in the statement already
			wrapped = nil
		}
	}
	return reasonOf(err)
}
