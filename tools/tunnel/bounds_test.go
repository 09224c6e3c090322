package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

const (
	// patience is how long a test waits for what must happen,
	patience = 30 * time.Second
	// and moment a bound that it sets.
	moment = 30 * time.Millisecond
)

// returns fails the test unless f returns.
func returns(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("it does not return")
		return nil
	}
}

// silent is a peer that reads nothing and says nothing.
func silent(net.Conn) {}

// answers returns a peer that answers a client's handshake and then does f.
func answers(f func(far net.Conn, sent *bufio.Reader)) func(net.Conn) {
	return func(far net.Conn) {
		sent := bufio.NewReader(far)
		r, err := http.ReadRequest(sent)
		if err != nil {
			return
		}
		io.WriteString(far, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: "+handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
		f(far, sent)
	}
}

func idle(net.Conn, *bufio.Reader)            {}
func reads(_ net.Conn, sent *bufio.Reader)    { io.Copy(io.Discard, sent) }
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }
func toProxy(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.test:8080") }
func briefly() (context.Context, func())      { return context.WithTimeout(context.Background(), moment) }
func dialer(dial func() (net.Conn, error)) *ws.Dialer {
	return &ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) { return dial() }}
}

// The bounds of a handshake hold over a tunnel whose other end is silent.
func TestHandshakes(t *testing.T) {
	for _, n := range tunnels {
		for name, do := range map[string]func(ctx context.Context, d *ws.Dialer) error{
			"Dial": func(ctx context.Context, d *ws.Dialer) error { _, err := d.Dial(ctx, "ws://far.test/"); return err },
			"Dial through a proxy": func(ctx context.Context, d *ws.Dialer) error {
				d.Proxy = toProxy
				_, err := d.Dial(ctx, "ws://far.test/")
				return err
			},
			"Dial with TLS": func(ctx context.Context, d *ws.Dialer) error { _, err := d.Dial(ctx, "wss://far.test/"); return err },
			"Upgrade": func(ctx context.Context, d *ws.Dialer) error {
				nc, err := d.NetDial(ctx, "tcp", "")
				if err != nil {
					return err
				}
				_, err = ws.Upgrade(ctx, nc, &ws.AcceptOptions{HandshakeTimeout: d.HandshakeTimeout})
				return err
			},
		} {
			t.Run(n.name+", "+name, func(t *testing.T) {
				t.Parallel()
				dial := n.open(t, silent)
				ctx, cancel := briefly()
				defer cancel()
				err := returns(t, func() error { return do(ctx, dialer(dial)) })
				if !errors.Is(err, ctx.Err()) {
					t.Errorf("with a context: %v", err)
				}
				d := dialer(dial)
				d.HandshakeTimeout = moment
				err = returns(t, func() error { return do(context.Background(), d) })
				if _, ok := errors.AsType[*ws.HandshakeError](err); !ok || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("with a time limit: %v", err)
				}
			})
		}
	}
}

// The bounds of an open connection hold, too.
func TestWaits(t *testing.T) {
	background := context.Background()
	read := func(ctx context.Context, c *ws.Conn) error { _, _, err := c.Read(ctx); return err }
	write := func(ctx context.Context, c *ws.Conn) error { // more than any window
		return c.Write(ctx, ws.MessageBinary, make([]byte, 16<<20))
	}
	for _, n := range tunnels {
		for _, tt := range []struct {
			name string
			peer func(net.Conn, *bufio.Reader)
			do   func(ctx context.Context, c *ws.Conn) error // ctx ends in a moment
			want error
		}{
			{"Read", idle, read, context.DeadlineExceeded},
			{"Ping", reads, func(ctx context.Context, c *ws.Conn) error { return c.Ping(ctx) }, context.DeadlineExceeded},
			{"Write", idle, write, ws.ErrClosed},
			{"the write time limit", idle, func(_ context.Context, c *ws.Conn) error { return write(background, c) }, ws.ErrWriteTimeout},
			{"the keepalive", reads, func(_ context.Context, c *ws.Conn) error { return read(background, c) }, ws.ErrKeepaliveTimeout},
			{"Close", reads, func(_ context.Context, c *ws.Conn) error { return c.Close(1000, "") }, ws.ErrClosed},
			{"Close to a peer that does not read", idle, func(_ context.Context, c *ws.Conn) error { return c.Close(1000, "") }, ws.ErrClosed},
			{"a Read that CloseNow ends", idle, func(ctx context.Context, c *ws.Conn) error {
				context.AfterFunc(ctx, func() { c.CloseNow() })
				return read(background, c)
			}, ws.ErrClosed},
			{"a Write that CloseNow ends", idle, func(ctx context.Context, c *ws.Conn) error {
				context.AfterFunc(ctx, func() { c.CloseNow() })
				return write(background, c)
			}, ws.ErrClosed},
			{"a peer that closes and reads nothing", func(far net.Conn, _ *bufio.Reader) { far.Write([]byte("\x88\x02\x03\xe8")) },
				func(_ context.Context, c *ws.Conn) error { return read(background, c) }, ws.ErrClosed},
		} {
			t.Run(n.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				d := dialer(n.open(t, answers(tt.peer)))
				d.WriteTimeout = 5 * moment
				d.Keepalive = &ws.Keepalive{Idle: 5 * moment, Timeout: 5 * moment}
				c, err := d.Dial(background, "ws://far.test/")
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				ctx, cancel := briefly()
				defer cancel()
				if err := returns(t, func() error { return tt.do(ctx, c) }); !errors.Is(err, tt.want) {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
			})
		}
	}
}

// Cancelling is not closing: what comes after a Read was cancelled is read by
// the next, however the cancelling falls.
func TestReadsOn(t *testing.T) {
	for _, n := range tunnels {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			const messages = 200
			further := make(chan bool)
			d := dialer(n.open(t, answers(func(far net.Conn, _ *bufio.Reader) {
				for i := range messages {
					<-further
					m := append([]byte{0x82, 126, 0x10, 0x00}, bytes.Repeat([]byte{byte(i)}, 0x1000)...)
					far.Write(m[:i*7])
					far.Write(m[i*7:])
				}
			})))
			c, err := d.Dial(context.Background(), "ws://far.test/")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			for i := range messages {
				ctx, cancel := context.WithCancel(context.Background())
				go func() {
					further <- true
					cancel()
				}()
				_, p, err := c.Read(ctx)
				if errors.Is(err, context.Canceled) {
					err = returns(t, func() error { _, p, err = c.Read(context.Background()); return err })
				}
				if err != nil || !bytes.Equal(p, bytes.Repeat([]byte{byte(i)}, 0x1000)) {
					t.Fatalf("message %d: %d bytes, %v", i, len(p), err)
				}
				cancel()
			}
		})
	}
}
