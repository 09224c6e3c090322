//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// HOSTILE: half a request and then silence, a byte a second, a peer that does
// not read. Upgrade ends in time, and the connection with it.
func TestUpgradeBounds(t *testing.T) {
	quiet := func(raw string) func(net.Conn, <-chan struct{}) {
		return func(far net.Conn, over <-chan struct{}) {
			io.WriteString(far, raw)
			<-over
		}
	}
	drip := func(far net.Conn, over <-chan struct{}) {
		for piece := range slices.Chunk([]byte(request()), 1) {
			far.Write(piece)
			select {
			case <-time.After(time.Second):
			case <-over:
				return
			}
		}
	}
	const second = time.Second
	for name, tt := range map[string]struct {
		peer       func(net.Conn, <-chan struct{})
		limit, ctx time.Duration
		took       time.Duration
		ofContext  bool
		status     int
	}{
		"silence":                    {quiet(""), 0, 0, 10 * second, false, 0},
		"half":                       {quiet("GET / HT"), 0, 0, 10 * second, false, 0},
		"half, with a limit":         {quiet("GET / HT"), 3 * second, 0, 3 * second, false, 0},
		"half, no limit":             {quiet("GET / HT"), -1, 60 * second, 60 * second, true, 0},
		"half, a context":            {quiet("GET / HT"), 0, 5 * second, 5 * second, true, 0},
		"half, a long context":       {quiet("GET / HT"), 0, 60 * second, 10 * second, false, 0},
		"a byte a second":            {drip, 0, 0, 10 * second, false, 0},
		"the answer is not read":     {quiet(request()), 0, 0, 10 * second, false, 0},
		"the refusal is not read":    {quiet("hello\r\n\r\n"), 0, 0, second, false, 400},
		"nor in the context's time":  {quiet("hello\r\n\r\n"), 0, second / 2, second / 2, true, 0},
		"the context's is the first": {quiet(""), 5 * second, 4 * second, 4 * second, true, 0},
		"nor in the limit":           {quiet("hello\r\n\r\n"), second / 2, 0, second / 2, false, 400},
	} {
		for transport, disguise := range transports {
			t.Run(name+", "+transport, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					near, far := net.Pipe()
					closed := make(chan struct{})
					go func() {
						defer far.Close()
						tt.peer(far, closed)
						<-closed // the bubble does not end before
					}()
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					if tt.ctx > 0 {
						ctx, cancel = context.WithTimeout(ctx, tt.ctx)
						defer cancel()
					}
					begun := time.Now()
					_, err := ws.Upgrade(ctx, &closing{Conn: disguise(near), told: func() { close(closed) }}, &ws.AcceptOptions{HandshakeTimeout: tt.limit})
					if took := time.Since(begun); took != tt.took {
						t.Errorf("Upgrade took %v, want %v", took, tt.took)
					}
					e, ok := errors.AsType[*ws.HandshakeError](err)
					if ok == tt.ofContext || tt.ofContext && !errors.Is(err, ctx.Err()) {
						t.Errorf("error = %v", err)
					}
					if ok && e.Status != tt.status {
						t.Errorf("error = %v, want status %d", err, tt.status)
					}
					if ok && e.Status == 0 && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("error = %v, want one that matches context.DeadlineExceeded", err)
					}
				})
			})
		}
	}
}

// halfCloser is a connection whose sending half can be ended.
type halfCloser struct {
	*closing
	read int
}

func (h *halfCloser) CloseWrite() error { return nil }

func (h *halfCloser) Read(p []byte) (int, error) {
	n, err := h.closing.Read(p)
	h.read += n
	return n, err
}

// Closing with bytes unread would make TCP destroy a refusal on its way (RFC
// 9112 section 9.6): they are read first, within 1 s and 1 MiB.
func TestUpgradeLingers(t *testing.T) {
	for name, tt := range map[string]struct {
		behind, read int
		hangUp       bool
		took         time.Duration
	}{
		"a peer that hangs up":    {100_000, 100_000, true, 0},
		"a peer that stays":       {10, 10, false, time.Second},
		"a peer that never stops": {10 << 20, 1 << 20, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const raw = "hello\r\n\r\n"
				near, far := net.Pipe()
				closed := make(chan struct{})
				go func() {
					defer far.Close()
					io.WriteString(far, raw)
					if _, err := http.ReadResponse(bufio.NewReader(far), nil); err != nil {
						t.Error(err)
					}
					far.Write(make([]byte, tt.behind))
					if !tt.hangUp {
						<-closed
					}
				}()
				h := &halfCloser{closing: &closing{Conn: near, told: func() { close(closed) }}}
				begun := time.Now()
				_, err := ws.Upgrade(t.Context(), h, nil)
				if e := asHandshake(t, err); e.Status != 400 {
					t.Errorf("error = %v, want status 400", err)
				}
				if took := time.Since(begun); took != tt.took || h.read != len(raw)+tt.read {
					t.Errorf("read %d bytes in %v, want %d in %v", h.read-len(raw), took, tt.read, tt.took)
				}
			})
		})
	}
}

// Options that cannot be used close the connection too.
func TestUpgradeArguments(t *testing.T) {
	var none context.Context
	for name, tt := range map[string]struct {
		ctx  context.Context
		opts *ws.AcceptOptions
	}{
		"ctx":            {none, nil},
		"Subprotocols":   {context.Background(), &ws.AcceptOptions{Subprotocols: []string{"a", "a"}}},
		"OriginPatterns": {context.Background(), &ws.AcceptOptions{OriginPatterns: []string{"a b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			_, err := ws.Upgrade(tt.ctx, near, tt.opts)
			asArgument(t, err, name)
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the peer reads %v, want the connection's end", err)
			}
		})
	}
}

// pipes is a listener in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if nc, ok := <-p; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// What net/http bounds of a request does not bound the connection.
func TestAcceptOutlivesTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(pipes, 1)
		s := &http.Server{ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Second,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := ws.Accept(w, r, &ws.AcceptOptions{HandshakeTimeout: time.Second})
				if err != nil {
					t.Error(err)
					return
				}
				defer c.CloseNow()
				time.Sleep(20 * time.Second) // of the bubble's time
				if err := c.Write(r.Context(), ws.MessageText, []byte("late")); err != nil {
					t.Error(err)
				}
				if _, _, err := c.Read(r.Context()); err != nil {
					t.Error(err)
				}
			})}
		go s.Serve(l)
		d := ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			l <- far
			return near, nil
		}}
		c, err := d.Dial(context.Background(), "ws://example.com/")
		if err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.Read(context.Background()); string(p) != "late" || err != nil {
			t.Errorf("Read = %q, %v; want late", p, err)
		}
		time.Sleep(5 * time.Second)
		if err := c.Write(context.Background(), ws.MessageText, []byte("later")); err != nil {
			t.Error(err)
		}
		c.CloseNow()
		close(l)
		s.Close()
	})
}

// A peer that does not read its 101 is disconnected.
func TestAcceptBoundsItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(pipes, 1)
		errs := make(chan error, 1)
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := ws.Accept(w, r, nil)
			errs <- err
		})}
		go s.Serve(l)
		near, far := net.Pipe()
		l <- far
		begun := time.Now()
		io.WriteString(near, request())
		err := <-errs
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("Accept took %v, want 10 s", took)
		}
		asHandshake(t, err)
		if _, err := bufio.NewReader(near).ReadByte(); err != io.EOF {
			t.Errorf("the peer reads %v, want the connection's end", err)
		}
		close(l)
		s.Close()
	})
}
