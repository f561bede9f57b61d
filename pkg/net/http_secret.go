package aronet

import (
	"encoding/base64"
	"net/url"
	"strings"

	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// Secrets implements host.Confidential: what the client sent that nobody else may
// read (05 F06). It is asked when something failed, and looks at everything anew.
func (q *request) Secrets() []string {
	var list []string
	for i := range q.Fields.Len() {
		name, v := q.Fields.At(i)
		switch {
		case !value.IsSecretName(name):
		case strings.EqualFold(name, "Cookie"):
			list = appendEach(list, contract.ParseCookies(v))
		default:
			list = appendCredential(list, v)
		}
	}
	query, _ := url.ParseQuery(q.Query)
	for name, values := range query {
		if value.IsSecretName(name) {
			for _, v := range values {
				list = value.AppendSecret(list, v)
			}
		}
	}
	for _, v := range []value.Value{q.path, q.query, q.header, q.body, q.user} {
		list = value.SecretsIn(list, "", v)
	}
	return appendEach(list, q.cookie)
}

func appendEach(list []string, v value.Value) []string {
	if rec := v.Record(); rec != nil {
		for i := range rec.Len() {
			list = value.AppendSecret(list, rec.Slot(i).Text())
		}
	}
	return list
}

// appendCredential takes `Bearer <token>` apart, and name and password of Basic.
func appendCredential(list []string, v string) []string {
	list = value.AppendSecret(list, v)
	_, sent, ok := strings.Cut(v, " ")
	if !ok {
		return list
	}
	list = value.AppendSecret(list, sent)
	if text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sent)); err == nil {
		if _, password, ok := strings.Cut(string(text), ":"); ok {
			list = value.AppendSecret(list, password)
		}
	}
	return list
}

// Secrets implements host.Confidential.
func (e *tcpEvent) Secrets() []string { return secretsOf(e.data, e.text) }

// Secrets implements host.Confidential.
func (e *wsEvent) Secrets() []string {
	if e.kind == connectedEvent {
		q := request{Request: &httpd.Request{Fields: httpd.FieldsOf(e.request.Header), Query: e.request.URL.RawQuery}}
		return q.Secrets()
	}
	return secretsOf(e.data, !e.binary)
}

// secretsOf finds secrets in a message that is JSON.
func secretsOf(data []byte, text bool) []string {
	if !text || len(data) == 0 || data[0] != '{' && data[0] != '[' {
		return nil
	}
	v, err := value.ParseJSON(string(data))
	if err != nil {
		return nil
	}
	return value.SecretsIn(nil, "", v)
}
