package aronet

import (
	"net/http"

	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// headerLines sends the header lines that the contract declares for a status: an
// entry of the returned map that has the name of one, apart from case, hyphens
// and underscores, else the value that the schema fixes. An entry that became a
// header line is no longer part of the body, unless the body's schema has a
// property of that name: the contract says where a value belongs. It returns what
// is left for the body, and reports false when it has answered with a failure.
func (s *httpServer) headerLines(x *httpd.Exchange, req *request, status int, data value.Value, declared []*contract.ResponseHeader) (value.Value, bool) {
	rest := data.Record()
	for _, h := range declared {
		v := h.Fixed
		if rec := data.Record(); rec != nil {
			if key, found := entryNamed(rec, h.Name); key != "" {
				v = found
				if !req.op.DeclaresProperty(status, key) {
					rest = rest.Without(key)
				}
			}
		}
		if v.Kind() <= value.Null {
			if h.Required {
				x.Set("X-Contract-Violation", "true")
				s.h.Diagnose("[CONTRACT VIOLATION] Response for operation '%s' (status %d) lacks the header '%s'", req.op.ID, status, h.Name)
			}
			continue
		}
		lines, err := h.Lines(v)
		if err != nil {
			// A value never makes a header line of its own (05 H12).
			s.h.Diagnose("[ERROR] [%s] the header %s was not sent: %v", req.op.ID, h.Name, err)
			s.fail(x, req.tell(contract.StatementFailed(http.StatusInternalServerError, "The header "+h.Name+" is not valid")))
			return data, false
		}
		for i, l := range lines {
			if i == 0 {
				x.Set(h.Name, l)
			} else {
				x.Add(h.Name, l)
			}
		}
	}
	if rest != nil {
		data = value.OfRecord(rest)
	}
	return data, true
}

// entryNamed finds the entry of a header: by its exact name, else by one that is
// the same to a reader.
func entryNamed(rec *value.Record, header string) (key string, v value.Value) {
	if v, ok := rec.Get(header); ok {
		return header, v
	}
	for i := range rec.Len() {
		if key, v := rec.At(i); contract.SameName(key, header) {
			return key, v
		}
	}
	return "", value.Value{}
}
