//go:build !js

package ws_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/internal/engine"
	_ "github.com/twinws/ws/xconnect"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// client2 is the client's end of an HTTP/2 connection, made of frames: net/http
// has no client for extended CONNECT.
type client2 struct {
	nc        net.Conn
	settings  chan struct{} // closed when the server's SETTINGS are in announced
	done      chan struct{} // closed when reading has ended
	announced map[http2.SettingID]uint32

	mu      sync.Mutex
	cond    sync.Cond // of mu: every change
	fr      *http2.Framer
	hbuf    bytes.Buffer
	enc     *hpack.Encoder
	streams map[uint32]*stream2
	next    uint32
	window  int64 // what may be sent on the connection
	initial int64 // and on a new stream
	goAway  bool
	err     error // why reading ended
}

// stream2 is a stream of a client2. Its methods are those of an
// engine.Transport.
type stream2 struct {
	c      *client2
	id     uint32
	stall  bool // gives the server no window
	window int64

	status string // protected by c.mu, as are all below
	header http.Header
	in     bytes.Buffer
	end    bool // END_STREAM came
	frames int  // of DATA
	reset  *http2.ErrCode
	closed bool
	limits [2]time.Time // of Read and Write
}

// errReset is the error of a stream that the server has reset.
type errReset struct{ code http2.ErrCode }

func (e errReset) Error() string { return "reset: " + e.code.String() }

// serve2 starts a server of HTTP/2 over TLS, and returns it.
func (n *census) serve2(t *testing.T, h http.Handler, change func(*http.Server)) *httptest.Server {
	t.Helper()
	s, _ := n.serve(t, h.ServeHTTP, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.Handler = h
		if change != nil {
			change(s.Config)
		}
		withTLS(s)
	})
	return s
}

// dial2 opens an HTTP/2 connection to s.
func (n *census) dial2(t *testing.T, s *httptest.Server, settings ...http2.Setting) *client2 {
	t.Helper()
	nc, err := n.dial(within(t), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.NextProtos, cfg.ServerName = []string{"h2"}, "example.com"
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(within(t)); err != nil {
		t.Fatal(err)
	}
	return newClient2(t, tc, settings...)
}

func newClient2(t *testing.T, nc net.Conn, settings ...http2.Setting) *client2 {
	t.Helper()
	c := &client2{nc: nc, settings: make(chan struct{}), done: make(chan struct{}), announced: map[http2.SettingID]uint32{},
		streams: map[uint32]*stream2{}, next: 1, window: 65535, initial: 65535}
	c.cond.L = &c.mu
	c.fr = http2.NewFramer(nc, nc)
	c.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.enc = hpack.NewEncoder(&c.hbuf)
	t.Cleanup(func() {
		nc.Close()
		<-c.done
	})
	c.mu.Lock()
	_, err := io.WriteString(nc, http2.ClientPreface)
	if err == nil {
		err = c.fr.WriteSettings(settings...)
	}
	if err == nil {
		err = c.fr.WriteWindowUpdate(0, 1<<30)
	}
	c.mu.Unlock()
	go c.read()
	if err != nil {
		t.Fatal(err)
	}
	<-c.settings
	return c
}

// read reads frames until the connection ends.
func (c *client2) read() {
	defer close(c.done)
	for {
		f, err := c.fr.ReadFrame()
		if err == nil {
			err = c.take(f)
		}
		if err != nil {
			c.mu.Lock()
			c.err = err
			if len(c.announced) == 0 {
				c.announced[0] = 0
				close(c.settings)
			}
			c.cond.Broadcast()
			c.mu.Unlock()
			return
		}
	}
}

func (c *client2) take(f http2.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.cond.Broadcast()
	s := c.streams[f.Header().StreamID]
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return c.takeSettings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			return c.fr.WritePing(true, f.Data)
		}
	case *http2.GoAwayFrame:
		c.goAway = true
	case *http2.WindowUpdateFrame:
		if s != nil {
			s.window += int64(f.Increment)
		} else if f.StreamID == 0 {
			c.window += int64(f.Increment)
		}
	case *http2.MetaHeadersFrame:
		if f.PseudoValue("status")[0] == '1' {
			return nil // interim (RFC 9110 section 15.2)
		}
		s.status = f.PseudoValue("status")
		s.header = http.Header{}
		for _, h := range f.RegularFields() {
			s.header.Add(h.Name, h.Value)
		}
		s.end = f.StreamEnded()
	case *http2.DataFrame:
		if s == nil {
			return nil
		}
		s.in.Write(f.Data())
		s.frames++
		s.end = f.StreamEnded()
		if n := uint32(len(f.Data())); n > 0 && !s.stall {
			return errors.Join(c.fr.WriteWindowUpdate(0, n), c.fr.WriteWindowUpdate(f.StreamID, n))
		}
	case *http2.RSTStreamFrame:
		if s != nil && s.reset == nil {
			code := f.ErrCode
			s.reset = &code
		}
	}
	return nil
}

func (c *client2) takeSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	first := len(c.announced) == 0
	c.announced[0] = 0
	f.ForeachSetting(func(s http2.Setting) error {
		c.announced[s.ID] = s.Val
		if s.ID == http2.SettingInitialWindowSize {
			for _, open := range c.streams {
				open.window += int64(s.Val) - c.initial
			}
			c.initial = int64(s.Val)
		}
		return nil
	})
	if first {
		close(c.settings)
	}
	return c.fr.WriteSettingsAck()
}

// fields2 are the fields of a handshake to example.com (RFC 8441 section 5.1),
// with more, as names and values; a value of "-" leaves the name out.
func fields2(more ...string) []hpack.HeaderField {
	all := []hpack.HeaderField{{Name: ":method", Value: "CONNECT"}, {Name: ":protocol", Value: "websocket"}, {Name: ":scheme", Value: "https"},
		{Name: ":path", Value: "/chat"}, {Name: ":authority", Value: "example.com"}, {Name: "sec-websocket-version", Value: "13"}}
	var rest []hpack.HeaderField
	for i := 0; i < len(more); i += 2 {
		known := false
		for k := range all {
			if all[k].Name == more[i] {
				all[k].Value, known = more[i+1], true
			}
		}
		if !known {
			rest = append(rest, hpack.HeaderField{Name: more[i], Value: more[i+1]})
		}
	}
	var kept []hpack.HeaderField
	for _, f := range append(all, rest...) {
		if f.Value != "-" {
			kept = append(kept, f)
		}
	}
	return kept
}

// request sends the head of a request.
func (c *client2) request(t *testing.T, end bool, fields []hpack.HeaderField) *stream2 {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &stream2{c: c, id: c.next, window: c.initial}
	c.next += 2
	c.streams[s.id] = s
	c.hbuf.Reset()
	for _, f := range fields {
		c.enc.WriteField(f)
	}
	if err := c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: c.hbuf.Bytes(), EndHeaders: true, EndStream: end}); err != nil {
		t.Fatal(err)
	}
	return s
}

// answer waits for the head of the response.
func (s *stream2) answer(t *testing.T) (status string, header http.Header) {
	t.Helper()
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for s.status == "" && s.reset == nil && c.err == nil {
		c.cond.Wait()
	}
	if s.status == "" && s.reset != nil {
		return "reset " + s.reset.String(), nil
	}
	if s.status == "" {
		t.Fatal(c.err)
	}
	return s.status, s.header
}

// open opens a WebSocket, and returns its stream.
func (c *client2) open(t *testing.T, more ...string) *stream2 {
	t.Helper()
	s := c.request(t, false, fields2(more...))
	if status, header := s.answer(t); status != "200" {
		body, _ := io.ReadAll(s)
		t.Fatalf("status %s, %v, %q", status, header, body)
	}
	return s
}

// client returns the client's end of the WebSocket of s.
func (s *stream2) client() *engine.Conn {
	return engine.New(s, engine.Config{Client: true, ReadLimit: 1 << 24, KeepsDeadlines: true})
}

// connect opens a WebSocket.
func (c *client2) connect(t *testing.T, more ...string) *engine.Conn {
	t.Helper()
	conn := c.open(t, more...).client()
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// block waits for a change of s until the deadline d, for the holder of mu.
func (s *stream2) block(d int) error {
	limit := s.limits[d]
	switch {
	case s.closed:
		return net.ErrClosed
	case s.reset != nil && (d == 1 || *s.reset != http2.ErrCodeNo):
		return errReset{*s.reset}
	case s.c.err != nil:
		return s.c.err
	case !limit.IsZero() && !time.Now().Before(limit):
		return os.ErrDeadlineExceeded
	}
	s.c.cond.Wait()
	return nil
}

func (s *stream2) Read(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for {
		if s.in.Len() > 0 {
			return s.in.Read(p)
		}
		if s.end {
			return 0, io.EOF
		}
		if err := s.block(0); err != nil {
			return 0, err
		}
	}
}

func (s *stream2) Write(p []byte) (n int, err error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for n < len(p) {
		k := int(min(int64(len(p)-n), s.window, s.c.window, 16384))
		if k <= 0 || s.closed || s.reset != nil {
			if err := s.block(1); err != nil {
				return n, err
			}
			continue
		}
		s.window -= int64(k)
		s.c.window -= int64(k)
		if err := s.c.fr.WriteData(s.id, false, p[n:n+k]); err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// CloseWrite sends END_STREAM.
func (s *stream2) CloseWrite() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.c.fr.WriteData(s.id, true, nil)
}

// cancel sends RST_STREAM.
func (s *stream2) cancel(code http2.ErrCode) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.c.fr.WriteRSTStream(s.id, code)
}

// Close resets the stream unless the server has ended it.
func (s *stream2) Close() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	defer s.c.cond.Broadcast()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	if s.end || s.reset != nil {
		return nil
	}
	return s.c.fr.WriteRSTStream(s.id, http2.ErrCodeCancel)
}

func (s *stream2) SetReadDeadline(t time.Time) error  { return s.setLimit(0, t) }
func (s *stream2) SetWriteDeadline(t time.Time) error { return s.setLimit(1, t) }

func (s *stream2) setLimit(d int, t time.Time) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.limits[d] = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		time.AfterFunc(wait, s.c.cond.Broadcast)
	}
	s.c.cond.Broadcast()
	return nil
}

// ended waits for the end of the stream, and says what it was.
func (s *stream2) ended() string {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for {
		switch {
		case s.end:
			return "END_STREAM"
		case s.reset != nil:
			return s.reset.String()
		case s.c.err != nil:
			return "the connection: " + s.c.err.Error()
		}
		s.c.cond.Wait()
	}
}

// says2 fails the test unless c echoes.
func says2(t *testing.T, c *engine.Conn, typ ws.MessageType, p []byte) {
	t.Helper()
	if err := c.Write(within(t), typ, p); err != nil {
		t.Fatal(err)
	}
	got, q, err := c.ReadAppend(within(t), nil)
	if err != nil || got != typ || !bytes.Equal(p, q) {
		t.Fatalf("Read = %v, %d bytes, %v; want %v, %d bytes", got, len(q), err, typ, len(p))
	}
}
