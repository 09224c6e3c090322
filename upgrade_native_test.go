//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// upgraded is what Upgrade returned.
type upgraded struct {
	c   *ws.Conn
	err error
}

// upgrades accepts one connection of l and upgrades it.
func upgrades(ctx context.Context, l net.Listener, opts *ws.AcceptOptions) <-chan upgraded {
	result := make(chan upgraded, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			result <- upgraded{nil, err}
			return
		}
		c, err := ws.Upgrade(ctx, nc, opts)
		result <- upgraded{c, err}
	}()
	return result
}

func TestUpgrade(t *testing.T) {
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			l := n.listen(t)
			d := n.dialer()
			scheme := "ws"
			if secure {
				s := httptest.NewUnstartedServer(nil)
				s.StartTLS() // only for its certificate
				s.Close()
				l = tls.NewListener(l, &tls.Config{Certificates: s.TLS.Certificates})
				d.TLSConfig = trusting(s)
				scheme = "wss"
			}
			var seen *handshake.Request
			result := upgrades(within(t), l, &ws.AcceptOptions{
				Subprotocols: []string{"chat"},
				Header:       map[string][]string{"Set-Cookie": {"a=1"}},
				Check: func(r *handshake.Request) error {
					seen = r
					return nil
				}})
			d.Subprotocols = []string{"chat"}
			d.Header = http.Header{"Origin": {strings.Replace(scheme, "ws", "http", 1) + "://" + l.Addr().String()}}
			c, err := d.Dial(within(t), scheme+"://"+l.Addr().String()+"/room?a=b")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			r := <-result
			if r.err != nil {
				t.Fatal(r.err)
			}
			defer r.c.CloseNow()
			if seen.Target != "/room?a=b" || r.c.Subprotocol() != "chat" {
				t.Errorf("target %q, subprotocol %q", seen.Target, r.c.Subprotocol())
			}
			if err := r.c.Write(within(t), ws.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			hears(t, c, "hello")
		})
	}
}

// A request may come in any pieces, and frames behind it are not lost.
func TestUpgradeInPieces(t *testing.T) {
	raw := []byte(request("X-Filler: "+strings.Repeat("x", 2000)) + "\x81\x85\x00\x00\x00\x00hello")
	for _, size := range []int{1, 2, 511, 512, 1024, len(raw)} {
		newCensus(t)
		over := make(chan struct{})
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			go io.Copy(io.Discard, far)
			for piece := range slices.Chunk(raw, size) {
				far.Write(piece)
			}
			<-over
		}()
		c, err := ws.Upgrade(within(t), near, nil)
		if err != nil {
			t.Fatalf("pieces of %d: %v", size, err)
		}
		hears(t, c, "hello")
		c.CloseNow()
		close(over)
	}
}

// A refusal arrives, although the peer sent more than was read, and then the
// connection ends.
func TestUpgradeRefuses(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20-1024)
	for name, tt := range map[string]struct {
		raw    string
		opts   *ws.AcceptOptions
		status int
		says   string
	}{
		"a plain GET":                  {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, 426, "no Upgrade field"},
		"HTTP/1.0":                     {strings.Replace(request(), "1.1", "1.0", 1), nil, 426, "HTTP/1.0"},
		"version 777":                  {strings.Replace(request(), "13", "777", 1), nil, 426, "777"},
		"POST":                         {strings.Replace(request(), "GET", "POST", 1), nil, 405, "POST"},
		"another origin":               {request("Origin: http://evil.example"), nil, 403, "evil.example"},
		"no HTTP":                      {"hello\r\n\r\n", nil, 400, "malformed"},
		"TLS":                          {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", nil, 400, "TLS"},
		"bare LF":                      {strings.ReplaceAll(request(), "\r\n", "\n"), nil, 400, "CRLF"},
		"a head of 16 KiB and more":    {request("X: " + strings.Repeat("x", 16<<10)), nil, 431, "limit of 16384 bytes"},
		"a head of a megabyte":         {"GET / HTTP/1.1\r\nX: " + megabyte, nil, 431, "limit of 16384 bytes"},
		"2,000 fields":                 {request(slices.Repeat([]string{"a: b"}, 2000)...), nil, 431, "header fields"},
		"a megabyte behind":            {request("Origin: http://evil.example") + megabyte, nil, 403, "evil.example"},
		"Check":                        {request(), &ws.AcceptOptions{Check: func(*handshake.Request) error { return errors.New("no") }}, 403, "refused"},
		"the server's own field":       {request(), &ws.AcceptOptions{Header: http.Header{"Upgrade": {"a"}}}, 500, "internal server error"},
		"the head fills its 16 KiB":    {request("X: " + strings.Repeat("x", 16<<10-len(request("X: ")))), nil, 101, ""},
		"one byte over 16 KiB of it":   {request("X: " + strings.Repeat("x", 16<<10-len(request("X: "))+1)), nil, 431, "limit of 16384 bytes"},
		"an extension that is refused": {request(`Sec-WebSocket-Extensions: ` + strings.Repeat("a,", 4000)), nil, 400, "over the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			l := n.listen(t)
			result := upgrades(within(t), l, tt.opts)
			nc, res, body, rest := exchange(t, n, l.Addr().String(), tt.raw)
			if res.StatusCode != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("status %d, body %q; want %d, %q", res.StatusCode, body, tt.status, tt.says)
			}
			if tt.status == 101 {
				(<-result).c.CloseNow()
				return
			}
			if !res.Close {
				t.Error("the response does not announce the connection's end")
			}
			closes(t, rest)
			nc.Close() // the server waits for it, so that nothing destroys the answer
			r := <-result
			if tt.status == 500 {
				asArgument(t, r.err, `Header["Upgrade"]`)
			} else if e := asHandshake(t, r.err); e.Status != tt.status {
				t.Errorf("error = %v, want status %d", e, tt.status)
			}
		})
	}
}

// Without a request to answer, the error says what happened.
func TestUpgradeBroken(t *testing.T) {
	for name, raw := range map[string]string{"nothing": "", "half": "GET / HTTP/1.1\r\nHost: a\r\n"} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				io.WriteString(far, raw)
			}()
			_, err := ws.Upgrade(within(t), near, nil)
			if e := asHandshake(t, err); !errors.Is(err, io.ErrUnexpectedEOF) || e.Status != 0 {
				t.Errorf("error = %v, want an unexpected EOF", err)
			}
		})
	}
}

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
		t.Run(name, func(t *testing.T) {
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
				_, err := ws.Upgrade(ctx, &closing{near, func() { close(closed) }}, &ws.AcceptOptions{HandshakeTimeout: tt.limit})
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

// Closing with bytes unread would make TCP destroy a refusal on its way (RFC 9112
// section 9.6): they are read first, within 1 s and 1 MiB.
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
				h := &halfCloser{closing: &closing{near, func() { close(closed) }}}
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

// A peer that does not read its 101 is let go.
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
