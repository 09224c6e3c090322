//go:build !js

package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// peer is what is on the other side of a connection under test: nothing that
// speaks by itself.
type peer struct {
	net.Conn
	frames *bufio.Reader // what it reads
	client bool          // the role of the connection under test
}

// silently opens a connection in one of the roles over what disguise makes of a
// pipe, under TLS if certified is not nil. Its peer does nothing but what f
// does, on a goroutine of its own.
func silently(t *testing.T, client bool, disguise func(net.Conn) net.Conn, certified *tls.Config, limit time.Duration, f func(p *peer)) *ws.Conn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	near = disguise(near)
	scheme := "ws"
	switch {
	case certified == nil:
	case client:
		scheme, far = "wss", tls.Server(far, certified)
	default:
		near, far = tls.Server(near, certified), tls.Client(far, certified)
	}
	p := &peer{far, bufio.NewReader(far), client}
	go func() {
		if client {
			r, err := http.ReadRequest(p.frames)
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(far, switching(r))
		} else {
			io.WriteString(far, request())
			if _, err := http.ReadResponse(p.frames, nil); err != nil {
				t.Error(err)
				return
			}
		}
		f(p)
	}()
	var c *ws.Conn
	var err error
	if client {
		d := ws.Dialer{Proxy: noProxy, WriteTimeout: limit, TLSConfig: certified,
			NetDial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
		c, err = d.Dial(context.Background(), scheme+"://example.com/")
	} else {
		c, err = ws.Upgrade(context.Background(), near, &ws.AcceptOptions{WriteTimeout: limit})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow(); far.Close() })
	return c
}

// send sends a frame, masked if the peer is a client.
func (p *peer) send(first byte, payload string) {
	b := []byte{first, byte(len(payload))}
	if !p.client {
		b = append(b, 0, 0, 0, 0) // a mask key that changes nothing
		b[1] |= 0x80
	}
	p.Write(append(b, payload...))
}

// reads has the peer read all it is sent.
func (p *peer) reads() { io.Copy(io.Discard, p) }

// certified returns a configuration for both sides of TLS, as example.com.
func certified(t *testing.T) *tls.Config {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	cfg := trusting(s)
	cfg.Certificates, cfg.ServerName, cfg.SessionTicketsDisabled = s.TLS.Certificates, "example.com", true
	return cfg
}

// What a net.Conn does with deadlines changes none of the bounds that are
// documented, under TLS or not: at most 1 s is added where they are taken and
// not kept.
func TestTransportBounds(t *testing.T) {
	const second = time.Second
	secure := certified(t)
	nothing := func(*peer) {}
	read := func(ctx context.Context, c *ws.Conn) error { _, _, err := c.Read(ctx); return err }
	write := func(ctx context.Context, c *ws.Conn) error { return c.Write(ctx, ws.MessageText, []byte("x")) }
	for _, tt := range []struct {
		name string
		peer func(*peer)
		do   func(ctx context.Context, c *ws.Conn) error // ctx ends after 5 s
		took time.Duration
		want error // nil: the context's, or what stands for it
		cuts bool  // the context may end the connection: a message was begun
	}{
		{"Read", (*peer).reads, read, 5 * second, nil, false},
		{"Read of half a message", func(p *peer) { p.send(0x01, "half"); p.reads() }, read, 5 * second, nil, false},
		{"Read of half a frame", func(p *peer) { p.Write([]byte{0x81}); p.reads() }, read, 5 * second, nil, false},
		{"Reader", (*peer).reads, func(ctx context.Context, c *ws.Conn) error { _, _, err := c.Reader(ctx); return err }, 5 * second, nil, false},
		{"a Reader's stream", func(p *peer) { p.send(0x01, "half"); p.reads() }, func(ctx context.Context, c *ws.Conn) error {
			_, r, err := c.Reader(ctx)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			return err
		}, 5 * second, nil, false},
		{"Ping", (*peer).reads, func(ctx context.Context, c *ws.Conn) error { return c.Ping(ctx) }, 5 * second, nil, false},
		{"Ping to a peer that does not read", nothing, func(ctx context.Context, c *ws.Conn) error { return c.Ping(ctx) }, 5 * second, nil, false},
		{"CloseRead", (*peer).reads, func(ctx context.Context, c *ws.Conn) error {
			<-c.CloseRead(ctx).Done()
			return ctx.Err()
		}, 5 * second, nil, false},
		{"Write", nothing, write, 5 * second, nil, true},
		{"a Writer's Close", nothing, func(ctx context.Context, c *ws.Conn) error {
			w, err := c.Writer(ctx, ws.MessageText)
			if err == nil {
				err = w.Close()
			}
			return err
		}, 5 * second, nil, true},
		{"the write time limit", nothing, func(_ context.Context, c *ws.Conn) error { return write(context.Background(), c) }, 20 * second, ws.ErrWriteTimeout, false},
		{"the write time limit for a pong", func(p *peer) { p.send(0x89, "ping") },
			func(_ context.Context, c *ws.Conn) error { return read(context.Background(), c) }, 20 * second, ws.ErrWriteTimeout, false},
		{"the keepalive", (*peer).reads, func(_ context.Context, c *ws.Conn) error { return read(context.Background(), c) }, 60 * second, ws.ErrKeepaliveTimeout, false},
		{"Close", (*peer).reads, func(_ context.Context, c *ws.Conn) error { return c.Close(1000, "") }, 5 * second, ws.ErrClosed, false},
		{"Close to a peer that does not read", nothing, func(_ context.Context, c *ws.Conn) error { return c.Close(1000, "") }, 5 * second, ws.ErrClosed, false},
		{"Close beside a Read", (*peer).reads, func(_ context.Context, c *ws.Conn) error {
			done := make(chan error, 1)
			go func() { done <- read(context.Background(), c) }()
			synctest.Wait()
			return errors.Join(c.Close(1000, ""), <-done)
		}, 5 * second, ws.ErrClosed, false},
		{"CloseNow beside a Read", (*peer).reads, func(_ context.Context, c *ws.Conn) error {
			done := make(chan error, 1)
			go func() { done <- read(context.Background(), c) }()
			synctest.Wait()
			c.CloseNow()
			return <-done
		}, 0, ws.ErrClosed, false},
		{"CloseNow beside a Write", nothing, func(_ context.Context, c *ws.Conn) error {
			done := make(chan error, 1)
			go func() { done <- write(context.Background(), c) }()
			synctest.Wait()
			c.CloseNow()
			return <-done
		}, 0, ws.ErrClosed, false},
		{"the answer to a close that is not read", func(p *peer) { p.send(0x88, "\x03\xe8") },
			func(_ context.Context, c *ws.Conn) error { return read(context.Background(), c) }, 5 * second, ws.ErrClosed, false},
		{"a broken rule, and a peer that does not read", func(p *peer) { p.send(0x83, "") },
			func(_ context.Context, c *ws.Conn) error { return read(context.Background(), c) }, second, ws.ErrClosed, false},
		{"a broken rule, and a peer that stays", func(p *peer) { p.send(0x83, ""); p.reads() },
			func(_ context.Context, c *ws.Conn) error { return read(context.Background(), c) }, 0, ws.ErrClosed, false},
	} {
		for _, client := range []bool{true, false} {
			for transport, disguise := range transports {
				for layer, cfg := range map[string]*tls.Config{"": nil, ", TLS": secure} {
					t.Run(strings.Join([]string{tt.name, role(client), transport}, ", ")+layer, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							c := silently(t, client, disguise, cfg, 20*second, tt.peer)
							synctest.Wait()
							ctx, cancel := context.WithTimeout(context.Background(), 5*second)
							defer cancel()
							begun := time.Now()
							err := tt.do(ctx, c)
							took := time.Since(begun)
							most := tt.took
							if transport == "deadlines ignored" && tt.want != ws.ErrClosed {
								most += second
							}
							if took < tt.took || took > most {
								t.Errorf("took %v, want %v to %v", took, tt.took, most)
							}
							switch {
							case tt.want != nil:
								if !errors.Is(err, tt.want) || !errors.Is(err, ws.ErrClosed) {
									t.Errorf("error = %v, want %v", err, tt.want)
								}
							case took > tt.took && (!errors.Is(err, ws.ErrDeadlinesIgnored) || errors.Is(err, ctx.Err())):
								t.Errorf("error = %v, want %v", err, ws.ErrDeadlinesIgnored)
							case took == tt.took && !errors.Is(err, ctx.Err()) && !(tt.cuts && errors.Is(err, ws.ErrClosed)):
								t.Errorf("error = %v, want %v", err, ctx.Err())
							}
						})
					})
				}
			}
		}
	}
}

func role(client bool) string {
	if client {
		return "client"
	}
	return "server"
}

// Cancelling is not closing: also where deadlines had to be given to the
// connection, a Read that its context ended has lost nothing.
func TestTransportReadsOn(t *testing.T) {
	for transport, disguise := range transports {
		if transport == "deadlines ignored" {
			continue // TestTransportBounds: the connection ends
		}
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := silently(t, true, disguise, nil, 0, func(p *peer) {
					for _, part := range []string{"\x01\x03", "one", "\x80", "\x03tw", "o", "\x81\x05three"} {
						time.Sleep(10 * time.Second) // of the bubble's time
						p.Write([]byte(part))
					}
					p.reads()
				})
				var got []string
				cancelled := 0
				for len(got) < 2 {
					ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
					_, p, err := c.Read(ctx)
					switch {
					case err == nil:
						got = append(got, string(p))
					case !errors.Is(err, context.DeadlineExceeded):
						t.Fatal(err)
					default:
						cancelled++
					}
					cancel()
				}
				if got[0] != "onetwo" || got[1] != "three" || cancelled < 10 {
					t.Errorf("read %q with %d Reads cancelled", got, cancelled)
				}
			})
		})
	}
}

// The keepalive does not end an idle connection whose peer answers, whatever
// the connection below does with deadlines.
func TestTransportKeepsAlive(t *testing.T) {
	for transport, disguise := range transports {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pings atomic.Int32
				c := silently(t, true, disguise, nil, 0, func(p *peer) {
					time.AfterFunc(10*time.Minute, func() { p.send(0x81, "late") })
					for {
						head := make([]byte, 6) // a masked ping without payload
						if _, err := io.ReadFull(p.frames, head); err != nil {
							return
						}
						if !bytes.Equal(head[:2], []byte{0x89, 0x80}) {
							t.Errorf("the peer got % x, want a ping", head)
						}
						pings.Add(1)
						time.Sleep(20 * time.Second)
						p.send(0x8A, "")
					}
				})
				_, p, err := c.Read(context.Background())
				if err != nil || string(p) != "late" || pings.Load() < 10 {
					t.Errorf("Read = %q, %v after %d pings", p, err, pings.Load())
				}
				c.CloseNow()
				time.Sleep(time.Minute) // until the peer has seen it
			})
		})
	}
}

// handedOver is a ResponseWriter that hands a connection over.
type handedOver struct {
	http.ResponseWriter
	nc net.Conn
}

func (h handedOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(bufio.NewReader(h.nc), bufio.NewWriter(h.nc)), nil
}

// Accept's answer, to a peer that does not read it, is bounded on every
// connection that it may be handed.
func TestTransportAccept(t *testing.T) {
	for transport, disguise := range transports {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request())))
				if err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				_, err = ws.Accept(handedOver{httptest.NewRecorder(), disguise(near)}, r, nil)
				if took := time.Since(begun); took != 10*time.Second {
					t.Errorf("Accept took %v, want 10 s", took)
				}
				asHandshake(t, err)
				if _, err := far.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the peer reads %v, want the connection's end", err)
				}
			})
		})
	}
}

// net/http cannot hand a connection without deadlines over: its Hijack waits
// for a byte that a client in its handshake does not send. Accept says so at
// once, to both sides.
func TestTransportAcceptHTTP(t *testing.T) {
	for _, transport := range []string{"no deadlines", "none but the zero time"} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := make(pipes, 1)
				errs := make(chan error, 1)
				s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, err := ws.Accept(w, r, nil)
					errs <- err
				})}
				go s.Serve(l)
				near, far := net.Pipe()
				l <- transports[transport](far)
				begun := time.Now()
				io.WriteString(near, request())
				res, err := http.ReadResponse(bufio.NewReader(near), nil)
				if err != nil || res.StatusCode != 500 {
					t.Errorf("the answer is %v, %v; want status 500", res, err)
				}
				if e := asHandshake(t, <-errs); e.Status != 500 || !errors.Is(e, errNoDeadlines) || !strings.Contains(e.Problem, "Upgrade") {
					t.Errorf("error = %v, want one that names Upgrade, and its cause", e)
				}
				if took := time.Since(begun); took != 0 {
					t.Errorf("it took %v", took)
				}
				near.Close()
				close(l)
				s.Close()
			})
		})
	}
}

// TLS's farewell is bounded too, when the peer takes the answer to its close
// and nothing behind it.
func TestTransportFarewell(t *testing.T) {
	cfg := certified(t)
	for _, client := range []bool{true, false} {
		for transport, disguise := range transports {
			t.Run(role(client)+", "+transport, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := silently(t, client, disguise, cfg, 0, func(p *peer) {
						p.send(0x88, "\x03\xe8")
						answer := 4
						if client {
							answer += 4 // the mask key
						}
						io.ReadFull(p.frames, make([]byte, answer))
					})
					begun := time.Now()
					_, _, err := c.Read(context.Background())
					e, ok := errors.AsType[*ws.CloseError](err)
					if !ok || e.Code != 1000 || !e.Clean {
						t.Errorf("error = %v, want a clean close with 1000", err)
					}
					c.CloseNow()
					// 1 s for the peer to end the connection, 1 s more where a
					// deadline shows nothing, 5 s for the farewell.
					if took := time.Since(begun); took > 7*time.Second {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

// The time limit of Dial holds while TLS is spoken and a proxy is asked.
func TestTransportDial(t *testing.T) {
	to := func(proxy string) func(*http.Request) (*url.URL, error) {
		return func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
	}
	for name, tt := range map[string]struct {
		url   string
		proxy func(*http.Request) (*url.URL, error)
	}{
		"TLS":                        {"wss://example.com/", noProxy},
		"a proxy":                    {"ws://example.com/", to("http://proxy.test/")},
		"a proxy under TLS":          {"ws://example.com/", to("https://proxy.test/")},
		"a proxy, and TLS behind it": {"wss://example.com/", to("http://proxy.test/")},
		"SOCKS":                      {"ws://example.com/", to("socks5h://proxy.test/")},
		"SOCKS, and TLS behind it":   {"wss://192.0.2.1/", to("socks5://proxy.test/")},
	} {
		for transport, disguise := range transports {
			t.Run(name+", "+transport, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					for _, limit := range []time.Duration{0, 3 * time.Second} {
						d := ws.Dialer{Proxy: tt.proxy, HandshakeTimeout: limit,
							NetDial: func(context.Context, string, string) (net.Conn, error) {
								near, far := net.Pipe()
								go func() {
									io.Copy(io.Discard, far) // until the other side has closed
									far.Close()
								}()
								return disguise(near), nil
							}}
						ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
						defer cancel()
						begun := time.Now()
						_, err := d.Dial(ctx, tt.url)
						want := limit
						if want == 0 {
							want = 5 * time.Second // the context's
						}
						if took := time.Since(begun); took != want {
							t.Errorf("Dial took %v, want %v", took, want)
						}
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("error = %v", err)
						}
						says := "the context ended while waiting for "
						if limit > 0 {
							says = "the handshake timed out"
						}
						if e := asHandshake(t, err); !strings.Contains(e.Problem, says) {
							t.Errorf("error = %v, want %q", err, says)
						}
					}
				})
			})
		}
	}
}
