//go:build !js

package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// HOSTILE: half a handshake, then silence. Whatever hangs, Dial ends in time,
// and what it opened is closed: the bubble does not end before the server's
// side.
func TestDialBounds(t *testing.T) {
	silent := pipe(func(nc net.Conn, r *http.Request) { io.Copy(io.Discard, nc) }).NetDial
	half := pipe(func(nc net.Conn, r *http.Request) {
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpg")
		io.Copy(io.Discard, nc)
	}).NetDial
	drip := pipe(func(nc net.Conn, r *http.Request) {
		gone := make(chan struct{})
		go func() {
			io.Copy(io.Discard, nc)
			close(gone)
		}()
		for piece := range slices.Chunk([]byte(switching(r)), 1) { // a byte a second
			nc.Write(piece)
			select {
			case <-time.After(time.Second):
			case <-gone:
				return
			}
		}
	}).NetDial
	deaf := func(context.Context, string, string) (net.Conn, error) { // never reads the request
		near, far := net.Pipe()
		closed := make(chan struct{})
		go func() {
			<-closed
			far.Close()
		}()
		return &closing{Conn: near, told: func() { close(closed) }}, nil
	}
	unreachable := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	const forever = 24 * time.Hour
	for name, dial := range map[string]netDial{
		"silent": silent, "half": half, "drip": drip, "deaf": deaf, "unreachable": unreachable,
	} {
		for _, tt := range []struct {
			what              string
			deadline, cancel  time.Duration // of the context; 0 is none
			limit, took       time.Duration
			want              error
			tellsOfTheContext bool
		}{
			{"default", 0, 0, 0, 10 * time.Second, context.DeadlineExceeded, false},
			{"no default with a deadline", 20 * time.Second, 0, 0, 20 * time.Second, context.DeadlineExceeded, true},
			{"limit", 0, 0, 3 * time.Second, 3 * time.Second, context.DeadlineExceeded, false},
			{"limit before the deadline", forever, 0, 3 * time.Second, 3 * time.Second, context.DeadlineExceeded, false},
			{"deadline before the limit", 2 * time.Second, 0, 3 * time.Second, 2 * time.Second, context.DeadlineExceeded, true},
			{"no limit", 0, 30 * time.Second, -1, 30 * time.Second, context.Canceled, true},
			{"cancelled", 0, 5 * time.Second, 0, 5 * time.Second, context.Canceled, true},
		} {
			for transport, disguise := range transports {
				t.Run(name+", "+tt.what+", "+transport, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := context.WithCancel(context.Background())
						defer cancel()
						if tt.deadline > 0 {
							ctx, cancel = context.WithTimeout(ctx, tt.deadline)
							defer cancel()
						}
						if tt.cancel > 0 {
							time.AfterFunc(tt.cancel, cancel)
						}
						begun := time.Now()
						d := ws.Dialer{NetDial: over(disguise, dial), Proxy: noProxy, HandshakeTimeout: tt.limit}
						_, err := d.Dial(ctx, "ws://example.com/")
						if took := time.Since(begun); took != tt.took {
							t.Errorf("Dial took %v, want %v", took, tt.took)
						}
						if !errors.Is(err, tt.want) {
							t.Errorf("error = %v, want %v", err, tt.want)
						}
						says, phase := "the handshake timed out", "the server's response"
						if tt.tellsOfTheContext {
							says = "the context ended"
						}
						if name == "unreachable" {
							phase = "a connection to example.com:80"
						}
						if e := asHandshake(t, err); e.URL != "ws://example.com/" || !strings.Contains(e.Problem, says) || !strings.HasSuffix(e.Problem, phase) {
							t.Errorf("error = %v, which should say %q and %q", err, says, phase)
						}
						if timeout := tt.want == context.DeadlineExceeded; os.IsTimeout(err) != timeout {
							t.Errorf("error = %v: os.IsTimeout is %v", err, !timeout)
						}
					})
				})
			}
		}
	}
}

// closing is a connection whose Close is told of, once.
type closing struct {
	net.Conn
	told func()
	once sync.Once
}

func (c *closing) Close() error {
	c.once.Do(c.told)
	return c.Conn.Close()
}

// Once the connection is there, neither the context nor the limit end it.
func TestDialBoundsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := pipe(func(nc net.Conn, r *http.Request) {
			io.WriteString(nc, switching(r))
			time.Sleep(time.Minute) // of the bubble's time
			nc.Write(textFrame("late"))
			io.Copy(io.Discard, nc)
		})
		d.HandshakeTimeout = time.Second
		d.Keepalive = &ws.Keepalive{Idle: -1}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := d.Dial(ctx, "ws://example.com/")
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		_, p, err := c.Read(t.Context())
		if err != nil || string(p) != "late" {
			t.Errorf("Read = %q, %v; want late", p, err)
		}
	})
}

// cancellingJar ends a context at the moment when the answer's head has come.
type cancellingJar struct{ cancel context.CancelFunc }

func (cancellingJar) Cookies(*url.URL) []*http.Cookie { return nil }

func (j cancellingJar) SetCookies(*url.URL, []*http.Cookie) {
	j.cancel()
	synctest.Wait() // until it has had its effect
}

// A context that ends while the answer is being judged: a connection that was
// opened all the same is whole, and a refusal's body is not waited for.
func TestDialEndsLate(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(*http.Request) string
		opened bool
	}{
		"opened":  {func(r *http.Request) string { return switching(r, "Set-Cookie: a=b") + string(textFrame("hello")) }, true},
		"refused": {func(*http.Request) string { return "HTTP/1.1 503 Busy\r\nSet-Cookie: a=b\r\n\r\nhalf" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				d := pipe(func(nc net.Conn, r *http.Request) {
					io.WriteString(nc, tt.answer(r))
					time.Sleep(time.Second / 2) // of the bubble's time
					nc.Write(textFrame("more"))
					io.Copy(io.Discard, nc)
				})
				d.Jar = cancellingJar{cancel}
				d.Keepalive = &ws.Keepalive{Idle: -1} // no deadlines but those that Dial might leave
				begun := time.Now()
				c, err := d.Dial(ctx, "ws://example.com/")
				if took := time.Since(begun); took != 0 {
					t.Errorf("Dial took %v, want no time", took)
				}
				if !tt.opened {
					if err == nil || !errors.Is(err, context.Canceled) {
						t.Errorf("error = %v, want context.Canceled", err)
					}
					time.Sleep(time.Second) // until the server's side is done
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				hears(t, c, "hello")
				hears(t, c, "more")
				if err := c.Write(t.Context(), ws.MessageText, []byte("hello")); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Keepalive: natively, while a Read waits, 30 s without a byte send a ping, and
// 30 s more end the connection.
func TestKeepalive(t *testing.T) {
	for name, tt := range map[string]struct {
		keepalive *ws.Keepalive
		took      time.Duration
	}{
		"default":    {nil, time.Minute},
		"zero":       {&ws.Keepalive{}, time.Minute},
		"idle":       {&ws.Keepalive{Idle: time.Second}, 31 * time.Second},
		"time-out":   {&ws.Keepalive{Timeout: time.Second}, 31 * time.Second},
		"turned off": {&ws.Keepalive{Idle: -1}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := pipe(func(nc net.Conn, r *http.Request) {
					io.WriteString(nc, switching(r))
					io.Copy(io.Discard, nc)
				})
				d.Keepalive = tt.keepalive
				c, err := d.Dial(t.Context(), "ws://example.com/")
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				begun := time.Now()
				_, _, err = c.Read(ctx)
				if took := time.Since(begun); took != tt.took {
					t.Errorf("Read took %v, want %v", took, tt.took)
				}
				if ended := errors.Is(err, ws.ErrKeepaliveTimeout); ended != (tt.took < time.Hour) {
					t.Errorf("Read = %v", err)
				}
			})
		})
	}
}
