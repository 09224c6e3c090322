//go:build !js

package ws_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// request is a handshake as a client would send it, with more lines.
func request(more ...string) string {
	return "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + lines(more...) + "\r\n"
}

func lines(all ...string) string {
	s := ""
	for _, l := range all {
		s += l + "\r\n"
	}
	return s
}

// exchange sends raw to a server and returns its response with the whole body,
// and what follows it.
func exchange(t *testing.T, n *census, addr, raw string) (nc net.Conn, res *http.Response, body string, rest *bufio.Reader) {
	t.Helper()
	nc, err := n.dial(within(t), "tcp", strings.TrimPrefix(addr, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if _, err := io.WriteString(nc, raw); err != nil {
		t.Fatal(err)
	}
	rest = bufio.NewReader(nc)
	if res, err = http.ReadResponse(rest, nil); err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return nc, res, string(p), rest
}

// closes fails the test unless the server ends the connection, with nothing
// more said.
func closes(t *testing.T, rest io.Reader) {
	t.Helper()
	if p, err := io.ReadAll(rest); len(p) > 0 || err != nil {
		t.Errorf("behind the response came %q, %v; want its end", p, err)
	}
}

// acceptor tells of what Accept returned.
func acceptor(opts *ws.AcceptOptions) (http.HandlerFunc, <-chan error) {
	errs := make(chan error, 1)
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, opts)
		if err == nil {
			c.CloseNow()
		}
		errs <- err
	}, errs
}

// HOSTILE: a half-right handshake is answered so that nobody can take it for
// anything else, and the connection ends, so that what follows is no request.
func TestAcceptRefuses(t *testing.T) {
	without := func(line string) string { return strings.Replace(request(), line+"\r\n", "", 1) }
	instead := func(line, other string) string { return strings.Replace(request(), line, other, 1) }
	version := http.Header{"Sec-Websocket-Version": {"13"}}
	upgrade := http.Header{"Sec-Websocket-Version": {"13"}, "Upgrade": {"websocket"}}
	for name, tt := range map[string]struct {
		raw    string
		status int
		header http.Header
		says   string
	}{
		"RFC 9110 section 15.5.6: POST": {instead("GET", "POST"), 405, http.Header{"Allow": {"GET"}}, "POST"},
		"RFC 9110 section 15.5.22: a plain GET": {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
			426, upgrade, "no Upgrade field"},
		"HTTP/1.0":                    {instead("HTTP/1.1", "HTTP/1.0"), 426, upgrade, "HTTP/1.0"},
		"4.2.1 item 3: no Upgrade":    {without("Upgrade: websocket"), 426, upgrade, "no Upgrade field"},
		"4.2.1 item 3: Upgrade: h2c":  {instead("websocket", "h2c"), 426, upgrade, "no Upgrade field"},
		"4.2.1 item 3: Upgrade twice": {request("Upgrade: websocket"), 400, version, "more than one Upgrade"},
		"4.2.1 item 4: no Connection": {without("Connection: Upgrade"), 426, upgrade, "no Connection field"},
		"4.2.1 item 5: no key":        {without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, version, "exactly once"},
		"4.2.1 item 5: key twice":     {request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, version, "exactly once"},
		"4.2.1 item 5: a short key":   {instead("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400, version, "16 bytes"},
		"4.4: version 777":            {instead("13", "777"), 426, upgrade, `"777"`},
		"4.4: no version":             {without("Sec-WebSocket-Version: 13"), 426, upgrade, "version 13"},
		"a body":                      {request("Content-Length: 2") + "hi", 400, version, "Content-Length"},
		"a subprotocol of no token":   {request("Sec-WebSocket-Protocol: a b"), 400, version, "not a token"},
		"9.1: no extension":           {request(`Sec-WebSocket-Extensions: a; b="`), 400, version, "Sec-WebSocket-Extensions"},
		"10.2: another origin":        {request("Origin: http://evil.example"), 403, nil, "evil.example"},
		"RFC 6454 section 7.3: two":   {request("Origin: http://example.com", "Origin: http://example.com"), 403, nil, "more than one Origin"},
		"many fields":                 {request(strings.Split(strings.TrimSpace(strings.Repeat("A: b\n", 250)), "\n")...), 431, nil, "header fields"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			h, errs := acceptor(nil)
			_, u := n.serve(t, h, nil)
			_, res, body, rest := exchange(t, n, u, tt.raw+"GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n")
			if res.StatusCode != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("status %d, body %q; want %d, %q", res.StatusCode, body, tt.status, tt.says)
			}
			for k, want := range tt.header {
				if got := res.Header[k]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s = %q, want %q", k, got, want)
				}
			}
			if !res.Close {
				t.Error("the response does not announce the connection's end")
			}
			closes(t, rest)
			if e := asHandshake(t, <-errs); e.Status != tt.status || !strings.Contains(e.Problem, tt.says) {
				t.Errorf("error = %v", e)
			}
		})
	}
}

// What an origin may do, end to end (RFC 6455 section 10.2). That the request
// came over TLS is seen, and a request of no page passes.
func TestAcceptOrigin(t *testing.T) {
	patterns := &ws.AcceptOptions{OriginPatterns: []string{"*.good.example", "http://localhost:*"}}
	for name, tt := range map[string]struct {
		opts   *ws.AcceptOptions
		tls    bool
		origin string
		status int
	}{
		"none":                     {nil, false, "", 101},
		"own":                      {nil, false, "http://example.com", 101},
		"own, in capitals":         {nil, false, "HTTP://EXAMPLE.COM", 101},
		"own with the port":        {nil, false, "http://example.com:80", 101},
		"own over TLS":             {nil, true, "https://example.com", 101},
		"http to TLS":              {nil, true, "http://example.com", 403},
		"https to no TLS":          {nil, false, "https://example.com", 403},
		"another port":             {nil, false, "http://example.com:8080", 403},
		"another site":             {nil, false, "http://evil.example", 403},
		"a longer name":            {nil, false, "http://example.com.evil.example", 403},
		"a user":                   {nil, false, "http://example.com@evil.example", 403},
		"null":                     {nil, false, "null", 403},
		"empty":                    {nil, false, " ", 403},
		"a pattern":                {patterns, false, "https://a.good.example", 101},
		"a pattern's name":         {patterns, false, "https://good.example", 403},
		"a path like a pattern":    {patterns, false, "https://evil.example/.good.example", 403},
		"any port":                 {patterns, false, "http://localhost:5173", 101},
		"own besides the patterns": {patterns, false, "http://example.com", 101},
		"no check":                 {&ws.AcceptOptions{InsecureSkipOriginCheck: true}, false, "http://evil.example", 101},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			h, errs := acceptor(tt.opts)
			s, _ := n.serve(t, h, func(s *httptest.Server) {
				if tt.tls {
					withTLS(s)
				}
			})
			d := n.dialer()
			d.Host = "example.com"
			if tt.origin != "" {
				d.Header = map[string][]string{"Origin": {tt.origin}}
			}
			if tt.tls {
				d.TLSConfig = trusting(s)
			}
			c, err := d.Dial(within(t), s.URL)
			status := 101
			if err == nil {
				defer c.CloseNow()
			} else {
				status = asHandshake(t, err).Status
			}
			if status != tt.status {
				t.Errorf("status %d (%v), want %d", status, err, tt.status)
			}
			if err := <-errs; (err == nil) != (tt.status == 101) {
				t.Errorf("Accept = %v", err)
			}
		})
	}
}

// RFC 6455 section 4.2.2 item 4: the server's order decides.
func TestAcceptSubprotocols(t *testing.T) {
	for _, tt := range []struct {
		server, client []string
		want           string
	}{
		{nil, []string{"a"}, ""},
		{[]string{"a"}, nil, ""},
		{[]string{"b", "a"}, []string{"a", "b"}, "b"},
		{[]string{"c", "a"}, []string{"a", "b"}, "a"},
		{[]string{"A"}, []string{"a"}, ""},
	} {
		t.Run(strings.Join(tt.server, ",")+" and "+strings.Join(tt.client, ","), func(t *testing.T) {
			n := newCensus(t)
			agreed := make(chan string, 1)
			_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
				if c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: tt.server}); err == nil {
					agreed <- c.Subprotocol()
					c.CloseNow()
				}
			}, nil)
			d := n.dialer()
			d.Subprotocols = tt.client
			c, err := d.Dial(within(t), u)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if got := <-agreed; got != tt.want || c.Subprotocol() != tt.want {
				t.Errorf("server %q, client %q; want %q", got, c.Subprotocol(), tt.want)
			}
		})
	}
}

// The response carries what middleware and options set, but nothing that would
// describe a body or speak for the handshake.
func TestAcceptHeader(t *testing.T) {
	n := newCensus(t)
	opts := &ws.AcceptOptions{Header: map[string][]string{"x-option": {"1"}, "Set-Cookie": {"b=2"}}}
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Set-Cookie", "a=1")
		h.Set("X-Request-Id", "7")
		for _, k := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Trailer",
			"Connection", "Upgrade", "Sec-WebSocket-Protocol", "Sec-WebSocket-Accept"} {
			h.Set(k, "5")
		}
		h["connection"] = []string{"close"}
		echo(opts)(w, r)
	}, nil)
	_, res, _, _ := exchange(t, n, u, request()+"\x88\x80\x00\x00\x00\x00")
	want := http.Header{
		"Set-Cookie": {"a=1", "b=2"}, "X-Request-Id": {"7"}, "X-Option": {"1"},
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, // RFC 6455 section 1.3
	}
	if res.StatusCode != 101 || !reflect.DeepEqual(res.Header, want) {
		t.Errorf("status %d, header\n%v, want\n%v", res.StatusCode, res.Header, want)
	}
	if len(opts.Header["x-option"]) != 1 || len(opts.Header) != 2 {
		t.Errorf("the options became %v", opts.Header)
	}
}

// The server's own mistakes are 500 to the peer, who is told no more, and an
// *ArgumentError to the server.
func TestAcceptRefusesOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		opts     ws.AcceptOptions
		argument string
	}{
		"subprotocol":  {ws.AcceptOptions{Subprotocols: []string{"a b"}}, "Subprotocols"},
		"pattern":      {ws.AcceptOptions{OriginPatterns: []string{"https://secret.example/path"}}, "OriginPatterns"},
		"own field":    {ws.AcceptOptions{Header: map[string][]string{"Upgrade": {"h2c"}}}, `Header["Upgrade"]`},
		"header value": {ws.AcceptOptions{Header: map[string][]string{"X-Secret": {"a\r\nb"}}}, `Header["X-Secret"]`},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			h, errs := acceptor(&tt.opts)
			_, u := n.serve(t, h, nil)
			_, res, body, rest := exchange(t, n, u, request()+"\x81\x80\x00\x00\x00\x00")
			if res.StatusCode != 500 || body != "internal server error\n" {
				t.Errorf("status %d, body %q", res.StatusCode, body)
			}
			closes(t, rest)
			asArgument(t, <-errs, tt.argument)
		})
	}
}

// Check sees the request, after the origin, and refuses as it likes.
func TestAcceptCheck(t *testing.T) {
	plain := errors.New("the secret reason")
	for name, tt := range map[string]struct {
		err    error
		origin string
		status int
		body   string
		header string
	}{
		"nil":                        {nil, "", 101, "", ""},
		"a plain error is 403":       {plain, "", 403, "refused\n", ""},
		"a *HandshakeError is as is": {&ws.HandshakeError{Status: 401, Header: http.Header{"X-Tag": {"a"}}, Body: []byte("who?")}, "", 401, "who?", "a"},
		"its Problem is the body":    {&ws.HandshakeError{Status: 429, Problem: "later"}, "", 429, "later\n", ""},
		"a status that refuses none": {&ws.HandshakeError{Status: 200, Body: []byte("x")}, "", 500, "x", ""},
		"the origin is first":        {errors.New("unasked"), "http://evil.example", 403, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			asked := make(chan *handshake.Request, 1)
			h, errs := acceptor(&ws.AcceptOptions{Check: func(r *handshake.Request) error {
				asked <- r
				return tt.err
			}})
			_, u := n.serve(t, h, nil)
			raw := request("Cookie: a=b")
			if tt.origin != "" {
				raw = request("Origin: " + tt.origin)
			}
			_, res, body, rest := exchange(t, n, u, raw)
			if res.StatusCode != tt.status || res.Header.Get("X-Tag") != tt.header || tt.body != "" && body != tt.body {
				t.Errorf("status %d, header %v, body %q; want %d, %q", res.StatusCode, res.Header, body, tt.status, tt.body)
			}
			closes(t, rest)
			err := <-errs
			switch {
			case tt.origin != "":
				if len(asked) != 0 {
					t.Error("Check was asked about a foreign origin")
				}
				return
			case tt.err != nil && !errors.Is(err, tt.err), tt.err == nil && err != nil:
				t.Errorf("Accept = %v, want %v", err, tt.err)
			}
			if r := <-asked; r.Target != "/chat?room=1" || r.Host != "example.com" || r.Header.Get("cookie") != "a=b" {
				t.Errorf("Check was asked about %+v", r)
			}
		})
	}
}
