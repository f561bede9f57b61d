package aronet

// countEnding counts a connection that was closed because its peer did not keep to
// the rules, or did not keep up.
func (n *Network) countEnding(e ending) {
	if n.host == nil || e.reason == "timeout" && e.code == codeAbnormal {
		return // tooSlow counts it
	}
	if reason := endingReasons[e.reason]; reason != "" {
		n.host.Refused(reason)
	}
}

// refused counts something that was refused.
func (n *Network) refused(reason string) {
	if n.host != nil {
		n.host.Refused(reason)
	}
}

// endingReasons are the names of such endings in the metrics.
var endingReasons = map[string]string{
	"timeout":              "connection_timeout",
	"message too big":      "message_too_big",
	"protocol error":       "protocol_error",
	"error: line too long": "line_too_long",
	"error: invalid UTF-8": "invalid_utf8",
}

// Open returns how many TCP connections and WebSockets are open, outgoing ones
// included.
func (n *Network) Open() (tcp, websockets int) {
	websockets = n.sockets.len()
	n.mu.RLock()
	defer n.mu.RUnlock()
	return max(len(n.byID)-websockets, 0), websockets
}
