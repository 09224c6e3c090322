//go:build !js

package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/legacy"

	"github.com/twinws/ws/api"
)

// kinds are the ways to serve a WebSocket with f, which ends the connection.
func kinds(opts *ws.AcceptOptions, f func(ctx context.Context, c *ws.Conn)) map[string]http.Handler {
	return map[string]http.Handler{
		"Handler": ws.Handler(f, opts),
		"Accept": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := ws.Accept(w, r, opts)
			if err != nil {
				return
			}
			defer c.CloseNow()
			f(context.Background(), c)
			c.Close(ws.StatusNormalClosure, "")
		}),
	}
}

// echoing echoes messages.
func echoing(ctx context.Context, c *ws.Conn) {
	for {
		typ, p, err := c.Read(ctx)
		if err != nil || c.Write(ctx, typ, p) != nil {
			return
		}
	}
}

// RFC 8441 section 5.1: the handshake, and frames in DATA.
func TestHTTP2Echo(t *testing.T) {
	for name, h := range kinds(nil, echoing) {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			c := n.dial2(t, n.serve2(t, h, nil)).connect(t)
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
				says2(t, c, ws.MessageText, make([]byte, size))
				says2(t, c, ws.MessageBinary, make([]byte, size))
			}
			if err := c.Close(ws.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
}

// Package legacy serves RFC 6455 over HTTP/2 as well: no draft has it.
func TestHTTP2Legacy(t *testing.T) {
	n := newCensus(t)
	h := legacy.Handler(func(ctx context.Context, c api.Conn) {
		for {
			typ, p, err := c.Read(ctx)
			if err != nil || c.Write(ctx, typ, p) != nil {
				return
			}
		}
	}, nil)
	c := n.dial2(t, n.serve2(t, h, nil)).connect(t)
	says2(t, c, ws.MessageText, []byte("hello"))
}

// RFC 8441 section 5: status 200, no Sec-WebSocket-Accept, and the negotiation
// of RFC 6455. RFC 9113 section 8.2.2: no fields of the connection. RFC 9110
// section 9.3.6: no Content-Length.
func TestHTTP2Response(t *testing.T) {
	type facts struct {
		version, subprotocol string
		remote, local        net.Addr
		upgrade              bool
	}
	seen := make(chan facts, 1)
	n := newCensus(t)
	opts := &ws.AcceptOptions{Subprotocols: []string{"chat"}, Compression: &ws.Compression{}, Header: map[string][]string{"Set-Cookie": {"a=b"}}}
	s := n.serve2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Type", "Connection", "Sec-WebSocket-Accept", "Trailer"} {
			w.Header().Set(name, "7")
		}
		w.Header().Set("X-Request-Id", "1")
		upgrade := ws.IsUpgrade(r)
		c, err := ws.Accept(w, r, opts)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		seen <- facts{c.HTTPVersion(), c.Subprotocol(), c.RemoteAddr(), c.LocalAddr(), upgrade}
		echoing(context.Background(), c)
	}), nil)
	c := n.dial2(t, s)
	stream := c.request(t, false, fields2("sec-websocket-protocol", "soap, chat", "sec-websocket-extensions", "permessage-deflate"))
	status, header := stream.answer(t)
	if status != "200" || header.Get("Sec-Websocket-Protocol") != "chat" || header.Get("Set-Cookie") != "a=b" || header.Get("X-Request-Id") != "1" {
		t.Errorf("status %s, header %v", status, header)
	}
	if !strings.HasPrefix(header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		t.Errorf("extensions %q", header.Get("Sec-Websocket-Extensions"))
	}
	for name := range header {
		if strings.HasPrefix(name, "Content-") || slices.Contains([]string{"Connection", "Upgrade", "Sec-Websocket-Accept", "Transfer-Encoding", "Trailer"}, name) {
			t.Errorf("the response has %s: %s", name, header.Get(name))
		}
	}
	f := <-seen
	if f.version != "HTTP/2.0" || f.subprotocol != "chat" || !f.upgrade {
		t.Errorf("%+v", f)
	}
	if f.local.String() != c.nc.RemoteAddr().String() || f.remote.String() != c.nc.LocalAddr().String() {
		t.Errorf("addresses %v and %v, the client has %v and %v", f.local, f.remote, c.nc.RemoteAddr(), c.nc.LocalAddr())
	}
	stream.Close()
}

func TestHTTPVersion1(t *testing.T) {
	n := newCensus(t)
	versions := make(chan string, 1)
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, nil); err == nil {
			versions <- c.HTTPVersion()
			c.CloseNow()
		}
	}, nil)
	c, err := n.dialer().Dial(within(t), u)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if v := <-versions; v != "HTTP/1.1" || c.HTTPVersion() != v {
		t.Errorf("HTTPVersion = %q and %q", v, c.HTTPVersion())
	}
}

// RFC 7692 over HTTP/2, in both directions.
func TestHTTP2Compression(t *testing.T) {
	n := newCensus(t)
	h := ws.Handler(echoing, &ws.AcceptOptions{Compression: &ws.Compression{}, ReadLimit: 1 << 22})
	stream := n.dial2(t, n.serve2(t, h, nil)).open(t, "sec-websocket-extensions", "permessage-deflate; client_max_window_bits=9")
	c := engine.New(stream, engine.Config{Client: true, ReadLimit: 1 << 22, KeepsDeadlines: true,
		Deflate: &engine.Deflate{SendBits: 9, ReceiveBits: 15, SendTakeover: true, ReceiveTakeover: true}})
	defer c.CloseNow()
	for _, size := range []int{0, 1, 1000, 1 << 20} {
		says2(t, c, ws.MessageText, []byte(strings.Repeat("a", size)))
	}
}

// A request that is not accepted gets a status and a body, and other streams go
// on.
func TestHTTP2Refuses(t *testing.T) {
	many := []string{}
	for range 201 {
		many = append(many, "x-"+strings.Repeat("a", len(many)/2+1), "")
	}
	refused := &ws.HandshakeError{Status: 402, Body: []byte("pay\n"), Header: http.Header{"X-Price": {"1"}}}
	for name, tt := range map[string]struct {
		fields []string
		opts   *ws.AcceptOptions
		status string
		says   string
	}{
		"RFC 8441 section 5: no version":            {[]string{"sec-websocket-version", "-"}, nil, "400", "Version"},
		"RFC 6455 section 4.2.1 item 6: version 8":  {[]string{"sec-websocket-version", "8"}, nil, "400", "section 4.2.1 item 6"},
		"RFC 6455 section 11.3.5: two versions":     {[]string{"Sec-websocket-version", "13"}, nil, "reset PROTOCOL_ERROR", ""},
		"RFC 9220 section 3: another protocol":      {[]string{":protocol", "connect-udp"}, nil, "501", "connect-udp"},
		"RFC 8441 section 4: GET with :protocol":    {[]string{":method", "GET"}, nil, "400", "only CONNECT"},
		"a plain GET":                               {[]string{":method", "GET", ":protocol", "-"}, nil, "400", "RFC 8441 section 4"},
		"a plain POST":                              {[]string{":method", "POST", ":protocol", "-"}, nil, "400", "RFC 8441 section 4"},
		"RFC 8441 section 4: no :path":              {[]string{":path", "-"}, nil, "reset PROTOCOL_ERROR", ""},
		"a plain CONNECT":                           {[]string{":protocol", "-", ":path", "-", ":scheme", "-"}, nil, "400", "RFC 8441 section 4"},
		"RFC 6455 section 4.2.2 item 4: the origin": {[]string{"origin", "https://other.example"}, nil, "403", "may not connect"},
		"the scheme is part of the origin":          {[]string{"origin", "http://example.com"}, nil, "403", "may not connect"},
		"AllowedHosts":                              {nil, &ws.AcceptOptions{AllowedHosts: []string{"example.org"}}, "403", "example.com"},
		"no host":                                   {[]string{":authority", ""}, nil, "400", "Host"},
		"a body":                                    {[]string{"content-length", "5"}, nil, "400", "Content-Length"},
		"a subprotocol that is no token":            {[]string{"sec-websocket-protocol", "a b"}, nil, "400", "Protocol"},
		"an extension that is malformed":            {[]string{"sec-websocket-extensions", "a;;"}, nil, "400", "Extensions"},
		"201 fields":                                {many, nil, "431", "200"},
		"Check":                                     {nil, &ws.AcceptOptions{Check: func(*handshake.Request) error { return refused }}, "402", "pay"},
		"Check's other errors":                      {nil, &ws.AcceptOptions{Check: func(*handshake.Request) error { return io.EOF }}, "403", "refused"},
		"options that are invalid":                  {nil, &ws.AcceptOptions{MaxHeadBytes: -1}, "500", "internal server error"},
		"a proxy that is trusted says another scheme": {[]string{"origin", "https://example.com", "x-forwarded-proto", "http"},
			&ws.AcceptOptions{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "403", "may not connect"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			h, errs := acceptor(tt.opts)
			c := n.dial2(t, n.serve2(t, h, nil))
			stream := c.request(t, false, fields2(tt.fields...))
			status, header := stream.answer(t)
			if status != tt.status {
				t.Errorf("status %s, want %s", status, tt.status)
			}
			if header == nil {
				return
			}
			body, _ := io.ReadAll(stream)
			if !strings.Contains(string(body), tt.says) || header.Get("Upgrade")+header.Get("Connection") != "" {
				t.Errorf("header %v, body %q, want %q", header, body, tt.says)
			}
			if err := <-errs; tt.status != "500" {
				asHandshake(t, err)
			}
			if tt.opts == nil {
				c.open(t).Close() // the connection goes on
				<-errs
			}
		})
	}
}

// RFC 8441 section 5: a key, Upgrade and Connection are superseded. Haproxy
// sends the key; net/http refuses the others (RFC 9113 section 8.2.2).
func TestHTTP2IgnoresKey(t *testing.T) {
	n := newCensus(t)
	c := n.dial2(t, n.serve2(t, ws.Handler(echoing, nil), nil))
	says2(t, c.connect(t, "sec-websocket-key", "no base64", "origin", "https://example.com"), ws.MessageText, []byte("hello"))
}

// A Read whose context ends loses nothing, and the connection goes on: net/http
// itself cannot take back a read deadline over HTTP/2.
func TestHTTP2CancelledReads(t *testing.T) {
	for name, h := range kinds(nil, func(ctx context.Context, c *ws.Conn) {
		for {
			short, cancel := context.WithTimeout(ctx, 100*time.Microsecond)
			typ, p, err := c.Read(short)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				continue
			}
			if err != nil || c.Write(ctx, typ, p) != nil {
				return
			}
		}
	}) {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			c := n.dial2(t, n.serve2(t, h, nil)).connect(t)
			for i := range 300 {
				w, err := c.Writer(within(t), ws.MessageText)
				if err != nil {
					t.Fatal(err)
				}
				want := strings.Repeat("abc", 20*i)
				for part := range slices.Chunk([]byte(want), 1+len(want)/3) {
					w.Write(part)
				}
				w.Close()
				if _, p, err := c.ReadAppend(within(t), nil); err != nil || string(p) != want {
					t.Fatalf("message %d: %d bytes, %v", i, len(p), err)
				}
			}
		})
	}
}
