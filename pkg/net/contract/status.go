package contract

// StatusCode returns the code of a status name, ignoring case, blanks, - and _;
// 200 for names that are not in the table (03 §5.4). It allocates nothing.
func StatusCode(name string) int {
	if code, ok := statusCode(name); ok {
		return code
	}
	return 200
}

// ReasonKnown reports whether the table has the name.
func ReasonKnown(name string) bool {
	_, ok := statusCode(name)
	return ok
}

func statusCode(name string) (int, bool) {
	var b [32]byte // longer than every name of the table
	n := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == ' ' || c == '-' || c == '_':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if n == len(b) {
			return 0, false
		}
		b[n] = c
		n++
	}
	code, ok := statusCodes[string(b[:n])]
	return code, ok
}

var statusCodes = map[string]int{
	"ok": 200, "success": 200,
	"created":      201,
	"accepted":     202,
	"nocontent":    204,
	"resetcontent": 205, "partialcontent": 206,
	"movedpermanently": 301,
	"found":            302, "redirect": 302,
	"seeother":          303,
	"notmodified":       304,
	"temporaryredirect": 307, "permanentredirect": 308,
	"badrequest": 400, "invalid": 400,
	"unauthorized": 401, "unauthenticated": 401,
	"paymentrequired": 402,
	"forbidden":       403,
	"notfound":        404, "missing": 404,
	"methodnotallowed": 405,
	"notacceptable":    406,
	"requesttimeout":   408,
	"conflict":         409,
	"gone":             410,
	"lengthrequired":   411, "preconditionfailed": 412,
	"payloadtoolarge": 413, "contenttoolarge": 413,
	"unsupportedmediatype": 415,
	"imateapot":            418,
	"unprocessable":        422, "unprocessableentity": 422, "validationerror": 422,
	"locked": 423, "tooearly": 425, "preconditionrequired": 428,
	"toomanyrequests":            429,
	"unavailableforlegalreasons": 451,
	"error":                      500, "servererror": 500, "internalerror": 500, "internalservererror": 500,
	"notimplemented":     501,
	"badgateway":         502,
	"serviceunavailable": 503, "unavailable": 503,
	"gatewaytimeout": 504,
}
