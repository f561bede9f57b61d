package aronet

import (
	"container/list"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"aro/pkg/net/contract"
	"aro/pkg/net/httpd"
	"aro/pkg/vm/value"
)

// rateLimit counts requests by operation and client address (05 H15). A client
// may come as often as the limit says at once, and then at the pace of the limit.
//
// For each client there is one moment: when it will have paid for what it asked.
// The table is bounded; of those who came longest ago nothing is left to know.
type rateLimit struct {
	each      time.Duration // what a request costs
	credit    time.Duration // how far ahead a client may be
	forwarded bool          // the address is what the proxy in front says

	mu      sync.Mutex
	clients map[rateKey]*list.Element
	order   list.List // of *rateClient, who came last first
}

type rateKey struct {
	op   *contract.Operation
	addr netip.Addr // of IPv6 the /64, which is what a client gets
}

type rateClient struct {
	rateKey
	paid int64 // nanoseconds
}

const maxRateClients = 100_000

func rateLimitOf(v value.Value) (*rateLimit, error) {
	rec := v.Record()
	if rec == nil {
		return nil, fmt.Errorf("the option rate needs a limit such as { requests: 100, per: 60 }, got %s", v.Text())
	}
	r := &rateLimit{}
	requests, per := 0.0, 1.0
	for i := range rec.Len() {
		key, v := rec.At(i)
		n, isNumber := v.AsNumber()
		switch {
		case key == "requests" && isNumber && n >= 1 && n <= 1e6:
			requests = n
		case key == "per" && isNumber && n > 0 && n <= 86400:
			per = n
		case key == "forwarded" && v.Kind() == value.Bool:
			r.forwarded = v.Bool()
		case key == "requests" || key == "per" || key == "forwarded":
			return nil, fmt.Errorf("the option rate takes requests (from 1), per (seconds) and forwarded (true or false), not %s: %s", key, v.Text())
		default:
			return nil, fmt.Errorf("the option rate has no '%s'; it knows requests, per and forwarded", key)
		}
	}
	if requests == 0 {
		return nil, fmt.Errorf("the option rate does not say how many requests: { requests: 100, per: 60 }")
	}
	r.credit = time.Duration(per * float64(time.Second))
	r.each = time.Duration(per / requests * float64(time.Second))
	return r, nil
}

// client is the address that a request counts for.
func (r *rateLimit) client(x *httpd.Exchange) netip.Addr {
	if r.forwarded {
		// The last one is what the proxy saw; what is in front of it a client wrote.
		list := x.Fields.Joined("X-Forwarded-For", ",")
		if a, err := netip.ParseAddr(strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])); err == nil {
			return network(a)
		}
	}
	a, err := netip.ParseAddrPort(x.Remote)
	if err != nil {
		return netip.Addr{}
	}
	return network(a.Addr())
}

func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64) // of an IPv6 address: cannot fail
		return p.Addr()
	}
	return a
}

// allow counts a request; otherwise it says how long the client has to wait.
func (r *rateLimit) allow(op *contract.Operation, addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	t := now.UnixNano()
	r.mu.Lock()
	defer r.mu.Unlock()
	k := rateKey{op, addr}
	el := r.clients[k]
	if el == nil {
		if r.clients == nil {
			r.clients = make(map[rateKey]*list.Element)
		}
		if len(r.clients) >= maxRateClients {
			old := r.order.Back()
			r.order.Remove(old)
			delete(r.clients, old.Value.(*rateClient).rateKey)
		}
		el = r.order.PushFront(&rateClient{k, t})
		r.clients[k] = el
	} else {
		r.order.MoveToFront(el)
	}
	c := el.Value.(*rateClient)
	paid := max(c.paid, t) + int64(r.each)
	if ahead := paid - t - int64(r.credit); ahead > 0 {
		return time.Duration(ahead), false
	}
	c.paid = paid
	return 0, true
}
