package aronet

import (
	"net/netip"
	"syscall"
)

// The guard keeps requests away from addresses that only this machine or its
// network can reach: a program that requests what strangers name would fetch the
// pages of internal services for them (05 X06). It is asked after the name has
// been resolved, for each address that is really connected to, so neither a
// redirect nor a name server that changes its mind gets round it.

// mayConnect reports an error if the program may not open connections to others.
func (n *Network) mayConnect() error {
	if n.host == nil {
		return nil
	}
	return n.host.Access.MayConnect()
}

// guardError is a target that the guard refuses.
type guardError struct{ addr netip.Addr }

func (e *guardError) Error() string {
	return "the address " + e.addr.String() + " is not public; the option public-only is on"
}

// guard is the Control function of guarded dialers.
func (n *Network) guard(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || n.public != nil && !n.public(ap) || n.public == nil && !isPublic(ap.Addr()) {
		n.refused("private_address")
		return &guardError{ap.Addr()}
	}
	return nil
}

// notPublic are the ranges of the registries of special addresses that are not
// reached over the internet, besides those that netip knows.
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10")

// Prefixes of IPv6 addresses that carry an IPv4 one, which decides.
var (
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4   = netip.MustParsePrefix("2002::/16")
	embedded = netip.MustParsePrefix("::/96")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// isPublic reports whether an address is one of the internet.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if b := a.As16(); a.Is6() {
		switch {
		case nat64.Contains(a), embedded.Contains(a):
			return isPublic(netip.AddrFrom4([4]byte(b[12:])))
		case sixTo4.Contains(a):
			return isPublic(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
