//go:build !js

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twinws/ws"
)

const (
	// patience bounds a step on a busy machine, hour one in a bubble.
	patience = time.Minute
	hour     = time.Hour
	// readLimit is above all cases that have no limit of their own.
	readLimit = 32 << 20
)

// target is one way to bring a connection of the library before the peer.
type target struct {
	name   string
	client bool // the library's role
	bubble bool // over pipes, in time of its own
	// without are the classes of many cases or bytes that this target adds
	// nothing to: another differs from it by the handshake or the stream alone.
	without []Class
	open    func(t *testing.T, c *Case) (raw net.Conn, done <-chan outcome)
}

var targets = []target{
	{name: "accept", open: openAccept},
	{name: "upgrade", open: openUpgrade, without: []Class{Framing, UTF8, Limits, Automatic, Compression}},
	{name: "dial", client: true, open: openDial},
	{name: "upgrade-pipe", bubble: true, open: openUpgradePipe(pipe), without: []Class{Limits, Negotiation}},
	{name: "dial-pipe", client: true, bubble: true, open: openDialPipe(pipe), without: []Class{Limits, Negotiation}},
	// The same over connections without deadlines, as those of an SSH tunnel
	// are.
	{name: "upgrade-tunnel", bubble: true, open: openUpgradePipe(tunnel), without: []Class{Limits, Negotiation, UTF8}},
	{name: "dial-tunnel", client: true, bubble: true, open: openDialPipe(tunnel), without: []Class{Limits, Negotiation, UTF8}},
}

// tunnel makes of nc a connection without deadlines.
func tunnel(nc net.Conn) net.Conn { return deadlineless{nc} }

func pipe(nc net.Conn) net.Conn { return nc }

// deadlineless is a connection that has no deadlines.
type deadlineless struct{ net.Conn }

func (deadlineless) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (deadlineless) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (deadlineless) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// plays reports whether the target is for c.
func (g *target) plays(c *Case) bool {
	if c.Clock && !g.bubble || c.Only == Server && g.client || c.Only == Client && !g.client {
		return false
	}
	if c.Bulk && slices.Contains(g.without, Limits) {
		return false
	}
	return !slices.Contains(g.without, c.Class) || c.Limit > 0
}

// outcome is what the target's program saw.
type outcome struct {
	shake error // of the handshake
	close error // of its own Close, if it called it
	read  error // that ended its reading
}

func (o outcome) String() string {
	return fmt.Sprintf("handshake: %v; Close: %v; Read: %v", o.shake, o.close, o.read)
}

// serve is the target's program.
func serve(ctx context.Context, conn *ws.Conn, do Behaviour) (o outcome) {
	defer conn.CloseNow()
	for {
		if do == Stream {
			if o.read = streamOne(ctx, conn); o.read != nil {
				return o
			}
			continue
		}
		typ, p, err := conn.Read(ctx)
		switch {
		case err != nil:
			o.read = err
			return o
		case do == CloseFirst:
			o.close = conn.Close(ws.StatusNormalClosure, "enough")
			do = Echo
		default:
			conn.Write(ctx, typ, p) // its error is also the next Read's
		}
	}
}

func streamOne(ctx context.Context, conn *ws.Conn) error {
	typ, r, err := conn.Reader(ctx)
	if err != nil {
		return err
	}
	w, err := conn.Writer(ctx, typ)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}

// program runs the target's program elsewhere.
func program(t *testing.T, c *Case, open func(ctx context.Context) (*ws.Conn, error)) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		conn, err := open(t.Context())
		if err != nil {
			done <- outcome{shake: err}
			return
		}
		done <- serve(t.Context(), conn, c.Do)
	}()
	return done
}

func limitOf(c *Case) int64 {
	if c.Limit > 0 {
		return c.Limit
	}
	return readLimit
}

func compressionOf(c *Case) *ws.Compression {
	d := c.Compression
	if d == nil {
		return nil
	}
	return &ws.Compression{
		Level: d.Level, Threshold: d.Threshold,
		ServerNoContextTakeover: d.ServerNoContextTakeover, ClientNoContextTakeover: d.ClientNoContextTakeover,
		ServerMaxWindowBits: d.ServerMaxWindowBits, ClientMaxWindowBits: d.ClientMaxWindowBits,
	}
}

// noGather reports whether the tests run with the gathering of replies off.
func noGather() bool { return os.Getenv("WS_NO_GATHER") == "1" }

func acceptOptions(c *Case) *ws.AcceptOptions {
	return &ws.AcceptOptions{ReadLimit: limitOf(c), Compression: compressionOf(c), NoGather: noGather()}
}

func openAccept(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
	done := make(chan outcome, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.Accept(w, r, acceptOptions(c))
		if err != nil {
			done <- outcome{shake: err}
			return
		}
		done <- serve(context.WithoutCancel(r.Context()), conn, c.Do)
	}))
	t.Cleanup(s.Close)
	return connect(t, s.Listener.Addr()), done
}

func openUpgrade(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
	l := listen(t)
	done := program(t, c, func(ctx context.Context) (*ws.Conn, error) {
		nc, err := l.Accept()
		if err != nil {
			return nil, err
		}
		return ws.Upgrade(ctx, nc, acceptOptions(c))
	})
	return connect(t, l.Addr()), done
}

// openUpgradePipe opens a target over what disguise makes of a pipe.
func openUpgradePipe(disguise func(net.Conn) net.Conn) func(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
	return func(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
		raw, nc := net.Pipe()
		return raw, program(t, c, func(ctx context.Context) (*ws.Conn, error) {
			return ws.Upgrade(ctx, disguise(nc), acceptOptions(c))
		})
	}
}

func openDial(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
	l := listen(t)
	done := program(t, c, func(ctx context.Context) (*ws.Conn, error) {
		return dialer(c, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }).Dial(ctx, "ws://conformance.test/")
	})
	raw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return raw, done
}

// openDialPipe is openUpgradePipe for a client.
func openDialPipe(disguise func(net.Conn) net.Conn) func(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
	return func(t *testing.T, c *Case) (net.Conn, <-chan outcome) {
		raw, nc := net.Pipe()
		return raw, program(t, c, func(ctx context.Context) (*ws.Conn, error) {
			return dialer(c, func() (net.Conn, error) { return disguise(nc), nil }).Dial(ctx, "ws://conformance.test/")
		})
	}
}

func dialer(c *Case, connect func() (net.Conn, error)) *ws.Dialer {
	return &ws.Dialer{
		DialOptions: ws.DialOptions{ReadLimit: limitOf(c), Compression: compressionOf(c)},
		NetDial:     func(context.Context, string, string) (net.Conn, error) { return connect() },
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		NoGather:    noGather(),
	}
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func connect(t *testing.T, to net.Addr) net.Conn {
	raw, err := net.Dial(to.Network(), to.String())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wrong says what is wrong with what the target's program saw, nil for nothing.
func (o outcome) wrong(e End) error {
	switch {
	case e.Kind == Refused:
		if refused, ok := errors.AsType[*ws.HandshakeError](o.shake); !ok || refused.Problem == "" {
			return fmt.Errorf("the target's handshake: %v, want a *HandshakeError", o.shake)
		}
		return nil
	case o.shake != nil:
		return fmt.Errorf("the target's handshake: %w", o.shake)
	case !errors.Is(o.read, ws.ErrClosed):
		return fmt.Errorf("the target's Read = %v, want an error that matches ErrClosed", o.read)
	case e.Kind == Failed:
		return o.wrongFailure(ws.StatusCode(e.Code))
	}
	want := ws.CloseError{Code: ws.StatusCode(e.Code), Reason: e.Reason, Clean: true}
	switch e.Kind {
	case Goodbye:
		want.Code = ws.StatusNormalClosure
	case Begun:
		want.Local, want.Clean = true, e.Clean
		if (o.close == nil) != e.Clean {
			return fmt.Errorf("the target's Close = %v, want a clean end = %v", o.close, e.Clean)
		}
	case Cut:
		want.Clean = false
	}
	got, ok := errors.AsType[*ws.CloseError](o.read)
	if !ok || got.Code != want.Code || got.Reason != want.Reason || got.Local != want.Local || got.Clean != want.Clean {
		return fmt.Errorf("the target's Read = %#v (%v), want %#v", got, o.read, want)
	}
	return nil
}

func (o outcome) wrongFailure(code ws.StatusCode) error {
	if code == ws.StatusMessageTooBig {
		if !errors.Is(o.read, ws.ErrMessageTooBig) {
			return fmt.Errorf("the target's Read = %v, want ErrMessageTooBig", o.read)
		}
		return nil
	}
	if got, ok := errors.AsType[*ws.ProtocolError](o.read); !ok || got.Code != code || got.Rule == "" {
		return fmt.Errorf("the target's Read = %v, want a *ProtocolError with %d", o.read, code)
	}
	return nil
}
