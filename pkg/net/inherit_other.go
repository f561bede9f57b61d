//go:build !unix

package aronet

// keepFromChildren has nothing to do: nobody hands sockets over like this here.
func keepFromChildren(uintptr) {}
