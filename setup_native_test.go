//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// verdicts sends raw to a server of net/http with Accept and to one of Upgrade,
// and returns the status that each answers with.
func verdicts(t *testing.T, n *census, raw string, opts *ws.AcceptOptions) (accept, upgrade int) {
	t.Helper()
	status := func(addr string) int {
		nc, err := n.dial(within(t), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := io.WriteString(nc, raw); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, opts); err == nil {
			c.CloseNow()
		}
	}, nil)
	l := n.listen(t)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if c, err := ws.Upgrade(context.Background(), nc, opts); err == nil {
				c.CloseNow()
			}
		}
	}()
	return status(strings.TrimPrefix(u, "ws://")), status(l.Addr().String())
}

// TestAcceptAndUpgradeAgree has both judge the same bytes. Where they differ it
// is net/http that reads more than Upgrade does, before Accept is asked.
func TestAcceptAndUpgradeAgree(t *testing.T) {
	target := func(s string) string { return strings.Replace(request(), "/chat?room=1", s, 1) }
	instead := func(line, other string) string { return strings.Replace(request(), line, other, 1) }
	for name, tt := range map[string]struct {
		raw             string
		accept, upgrade int // 0: as Accept's
	}{
		"a handshake": {request(), 101, 0},
		"RFC 3986 section 2: a target of raw UTF-8":                 {target("/?name=é"), 101, 0},
		"RFC 3986 section 2: a path of raw UTF-8":                   {target("/é"), 101, 0},
		"RFC 3986 section 2: bytes that are no UTF-8":               {target("/\xE4"), 101, 0},
		"RFC 3986 section 2.1: a broken encoding":                   {target("/%zz"), 400, 0},
		"RFC 3986 section 2.1: half an encoding":                    {target("/a%2"), 400, 0},
		"URL standard section 4.4: 100% in the query":               {target("/?q=100%&r=%zz"), 101, 0},
		"RFC 9112 section 2.3: a later HTTP/1":                      {instead("HTTP/1.1", "HTTP/1.2"), 101, 0},
		"RFC 9112 section 2.2: a space at the line's end":           {instead("HTTP/1.1", "HTTP/1.1 "), 400, 0},
		"RFC 9112 section 2.2: an empty line first":                 {"\r\n" + request(), 400, 0},
		"RFC 9112 section 2.2: a bare CR":                           {request("X: a\rb"), 400, 0},
		"RFC 9112 section 3: a tab for a space":                     {instead("GET ", "GET\t"), 400, 0},
		"RFC 9112 section 3: two spaces":                            {instead("GET ", "GET  "), 400, 0},
		"RFC 9112 section 3.2.2: an absolute target without a path": {target("http://example.com?x"), 101, 0},
		"RFC 9112 section 3.2.2: another host in it":                {target("http://other.example/"), 101, 0},
		"RFC 6455 section 4.2.1: ws in an absolute target":          {target("ws://example.com/"), 400, 0},
		"RFC 9110 section 4.2.4: userinfo in an absolute target":    {target("http://user@example.com/"), 400, 0},
		"RFC 3986 section 4.2: two slashes":                         {target("//x:y/z"), 101, 0},
		"RFC 9110 section 7.2: a user in Host":                      {instead("Host: example.com", "Host: user@example.com"), 400, 0},
		"RFC 9110 section 7.2: raw UTF-8 in Host":                   {instead("Host: example.com", "Host: é"), 400, 0},
		"RFC 9110 section 7.2: a port of no kind":                   {instead("Host: example.com", "Host: a:99999"), 400, 0},
		"RFC 9110 section 5.5: a control character":                 {request("X: a\x01b"), 400, 0},
		"RFC 9110 section 5.1: a name of raw UTF-8":                 {request("é: y"), 400, 0},
		"RFC 9112 section 6.3: a body":                              {request("Content-Length: 5") + "hello", 400, 0},
		"RFC 9112 section 6.3: a body of nothing":                   {request("Content-Length: 0"), 101, 0},
		"RFC 9112 section 6.1: a chunked body":                      {request("Transfer-Encoding: chunked") + "0\r\n\r\n", 400, 0},
		"RFC 9110 section 10.1.1: 100-continue":                     {request("Expect: 100-continue"), 101, 0},

		// net/http answers by itself, with a status of its own, before Accept
		// is asked.
		"RFC 9112 section 6.1: an unknown coding":       {request("Transfer-Encoding: gzip"), 501, 400},
		"RFC 9110 section 15.6.6: HTTP/2.0 in the line": {instead("HTTP/1.1", "HTTP/2.0"), 505, 400},
		"RFC 9110 section 15.6.6: HTTP/0.9 in the line": {instead("HTTP/1.1", "HTTP/0.9"), 505, 426},
		// RFC 9110 section 10.1.1: a server MAY refuse; nothing depends on it
		// here.
		"RFC 9110 section 10.1.1: another expectation": {request("Expect: other"), 417, 101},

		"RFC 9112 section 3.2: a fragment":           {target("/a#b"), 400, 0},
		"RFC 9112 section 3.2: a control character":  {target("/a\x01b"), 400, 0},
		"RFC 9112 section 3.2: a space":              {target("/a b"), 400, 0},
		"RFC 9112 section 3.2.2: an absolute target": {target("http://example.com/chat"), 101, 0},
		"RFC 9112 section 3.2.4: an asterisk":        {target("*"), 400, 0},
		"no target":                                  {target(""), 400, 0},
		"another method":                             {instead("GET", "POST"), 405, 0},
		"a method in lower case":                     {instead("GET", "get"), 405, 0},
		"HTTP/1.0":                                   {instead("HTTP/1.1", "HTTP/1.0"), 426, 0},
		"a protocol of no kind":                      {instead("HTTP/1.1", "HTTP/x"), 400, 0},
		"no Host":                                    {instead("Host: example.com\r\n", ""), 400, 0},
		"two Hosts":                                  {request("Host: example.com"), 400, 0},
		"a Host of nothing":                          {instead("Host: example.com", "Host:"), 400, 0},
		"a space before a colon":                     {request("X : y"), 400, 0},
		"a field without a name":                     {request(": y"), 400, 0},
		"a field with a NUL":                         {request("X: a\x00b"), 400, 0},
		"200 fields":                                 {request(fields(195)...), 101, 0},
		"201 fields":                                 {request(fields(196)...), 431, 0},
		"a value of raw UTF-8":                       {request("X: é"), 101, 0},
		"RFC 9112 section 5.2: a folded field":       {request("X: a\r\n b"), 101, 400}, // net/http unfolds it
		"RFC 9112 section 2.2: bare LF":              {strings.ReplaceAll(request(), "\r\n", "\n"), 101, 400},
		"24 KB of cookies":                           {request("Cookie: " + strings.Repeat("a=b; ", 4800)), 101, 431},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			if tt.upgrade == 0 {
				tt.upgrade = tt.accept
			}
			if a, u := verdicts(t, n, tt.raw, nil); a != tt.accept || u != tt.upgrade {
				t.Errorf("Accept answers %d, want %d; Upgrade answers %d, want %d", a, tt.accept, u, tt.upgrade)
			}
		})
	}
}

// fields are n header lines.
func fields(n int) []string {
	return strings.Split(strings.TrimSpace(strings.Repeat("A: b\n", n)), "\n")
}

func TestMaxHeadBytes(t *testing.T) {
	cookies := request("Cookie: " + strings.Repeat("a=b; ", 4800))
	for _, tt := range []struct {
		raw    string
		most   int
		status int
	}{
		{cookies, 0, 431}, {cookies, 32 << 10, 101}, {cookies, len(cookies), 101}, {cookies, len(cookies) - 1, 431},
		{request(), 100, 431}, {request(), len(request()), 101},
	} {
		t.Run(fmt.Sprintf("%d of %d bytes", len(tt.raw), tt.most), func(t *testing.T) {
			n := newCensus(t)
			if _, u := verdicts(t, n, tt.raw, &ws.AcceptOptions{MaxHeadBytes: tt.most}); u != tt.status {
				t.Errorf("Upgrade answers %d, want %d", u, tt.status)
			}
		})
	}
}

// TestValidate finds options that cannot be used before any request comes,
// where Handler finds them too.
func TestValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		opts     *ws.AcceptOptions
		argument string // "": none is wrong
	}{
		"none":         {nil, ""},
		"the zero one": {&ws.AcceptOptions{}, ""},
		"all kinds of origins": {&ws.AcceptOptions{OriginPatterns: []string{"https://example.com", "*.example.com", "localhost:*", "*", "null", "file://",
			"capacitor://localhost", "tauri://localhost", "chrome-extension://abcdefghijklmnop", "vscode-webview://0123abcd"}}, ""},
		"an origin with a path":    {&ws.AcceptOptions{OriginPatterns: []string{"https://example.com/"}}, "OriginPatterns"},
		"an origin of no host":     {&ws.AcceptOptions{OriginPatterns: []string{"https://"}}, "OriginPatterns"},
		"a file's path":            {&ws.AcceptOptions{OriginPatterns: []string{"file:///home"}}, "OriginPatterns"},
		"a host with a path":       {&ws.AcceptOptions{AllowedHosts: []string{"a/b"}}, "AllowedHosts"},
		"a subprotocol":            {&ws.AcceptOptions{Subprotocols: []string{"a b"}}, "Subprotocols"},
		"a window":                 {&ws.AcceptOptions{Compression: &ws.Compression{ServerMaxWindowBits: 7}}, "Compression.ServerMaxWindowBits"},
		"a field of the library's": {&ws.AcceptOptions{Header: http.Header{"upgrade": {"x"}}}, `Header["upgrade"]`},
		"a field with a CR":        {&ws.AcceptOptions{Header: http.Header{"X": {"a\rb"}}}, `Header["X"]`},
		"a head of less":           {&ws.AcceptOptions{MaxHeadBytes: -1}, "MaxHeadBytes"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.opts.Validate()
			var panicked any
			func() {
				defer func() { panicked = recover() }()
				ws.Handler(func(context.Context, *ws.Conn) {}, tt.opts)
			}()
			if tt.argument == "" {
				if err != nil || panicked != nil {
					t.Errorf("Validate: %v; Handler panics with %v", err, panicked)
				}
				return
			}
			asArgument(t, err, tt.argument)
			if p, _ := panicked.(error); p == nil {
				t.Errorf("Handler does not panic")
			} else {
				asArgument(t, p, tt.argument)
			}
		})
	}
}

// TestOriginsOfApps lets in what web views and extensions send, once it is
// allowed, and nothing else by that.
func TestOriginsOfApps(t *testing.T) {
	origins := []string{"null", "file://", "capacitor://localhost", "tauri://localhost",
		"chrome-extension://abcdefghijklmnop", "vscode-webview://0123abcd"}
	for _, allowed := range origins {
		for _, origin := range append(origins, "http://localhost", "https://evil.example") {
			t.Run(allowed+" and "+origin, func(t *testing.T) {
				n := newCensus(t)
				want := http.StatusForbidden
				if origin == allowed {
					want = http.StatusSwitchingProtocols
				}
				a, u := verdicts(t, n, request("Origin: "+origin), &ws.AcceptOptions{OriginPatterns: []string{allowed}})
				if a != want || u != want {
					t.Errorf("Accept answers %d, Upgrade %d, want %d", a, u, want)
				}
			})
		}
	}
}

func TestIsUpgrade(t *testing.T) {
	for name, tt := range map[string]struct {
		raw string
		is  bool
	}{
		"a handshake":            {request(), true},
		"lists":                  {strings.NewReplacer("Connection: Upgrade", "Connection: keep-alive, UPGRADE", "Upgrade: websocket", "Upgrade: h2c, WebSocket").Replace(request()), true},
		"of another version":     {strings.Replace(request(), "13", "8", 1), true}, // Accept answers with the one it speaks
		"an ordinary request":    {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", false},
		"to h2c":                 {strings.Replace(request(), "websocket", "h2c", 1), false},
		"no Connection: Upgrade": {strings.Replace(request(), "Connection: Upgrade", "Connection: close", 1), false},
		"a POST":                 {strings.Replace(request(), "GET", "POST", 1), false},
		"HTTP/1.0":               {strings.Replace(request(), "HTTP/1.1", "HTTP/1.0", 1), false},
	} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(tt.raw)))
		if err != nil {
			t.Fatal(err)
		}
		if is := ws.IsUpgrade(r); is != tt.is {
			t.Errorf("%s: %v", name, is)
		}
	}
}

// TestAcceptHeaderSpelling sends names as they were given (RFC 9110 section 5.1
// says that it does not matter; to some clients it does).
func TestAcceptHeaderSpelling(t *testing.T) {
	n := newCensus(t)
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["x-middle-WARE"] = []string{"1"}
		if c, err := ws.Accept(w, r, &ws.AcceptOptions{Header: http.Header{"X-API-KEY": {"2"}}}); err == nil {
			c.CloseNow()
		}
	}, nil)
	nc, err := n.dial(within(t), "tcp", strings.TrimPrefix(u, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, request())
	raw, _ := io.ReadAll(nc)
	for _, want := range []string{"\r\nx-middle-WARE: 1\r\n", "\r\nX-API-KEY: 2\r\n"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the response is %q, without %q", raw, want)
		}
	}
}
