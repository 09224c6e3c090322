package h3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
)

// serve starts a server of HTTP/3, and returns its URL. Handlers must end with
// their WebSockets.
func serve(t testing.TB, h http.Handler) string {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{Handler: h, TLSConfig: serverTLS(alpn), QUICConfig: ServerConfig(2000)}
	go s.Serve(pc)
	t.Cleanup(func() { s.Close(); pc.Close() })
	return "wss://" + pc.LocalAddr().String() + "/"
}

// echoing echoes until the WebSocket ends.
func echoing(ctx context.Context, c *ws.Conn) {
	for {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		c.Write(ctx, typ, p)
	}
}

// echoes fails the test unless c echoes.
func echoes(t *testing.T, c *ws.Conn, typ ws.MessageType, p []byte) {
	t.Helper()
	if err := c.Write(within(t), typ, p); err != nil {
		t.Fatal(err)
	}
	got, q, err := c.Read(within(t))
	if err != nil || got != typ || !bytes.Equal(p, q) {
		t.Fatalf("Read = %v, %d bytes, %v, want %v, %d bytes", got, len(q), err, typ, len(p))
	}
}

// RFC 9220: messages of all sizes, of both types, with and without compression.
func TestServerEcho(t *testing.T) {
	opts := &ws.AcceptOptions{Compression: &ws.Compression{}, Subprotocols: []string{"b", "a"}, ReadLimit: 2 << 20}
	target := serve(t, ws.Handler(echoing, opts))
	for _, z := range []*ws.Compression{nil, {}} {
		t.Run(fmt.Sprint("compression ", z != nil), func(t *testing.T) {
			d := dialer(t, &Transport{})
			d.Compression, d.Subprotocols, d.ReadLimit = z, []string{"a", "c"}, 2<<20
			c := dialed1(t, d, target)
			if c.Subprotocol() != "a" || (len(c.Extensions()) > 0) != (z != nil) || c.HTTPVersion() != "HTTP/3.0" {
				t.Errorf("subprotocol %q, extensions %q, %s", c.Subprotocol(), c.Extensions(), c.HTTPVersion())
			}
			for _, size := range []int{0, 1, 125, 126, 1197, 1198, 65535, 65536, 1 << 20} {
				p := bytes.Repeat([]byte("gr\xc3\xbc\xc3\x9fe "), size/8+1)[:size]
				echoes(t, c, ws.MessageBinary, p)
				echoes(t, c, ws.MessageText, bytes.ToValidUTF8(p, nil))
			}
			if err := c.Close(ws.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// The server's Conn says by what it came, and knows its peer.
func TestServerConn(t *testing.T) {
	served := make(chan *ws.Conn, 1)
	target := serve(t, ws.Handler(func(ctx context.Context, c *ws.Conn) { served <- c; echoing(ctx, c) }, nil))
	c := dialed1(t, dialer(t, &Transport{}), target)
	s := <-served
	if s.HTTPVersion() != "HTTP/3.0" || s.RemoteAddr().Network() != "udp" || s.LocalAddr().String() != c.RemoteAddr().String() {
		t.Errorf("%s, from %v to %v", s.HTTPVersion(), s.RemoteAddr(), s.LocalAddr())
	}
}

// Refusals: of the handler, of Accept, and by another handler.
func TestServerRefuses(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/full", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "the room is full", http.StatusServiceUnavailable)
	})
	mux.Handle("/chat", ws.Handler(echoing, nil))
	target := serve(t, mux)
	d := dialer(t, &Transport{})
	if e := refused(t, d, target+"full", "503 Service Unavailable"); string(e.Body) != "the room is full\n" || e.Header["Retry-After"][0] != "7" {
		t.Errorf("%+v", e)
	}
	refused(t, d, target+"nowhere", "404 Not Found")
	d.Header = map[string][]string{"Origin": {"https://evil.example"}}
	if e := refused(t, d, target+"chat", "403 Forbidden"); !bytes.Contains(e.Body, []byte("evil.example")) {
		t.Errorf("the body is %q", e.Body)
	}
	d.Header = map[string][]string{"Origin": {"https" + target[3:len(target)-1]}}
	dialed1(t, d, target+"chat")
}

// A Read that is cancelled loses nothing, however often, on either side.
func TestCancelledReads(t *testing.T) {
	const messages = 300
	send := func(c *ws.Conn) error {
		for i := range messages {
			if err := c.Write(within(t), ws.MessageBinary, bytes.Repeat([]byte{byte(i)}, i*37)); err != nil {
				return err
			}
		}
		return nil
	}
	receive := func(c *ws.Conn) error {
		cut := 0
		for i := 0; i < messages; {
			ctx, cancel := context.WithTimeout(within(t), time.Duration(cut%7)*20*time.Microsecond)
			if cut >= 20_000 {
				cancel()
				ctx, cancel = within(t), func() {}
			}
			_, p, err := c.Read(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) && cut < 20_000 {
				cut++
				continue
			}
			if err != nil || !bytes.Equal(p, bytes.Repeat([]byte{byte(i)}, i*37)) {
				return fmt.Errorf("message %d: %d bytes, %v", i, len(p), err)
			}
			i++
		}
		return nil
	}
	results := make(chan error, 4)
	target := serve(t, ws.Handler(func(ctx context.Context, c *ws.Conn) {
		go func() { results <- send(c) }()
		results <- receive(c)
		<-ctx.Done()
	}, nil))
	c := dialed1(t, dialer(t, &Transport{}), target)
	go func() { results <- send(c) }()
	results <- receive(c)
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	c.CloseNow()
}

// The closing handshake from both sides, and ends without one.
func TestServerCloses(t *testing.T) {
	type end struct {
		code  ws.StatusCode
		clean bool
	}
	ends := make(chan end, 1)
	endOf := func(err error) end {
		e, ok := errors.AsType[*ws.CloseError](err)
		if !ok {
			t.Errorf("the end is %v", err)
			return end{}
		}
		return end{e.Code, e.Clean}
	}
	target := serve(t, ws.Handler(func(ctx context.Context, c *ws.Conn) {
		_, p, err := c.Read(ctx)
		switch string(p) {
		case "close":
			c.Close(4001, "bye")
		case "now":
			c.CloseNow()
		case "return":
		default:
			ends <- endOf(err)
		}
	}, nil))
	d := dialer(t, &Transport{})
	for name, tt := range map[string]struct {
		end            func(*ws.Conn)
		client, server end
	}{
		"the client closes":        {func(c *ws.Conn) { c.Close(4000, "enough") }, end{}, end{4000, true}},
		"the client leaves":        {func(c *ws.Conn) { c.CloseNow() }, end{}, end{1006, false}},
		"the server closes":        {func(c *ws.Conn) { c.Write(within(t), ws.MessageText, []byte("close")) }, end{4001, true}, end{}},
		"the server leaves":        {func(c *ws.Conn) { c.Write(within(t), ws.MessageText, []byte("now")) }, end{1006, false}, end{}},
		"the handler just returns": {func(c *ws.Conn) { c.Write(within(t), ws.MessageText, []byte("return")) }, end{1000, true}, end{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := dialed1(t, d, target)
			tt.end(c)
			if tt.server != (end{}) {
				if got := <-ends; got != tt.server {
					t.Errorf("the server's end is %v, want %v", got, tt.server)
				}
				return
			}
			if _, _, err := c.Read(within(t)); endOf(err) != tt.client {
				t.Errorf("the client's end is %v, want %v", err, tt.client)
			}
		})
	}
}

// A thousand WebSockets on one connection.
func TestThousand(t *testing.T) {
	var mu sync.Mutex
	peers := map[string]int{}
	target := serve(t, ws.Handler(func(ctx context.Context, c *ws.Conn) {
		mu.Lock()
		peers[c.RemoteAddr().String()]++
		mu.Unlock()
		echoing(ctx, c)
	}, nil))
	d := dialer(t, &Transport{})
	const n = 1000
	all := make([]*ws.Conn, n)
	var wg sync.WaitGroup
	for i := range all {
		all[i] = dialed1(t, d, target)
	}
	for i, c := range all {
		wg.Go(func() {
			want := fmt.Appendf(nil, "message %d", i)
			c.Write(within(t), ws.MessageText, want)
			if _, p, err := c.Read(within(t)); err != nil || !bytes.Equal(p, want) {
				t.Errorf("%d: %q, %v", i, p, err)
			}
		})
	}
	wg.Wait()
	for _, c := range all {
		wg.Go(func() {
			if err := c.Close(ws.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(peers) != 1 {
		t.Errorf("%d connections", len(peers))
	}
}

// A WebSocket that nobody reads does not stall the others of its connection, in
// neither direction: what ServerConfig, and the client's configuration, are
// for.
func TestStalledReader(t *testing.T) {
	flooding := func(ctx context.Context, c *ws.Conn) {
		p := make([]byte, 64<<10)
		for c.Write(ctx, ws.MessageBinary, p) == nil {
		}
	}
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := echoing
		switch r.URL.Path {
		case "/flood": // the client does not read
			h = flooding
		case "/stall": // the server does not read
			h = func(ctx context.Context, c *ws.Conn) { <-r.Context().Done() }
		}
		ws.Handler(h, nil).ServeHTTP(w, r)
	}))
	tr := &Transport{}
	d := dialer(t, tr)
	flood, stall := dialed1(t, d, target+"flood"), dialed1(t, d, target+"stall")
	ctx, cancel := context.WithCancel(within(t))
	stopped := make(chan struct{})
	go func() { flooding(ctx, stall); close(stopped) }()
	other := dialed1(t, d, target+"echo")
	for range 20 {
		echoes(t, other, ws.MessageBinary, make([]byte, 200_000))
	}
	cancel()
	<-stopped
	flood.CloseNow()
	stall.CloseNow()
}

// A server that shuts down lets its WebSockets go on, and is not dialed again
// on the same connection (RFC 9114 section 5.2).
func TestServerShutdown(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	s := &http3.Server{Handler: ws.Handler(echoing, nil), TLSConfig: serverTLS(alpn), QUICConfig: ServerConfig(10)}
	go s.Serve(pc)
	tr := &Transport{ConnectTimeout: 100 * time.Millisecond}
	d := dialer(t, tr)
	target := "wss://" + pc.LocalAddr().String()
	c := dialed1(t, d, target)
	shut := make(chan error)
	go func() { shut <- s.Shutdown(within(t)) }()
	tr.mu.Lock()
	leaving := tr.pool[key{d, pc.LocalAddr().String()}].c.leaving
	tr.mu.Unlock()
	<-leaving.Done()
	echoes(t, c, ws.MessageText, []byte("still here"))
	if _, err := d.Dial(within(t), target); err == nil {
		t.Error("a Dial after GOAWAY succeeds")
	}
	c.Close(ws.StatusGoingAway, "")
	if err := <-shut; err != nil {
		t.Error(err)
	}
}
