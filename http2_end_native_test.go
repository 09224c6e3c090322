//go:build !js

package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"

	"golang.org/x/net/http2"
)

// memory is a listener in memory.
type memory struct {
	conns chan net.Conn
	done  chan struct{}
	close func()
}

func (l *memory) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memory) Close() error {
	l.close()
	return nil
}

func (l *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// starter starts a server in memory, and returns it with a client, over HTTP/2
// without TLS.
type starter func(h http.Handler, change func(*http.Server)) (*http.Server, *client2)

// inMemory runs f in a bubble of testing/synctest.
func inMemory(t *testing.T, f func(t *testing.T, start starter)) {
	synctest.Test(t, func(t *testing.T) {
		f(t, func(h http.Handler, change func(*http.Server)) (*http.Server, *client2) {
			s := &http.Server{Handler: h, Protocols: new(http.Protocols)}
			s.Protocols.SetUnencryptedHTTP2(true)
			if change != nil {
				change(s)
			}
			l := &memory{conns: make(chan net.Conn), done: make(chan struct{})}
			l.close = sync.OnceFunc(func() { close(l.done) })
			over := make(chan error)
			go func() { over <- s.Serve(l) }()
			near, far := net.Pipe()
			l.conns <- far
			t.Cleanup(func() {
				near.Close()
				s.Close()
				<-over
			})
			return s, newClient2(t, near)
		})
	})
}

// server2 makes a handler that serves a WebSocket with f.
type server2 func(opts *ws.AcceptOptions, f func(ctx context.Context, c *ws.Conn)) http.Handler

// inBoth runs f with both ways to serve a WebSocket with a function.
func inBoth(t *testing.T, f func(t *testing.T, serve server2, start starter)) {
	for kind := range kinds(nil, nil) {
		t.Run(kind, func(t *testing.T) {
			inMemory(t, func(t *testing.T, start starter) {
				f(t, func(opts *ws.AcceptOptions, f func(context.Context, *ws.Conn)) http.Handler {
					return kinds(opts, f)[kind]
				}, start)
			})
		})
	}
}

// ending runs f with each kind of server that echoes. It sends the error that
// ended a connection to ends.
func ending(t *testing.T, opts *ws.AcceptOptions, change func(*http.Server), f func(t *testing.T, s *http.Server, c *client2, ends <-chan error)) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		ends := make(chan error, 1)
		s, c := start(serve(opts, func(ctx context.Context, c *ws.Conn) {
			for {
				typ, p, err := c.Read(ctx)
				if err == nil {
					err = c.Write(ctx, typ, p)
				}
				if err != nil {
					ends <- err
					return
				}
			}
		}), change)
		f(t, s, c, ends)
	})
}

// closedBy fails the test unless err is a *CloseError with the code.
func closedBy(t *testing.T, err error, code ws.StatusCode, cause error) {
	t.Helper()
	e, ok := errors.AsType[*ws.CloseError](err)
	if !ok || e.Code != code || cause != nil && !errors.Is(err, cause) {
		t.Errorf("error = %v, want a *CloseError with %v and %v", err, code, cause)
	}
}

// RFC 6455 section 7.1.1, RFC 8441 section 5: after the close frames the server
// ends the stream, by END_STREAM.
func TestHTTP2CloseByClient(t *testing.T) {
	ending(t, nil, nil, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
		stream := c.open(t)
		if err := stream.client().Close(4000, "bye"); err != nil {
			t.Errorf("Close = %v", err)
		}
		closedBy(t, <-ends, 4000, nil)
		if how := stream.ended(); how != "END_STREAM" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

func TestHTTP2CloseByServer(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		_, c := start(serve(nil, func(_ context.Context, c *ws.Conn) { c.Close(4001, "bye") }), nil)
		stream := c.open(t)
		_, _, err := stream.client().ReadAppend(t.Context(), nil)
		closedBy(t, err, 4001, nil)
		if how := stream.ended(); how != "END_STREAM" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

// CloseNow resets the stream at once, though the handler goes on.
func TestHTTP2CloseNow(t *testing.T) {
	goOn := make(chan struct{})
	for name, h := range kinds(nil, func(_ context.Context, c *ws.Conn) {
		c.CloseNow()
		<-goOn
	}) {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			c := n.dial2(t, n.serve2(t, h, nil))
			if how := c.open(t).ended(); how != "INTERNAL_ERROR" {
				t.Errorf("the server ended the stream by %s", how)
			}
			goOn <- struct{}{}
		})
	}
}

// stalled opens a WebSocket whose client accepts no more than the first 64 KiB.
func (c *client2) stalled(t *testing.T) *stream2 {
	t.Helper()
	stream := c.request(t, false, fields2())
	c.mu.Lock()
	stream.stall = true
	c.mu.Unlock()
	stream.answer(t)
	return stream
}

// CloseNow ends a Read and a Write that wait.
func TestHTTP2CloseNowUnblocks(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		errs := make(chan error, 2)
		_, c := start(serve(nil, func(ctx context.Context, c *ws.Conn) {
			go func() {
				_, _, err := c.Read(ctx)
				errs <- err
			}()
			go func() { errs <- c.Write(ctx, ws.MessageBinary, make([]byte, 1<<20)) }()
			time.Sleep(time.Second) // in the bubble: both wait
			c.CloseNow()
		}), nil)
		stream := c.stalled(t)
		for range 2 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("error = %v, want net.ErrClosed", err)
			}
		}
		if how := stream.ended(); how != "INTERNAL_ERROR" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

// RFC 8441 section 5: RST_STREAM is what a reset is in TCP, and END_STREAM its
// orderly end.
func TestHTTP2PeerEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end   func(s *stream2) error
		cause error
	}{
		"RST_STREAM":     {func(s *stream2) error { return s.cancel(http2.ErrCodeCancel) }, syscall.ECONNRESET},
		"END_STREAM":     {(*stream2).CloseWrite, io.ErrUnexpectedEOF},
		"the connection": {func(s *stream2) error { return s.c.nc.Close() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ending(t, nil, nil, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
				stream := c.open(t)
				says2(t, stream.client(), ws.MessageText, []byte("hello"))
				if err := tt.end(stream); err != nil {
					t.Fatal(err)
				}
				closedBy(t, <-ends, ws.StatusAbnormalClosure, tt.cause)
			})
		})
	}
}

// RFC 6455 section 7.1.7, and what was sent before a failure arrives.
func TestHTTP2Violation(t *testing.T) {
	ending(t, nil, nil, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
		stream := c.open(t)
		stream.Write([]byte{0x81, 0x00}) // not masked
		_, _, err := stream.client().ReadAppend(t.Context(), nil)
		closedBy(t, err, ws.StatusProtocolError, nil)
		if _, ok := errors.AsType[*ws.ProtocolError](<-ends); !ok {
			t.Errorf("the server's error is none about the protocol")
		}
		stream.CloseWrite()
		if how := stream.ended(); how != "END_STREAM" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

// A peer that answers nothing for twice the time is gone.
func TestHTTP2Keepalive(t *testing.T) {
	opts := &ws.AcceptOptions{Keepalive: &ws.Keepalive{Idle: time.Minute, Timeout: time.Minute}}
	ending(t, opts, nil, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
		client := c.open(t).client()
		go client.ReadAppend(context.Background(), nil) // answers pings
		time.Sleep(time.Hour)
		select {
		case err := <-ends:
			t.Fatalf("a peer that answers was disconnected: %v", err)
		default:
		}
		client.CloseNow()
		<-ends
		begun := time.Now()
		c.open(t)
		closedBy(t, <-ends, ws.StatusAbnormalClosure, ws.ErrKeepaliveTimeout)
		if d := time.Since(begun); d < 2*time.Minute || d > 3*time.Minute {
			t.Errorf("that took %v", d)
		}
	})
}

// A peer that accepts nothing is disconnected, and its stream alone.
func TestHTTP2WriteTimeout(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		errs := make(chan error, 1)
		_, c := start(serve(&ws.AcceptOptions{WriteTimeout: time.Minute}, func(ctx context.Context, c *ws.Conn) {
			_, p, _ := c.Read(ctx)
			if string(p) == "echo" {
				c.Write(ctx, ws.MessageText, p)
				return
			}
			errs <- c.Write(ctx, ws.MessageBinary, make([]byte, 1<<20))
		}), nil)
		stream := c.stalled(t)
		begun := time.Now()
		stream.client().Write(t.Context(), ws.MessageText, nil)
		if err := <-errs; !errors.Is(err, ws.ErrWriteTimeout) {
			t.Errorf("Write = %v", err)
		}
		if d := time.Since(begun); d < time.Minute || d > 2*time.Minute {
			t.Errorf("that took %v", d)
		}
		if how := stream.ended(); how != "INTERNAL_ERROR" {
			t.Errorf("the server ended the stream by %s", how)
		}
		says2(t, c.open(t).client(), ws.MessageText, []byte("echo"))
	})
}

// A Write that is cut off by its context ends the connection, and says so.
func TestHTTP2WriteCancelled(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		errs := make(chan error, 1)
		_, c := start(serve(nil, func(ctx context.Context, c *ws.Conn) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			errs <- c.Write(ctx, ws.MessageBinary, make([]byte, 1<<20))
		}), nil)
		stream := c.stalled(t)
		err := <-errs
		if e, ok := errors.AsType[*ws.CloseError](err); !ok || !e.Local || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write = %v", err)
		}
		if how := stream.ended(); how != "INTERNAL_ERROR" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

// The server's time limits are for requests: a WebSocket is not ended by them.
func TestHTTP2ServerTimeouts(t *testing.T) {
	ending(t, nil, func(s *http.Server) {
		s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.ReadHeaderTimeout = time.Second, time.Second, time.Second, time.Second
	}, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
		client := c.open(t).client()
		for range 3 {
			time.Sleep(20 * time.Second)
			says2(t, client, ws.MessageText, []byte("hello"))
		}
		client.CloseNow()
		<-ends
	})
}

// http.Server.Shutdown announces that no stream will be accepted (RFC 9113
// section 6.8), and waits for the WebSockets, which go on.
func TestHTTP2Shutdown(t *testing.T) {
	ending(t, nil, nil, func(t *testing.T, s *http.Server, c *client2, ends <-chan error) {
		client := c.open(t).client()
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(context.Background()) }()
		c.mu.Lock()
		for !c.goAway {
			c.cond.Wait()
		}
		c.mu.Unlock()
		says2(t, client, ws.MessageText, []byte("hello"))
		time.Sleep(20 * time.Second)
		select {
		case err := <-down:
			t.Fatalf("Shutdown = %v, though a WebSocket is open", err)
		default:
		}
		if err := client.Close(ws.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		<-ends
		if err := <-down; err != nil {
			t.Error(err)
		}
	})
}

// http.Server.Close ends the WebSockets.
func TestHTTP2ServerClose(t *testing.T) {
	ends := make(chan error, 1)
	for kind, h := range kinds(nil, func(ctx context.Context, c *ws.Conn) {
		ends <- c.Write(ctx, ws.MessageText, nil) // so that Accept has returned
		_, _, err := c.Read(ctx)
		ends <- err
	}) {
		t.Run(kind, func(t *testing.T) {
			n := newCensus(t)
			s := n.serve2(t, h, nil)
			n.dial2(t, s).open(t)
			if err := <-ends; err != nil {
				t.Fatal(err)
			}
			s.Config.Close()
			closedBy(t, <-ends, ws.StatusAbnormalClosure, nil)
		})
	}
}

// A handler that returns while its connection of Accept is in use ends it, and
// nothing is written to what net/http has taken back.
func TestHTTP2HandlerReturns(t *testing.T) {
	inMemory(t, func(t *testing.T, start starter) {
		conns, errs := make(chan *ws.Conn, 1), make(chan error, 1)
		_, c := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := ws.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
			}
			go func() {
				_, _, err := c.Read(t.Context())
				errs <- err
			}()
			time.Sleep(time.Second) // in the bubble: Read waits
			conns <- c
		}), nil)
		stream := c.open(t)
		conn := <-conns
		if how := stream.ended(); how != "END_STREAM" {
			t.Errorf("the server ended the stream by %s", how)
		}
		closedBy(t, <-errs, ws.StatusAbnormalClosure, nil)
		closedBy(t, conn.Write(t.Context(), ws.MessageText, []byte("too late")), ws.StatusAbnormalClosure, nil)
		conn.CloseNow()
		if rest, _ := io.ReadAll(stream); len(rest) > 0 {
			t.Errorf("came: %q", rest)
		}
	})
}

// The same without a Read, which would be the first to know.
func TestHTTP2WriteAfterHandler(t *testing.T) {
	inMemory(t, func(t *testing.T, start starter) {
		conns := make(chan *ws.Conn, 1)
		_, c := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := ws.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
			}
			conns <- c
		}), nil)
		stream := c.open(t)
		conn := <-conns
		stream.ended()
		synctest.Wait()
		closedBy(t, conn.Write(t.Context(), ws.MessageText, []byte("too late")), ws.StatusAbnormalClosure, nil)
		if err := conn.Close(ws.StatusNormalClosure, ""); err == nil || !strings.Contains(err.Error(), "the handler that called Accept has returned") {
			t.Errorf("Close = %v", err)
		}
		if rest, _ := io.ReadAll(stream); len(rest) > 0 {
			t.Errorf("came: %q", rest)
		}
	})
}

// A panic in a Handler's function closes with 1011, and http.ErrAbortHandler
// resets the stream.
func TestHTTP2Panic(t *testing.T) {
	for name, tt := range map[string]struct {
		problem any
		how     string
	}{"a panic": {"oops", "END_STREAM"}, "http.ErrAbortHandler": {http.ErrAbortHandler, "INTERNAL_ERROR"}} {
		t.Run(name, func(t *testing.T) {
			h := ws.Handler(func(context.Context, *ws.Conn) { panic(tt.problem) }, nil)
			n := newCensus(t)
			stream := n.dial2(t, n.serve2(t, h, nil)).open(t)
			if tt.how == "END_STREAM" {
				_, _, err := stream.client().ReadAppend(t.Context(), nil)
				closedBy(t, err, ws.StatusInternalError, nil)
			}
			if how := stream.ended(); how != tt.how {
				t.Errorf("the server ended the stream by %s", how)
			}
		})
	}
}

// A request whose HEADERS end the stream has no frames to send: that is the end
// without a close frame.
func TestHTTP2EndInRequest(t *testing.T) {
	ending(t, nil, nil, func(t *testing.T, _ *http.Server, c *client2, ends <-chan error) {
		stream := c.request(t, true, fields2())
		if status, _ := stream.answer(t); status != "200" {
			t.Errorf("status %s", status)
		}
		closedBy(t, <-ends, ws.StatusAbnormalClosure, io.ErrUnexpectedEOF)
		if how := stream.ended(); how != "END_STREAM" {
			t.Errorf("the server ended the stream by %s", how)
		}
	})
}

// HOSTILE: streams that are reset as soon as they are open leave nothing behind
// (CVE-2023-44487).
func TestHTTP2RapidReset(t *testing.T) {
	for kind, h := range kinds(nil, echoing) {
		t.Run(kind, func(t *testing.T) {
			n := newCensus(t)
			c := n.dial2(t, n.serve2(t, h, ws.ConfigureHTTP2))
			for range 300 {
				if err := c.request(t, false, fields2()).cancel(http2.ErrCodeCancel); err != nil {
					t.Fatal(err)
				}
			}
			says2(t, c.connect(t), ws.MessageText, []byte("hello"))
		})
	}
}
