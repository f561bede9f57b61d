package aronet

import (
	"errors"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// channelName is the text of the object's value if it has one, else the noun.
func channelName(c *vm.Call) (string, error) {
	v := c.Arg(bytecode.SlotObject)
	if v.Kind() > value.Null {
		return v.Text(), nil
	}
	if v.Kind() == value.Null || c.Site.Object.Base == "" {
		return "", errors.New("the channel has no name")
	}
	return c.Site.Object.Base, nil
}

// subscribeVerb is `Subscribe the <connection> to the <channel>.`; with from it is
// Stream.
func (n *Network) subscribeVerb(c *vm.Call) (value.Value, error) {
	if c.Site.Prep == "from" {
		address, err := objectAddress(c)
		if err != nil {
			return value.Value{}, err
		}
		_, err = n.openStream(c, address)
		return value.Value{}, err
	}
	name, err := channelName(c)
	if err != nil {
		return value.Value{}, err
	}
	conn := n.resultConn(c)
	if conn == nil {
		return value.Value{}, errors.New("only an open connection can subscribe to a channel")
	}
	if !n.channels.join(name, conn) {
		return value.Value{}, errClosed
	}
	return value.Value{}, nil
}

// unsubscribeVerb succeeds for whoever is no member.
func (n *Network) unsubscribeVerb(c *vm.Call) (value.Value, error) {
	name, err := channelName(c)
	if err != nil {
		return value.Value{}, err
	}
	if conn := n.resultConn(c); conn != nil {
		n.channels.part(name, conn)
	}
	return value.Value{}, nil
}

// publishVerb is `Publish the <data> to the <channel>.`; `Publish as` is not ours.
func (n *Network) publishVerb(c *vm.Call) (value.Value, error) {
	name, err := channelName(c)
	if err != nil {
		return value.Value{}, err
	}
	p, err := packetOf(c, asText)
	if err != nil {
		return value.Value{}, err
	}
	for _, conn := range n.channels.members(name) {
		conn.send(p)
	}
	return value.Value{}, n.tell(aboutChannel+name, p)
}
