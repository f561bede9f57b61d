package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Address is where a cluster meets: nats://host:port[,host:port…][/name][?replicas=N].
type Address struct {
	Servers  string // for nats.Connect
	Name     string // of the application's space; "" if the address has none
	Replicas int    // 0: as many as there are servers, 3 at most
}

// ParseAddress reads an address. Ports may be left out.
func ParseAddress(s string) (a Address, err error) {
	bad := func(why string) (Address, error) {
		return a, fmt.Errorf("%q is no engine: %s; write nats://host:4222, nats://host1,host2,host3 or nats://host/name?replicas=3", s, why)
	}
	rest, ok := strings.CutPrefix(s, "nats://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "tls://"); !ok {
			return bad("it begins with neither nats:// nor tls://")
		}
	}
	scheme := s[:len(s)-len(rest)]
	rest, query, _ := strings.Cut(rest, "?")
	hosts, name, _ := strings.Cut(rest, "/")
	var servers []string
	for host := range strings.SplitSeq(hosts, ",") {
		if host = strings.TrimSpace(host); host == "" {
			return bad("a host is missing")
		}
		servers = append(servers, scheme+strings.TrimPrefix(host, scheme))
	}
	a.Servers = strings.Join(servers, ",")
	if name = strings.Trim(name, "/"); name != token(name) {
		return bad("its name may have letters, digits, - and _ only")
	}
	a.Name = name
	values, err := url.ParseQuery(query)
	if err != nil {
		return bad(err.Error())
	}
	for key, v := range values {
		if key != "replicas" {
			return bad("there is no option " + key)
		}
		if a.Replicas, err = strconv.Atoi(v[0]); err != nil || a.Replicas < 1 || a.Replicas > 5 {
			return bad("replicas is a number from 1 to 5")
		}
	}
	return a, nil
}

// String is the address without passwords.
func (a Address) String() string {
	var out []string
	for s := range strings.SplitSeq(a.Servers, ",") {
		if u, err := url.Parse(s); err == nil {
			s = u.Redacted()
		}
		out = append(out, s)
	}
	return strings.Join(out, ",")
}

// token writes a name as a part of a subject: letters, digits, - and _ stay, of other
// bytes there are the hexadecimal digits behind an equals sign.
func token(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	return b.String()
}

// untoken is the reverse of token; false for what token does not write.
func untoken(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 > len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), true
}

// JetStream is a Log that is a stream of a NATS server, with a subject for each
// repository, and the way in which the processes of an application talk to each other.
type JetStream struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	space  string
	where  string
	id     string // of this process, in what it tells others

	leases  leases
	consume jetstream.ConsumeContext
	closed  atomic.Bool
	warn    func(error)
}

var _ Log = (*JetStream)(nil)

// streamWait is how long a server may take to make or find the stream: a cluster
// chooses a leader first.
const streamWait = 15 * time.Second

// Connect connects to the servers and makes the stream of a space if it is not there.
// warn is told of connections that break and come back, from any goroutine.
func Connect(a Address, space string, warn func(error)) (*JetStream, error) {
	l := &JetStream{space: token(space), where: a.String(), warn: warn, id: nuid.Next()}
	var err error
	l.nc, err = nats.Connect(a.Servers,
		nats.Name("aro "+space), nats.Timeout(2*time.Second), nats.MaxReconnects(-1),
		nats.ReconnectWait(100*time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !l.closed.Load() {
				warn(fmt.Errorf("the connection to %s is broken: rows can be read and not changed until it is back", l.where))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { warn(fmt.Errorf("connected to %s again", nc.ConnectedUrlRedacted())) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { warn(err) }),
	)
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s (%w); start one with nats-server -js, see docs/cluster.md", l.where, err)
	}
	if l.js, err = jetstream.New(l.nc); err == nil {
		err = l.open(a.Replicas)
	}
	if err != nil {
		l.nc.Close()
		return nil, err
	}
	return l, nil
}

func (l *JetStream) open(replicas int) error {
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	if replicas == 0 {
		if replicas = 1; len(l.nc.Servers()) >= 3 {
			replicas = 3
		}
	}
	cfg := jetstream.StreamConfig{
		Name:        "ARO_" + strings.ReplaceAll(l.space, "=", "_"),
		Description: "rows of the ARO application " + l.space,
		Subjects:    []string{l.subject("rows") + ".*"},
		Storage:     jetstream.FileStorage,
		Replicas:    replicas,
		Duplicates:  time.Second, // entries are told apart by their place
	}
	for {
		// Without a leader nobody answers, so each question has a short time.
		ask, done := context.WithTimeout(ctx, time.Second)
		stream, err := l.js.Stream(ask, cfg.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = l.js.CreateStream(ask, cfg)
		}
		done()
		switch {
		case err == nil:
			l.stream = stream
			return nil
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			if len(l.nc.Servers()) < 2 { // of a cluster some may still be starting
				return fmt.Errorf("the server at %s keeps nothing (%w): start it with JetStream: nats-server -js", l.where, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not let us keep rows: %w", l.where, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (l *JetStream) subject(kind string) string { return "aro." + l.space + "." + kind }

// Append implements Log.
func (l *JetStream) Append(ctx context.Context, repository string, after uint64, data []byte) (uint64, error) {
	ack, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: l.subject("rows") + "." + token(repository), Data: data},
		jetstream.WithExpectLastSequencePerSubject(after), jetstream.WithRetryAttempts(0))
	var api *jetstream.APIError
	switch {
	case err == nil:
		return ack.Sequence, nil
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return 0, ErrConflict
	}
	return 0, err
}

// Watch implements Log.
func (l *JetStream) Watch(ctx context.Context, to Watcher) error {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("%s does not say what it has: %w", l.where, err)
	}
	last := info.State.LastSeq
	caughtUp := make(chan struct{})
	if info.State.Msgs == 0 {
		close(caughtUp)
		caughtUp = nil
	}
	prefix := l.subject("rows") + "."
	consumer, err := l.js.OrderedConsumer(ctx, info.Config.Name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return fmt.Errorf("%s does not let us follow it: %w", l.where, err)
	}
	reached := caughtUp
	l.consume, err = consumer.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			return
		}
		if name, ok := untoken(strings.TrimPrefix(m.Subject(), prefix)); ok {
			to.Message(name, meta.Sequence.Stream, m.Data())
		}
		if reached != nil && (meta.Sequence.Stream >= last || meta.NumPending == 0) {
			close(reached)
			reached = nil
		}
	}, jetstream.PullHeartbeat(2*time.Second), jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) {}))
	if err != nil {
		return fmt.Errorf("%s does not let us follow it: %w", l.where, err)
	}
	if _, err := l.nc.Subscribe(l.subject("alive"), func(m *nats.Msg) { to.Beat(string(m.Data)) }); err != nil {
		return err
	}
	if caughtUp == nil {
		return nil
	}
	select {
	case <-caughtUp:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the rows at %s have not come in time: %w", l.where, ctx.Err())
	}
}

// Trim implements Log.
func (l *JetStream) Trim(repository string, before uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	return l.stream.Purge(ctx, jetstream.WithPurgeSubject(l.subject("rows")+"."+token(repository)), jetstream.WithPurgeSequence(before))
}

// Beat implements Log.
func (l *JetStream) Beat(node string) { l.nc.Publish(l.subject("alive"), []byte(node)) }

// Tell sends data to all other processes of the application, at most once: who is not
// connected at that moment does not get it. Data that is larger than a message may be
// is an error.
func (l *JetStream) Tell(about string, data []byte) error {
	m := append(append(make([]byte, 0, len(l.id)+len(data)), l.id...), data...)
	if len(m) > l.MaxMessage() {
		return fmt.Errorf("%d bytes are too many to be sent to other machines; %s takes %d", len(data), l.where, l.MaxMessage())
	}
	if err := l.nc.Publish(l.subject("cast")+"."+token(about), m); err != nil && !errors.Is(err, nats.ErrReconnectBufExceeded) && !errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return nil
}

// Hear calls f with what others tell, in the order in which each of them has told it.
func (l *JetStream) Hear(f func(about string, data []byte)) error {
	prefix := l.subject("cast") + "."
	s, err := l.nc.Subscribe(prefix+"*", func(m *nats.Msg) {
		about, ok := untoken(strings.TrimPrefix(m.Subject, prefix))
		if !ok || len(m.Data) < len(l.id) || string(m.Data[:len(l.id)]) == l.id {
			return
		}
		f(about, m.Data[len(l.id):])
	})
	if err == nil {
		err = s.SetPendingLimits(-1, 64<<20)
	}
	return err
}

// MaxMessage implements Log.
func (l *JetStream) MaxMessage() int { return int(l.nc.MaxPayload()) - 4096 }

// Close implements Log.
func (l *JetStream) Close() {
	if l.closed.Swap(true) {
		return
	}
	if l.consume != nil {
		l.consume.Stop()
		select {
		case <-l.consume.Closed():
		case <-time.After(time.Second):
		}
	}
	l.nc.Close()
}
