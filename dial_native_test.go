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
	"net/http/cookiejar"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

func TestDial(t *testing.T) {
	n := newCensus(t)
	_, u := n.serve(t, echo(&ws.AcceptOptions{Subprotocols: []string{"b", "a"}}), nil)
	for _, scheme := range []string{"ws", "http"} {
		c, err := ws.Dial(within(t), strings.Replace(u, "ws", scheme, 1), &ws.DialOptions{Subprotocols: []string{"a", "b"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Subprotocol(); got != "b" {
			t.Errorf("Subprotocol = %q, want b, the server's preference", got)
		}
		says(t, c, "hello")
		if err := c.Close(ws.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
	}
}

// The caller's fields are sent, and nothing of the caller's is changed.
func TestDialHeader(t *testing.T) {
	given := http.Header{"X-Tag": {"1", "2"}, "authorization": {"Bearer x"}, "cookie": {"a=1", "b=2"}, "User-Agent": {"test"}}
	before := given.Clone()
	d := ws.Dialer{DialOptions: ws.DialOptions{Header: given}, Host: "virtual.example:81"}
	r := requestOf(t, "ws://user:password@example.com/", d)
	for name, want := range map[string][]string{
		"X-Tag":         {"1", "2"},
		"Authorization": {"Bearer x"}, // goes before the URL's
		"Cookie":        {"a=1", "b=2"},
		"User-Agent":    {"test"},
	} {
		if got := r.Header[name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if r.Host != d.Host {
		t.Errorf("Host = %q, want %q", r.Host, d.Host)
	}
	if !reflect.DeepEqual(given, before) {
		t.Errorf("the caller's header became %v", given)
	}
}

// RFC 6455 section 4.1 and RFC 9110 section 5.5: what would not arrive as one
// field, or is the handshake's own, is refused before anything is dialed.
func TestDialRefusesOptions(t *testing.T) {
	header := func(name, value string) ws.Dialer {
		return ws.Dialer{DialOptions: ws.DialOptions{Header: http.Header{name: {value}}}}
	}
	subprotocols := func(names ...string) ws.Dialer {
		return ws.Dialer{DialOptions: ws.DialOptions{Subprotocols: names}}
	}
	for name, tt := range map[string]struct {
		d        ws.Dialer
		argument string
	}{
		"CR LF in a value":       {header("X-Tag", "a\r\nX: y"), `Header["X-Tag"]`},
		"NUL in a value":         {header("X-Tag", "a\x00"), `Header["X-Tag"]`},
		"a space in a name":      {header("X Tag", "a"), `Header["X Tag"]`},
		"no name":                {header("", "a"), `Header[""]`},
		"Host":                   {header("host", "a"), `Header["host"]`},
		"Upgrade":                {header("Upgrade", "h2c"), `Header["Upgrade"]`},
		"Connection":             {header("Connection", "close"), `Header["Connection"]`},
		"Transfer-Encoding":      {header("Transfer-Encoding", "chunked"), `Header["Transfer-Encoding"]`},
		"Content-Length":         {header("Content-Length", "5"), `Header["Content-Length"]`},
		"Sec-WebSocket-Key":      {header("Sec-WebSocket-Key", "x"), `Header["Sec-WebSocket-Key"]`},
		"Sec-WebSocket-Protocol": {header("Sec-WebSocket-Protocol", "x"), `Header["Sec-WebSocket-Protocol"]`},
		"another spelling":       {header("SEC-websocket-KEY", "x"), `Header["SEC-websocket-KEY"]`},
		"CR LF in a subprotocol": {subprotocols("a\r\nX: y"), "Subprotocols"},
		"an empty subprotocol":   {subprotocols(""), "Subprotocols"},
		"a list as subprotocol":  {subprotocols("a, b"), "Subprotocols"},
		"a subprotocol twice":    {subprotocols("a", "b", "a"), "Subprotocols"},
		"CR LF in Host":          {ws.Dialer{Host: "a\r\nX: y"}, "Host"},
		"a user in Host":         {ws.Dialer{Host: "user@example.com"}, "Host"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.d.Proxy = noProxy
			tt.d.NetDial = func(context.Context, string, string) (net.Conn, error) {
				t.Error("it was dialed")
				return nil, errNotDialed
			}
			_, err := tt.d.Dial(within(t), "ws://example.com/")
			asArgument(t, err, tt.argument)
		})
	}
	t.Run("nil context", func(t *testing.T) {
		var none context.Context
		_, err := new(ws.Dialer).Dial(none, "ws://example.com/")
		asArgument(t, err, "ctx")
	})
}

// Names of fields keep their spelling, though HTTP does not care (RFC 9110
// section 5.1): some servers do. None is there twice for that.
func TestDialHeaderSpelling(t *testing.T) {
	for name, tt := range map[string]struct {
		header http.Header
		want   []string // lines, and
		no     []string // what none begins with
	}{
		"a spelling":                            {http.Header{"X-API-KEY": {"a", "b"}, "x-lower": {"c"}}, []string{"X-API-KEY: a", "X-API-KEY: b", "x-lower: c"}, []string{"X-Api-Key"}},
		"credentials of the URL":                {nil, []string{"Authorization: Basic dXNlcjpzZWNyZXQ="}, nil},
		"credentials given":                     {http.Header{"AUTHORIZATION": {"Bearer x"}}, []string{"AUTHORIZATION: Bearer x"}, []string{"Authorization"}},
		"RFC 9110 section 10.1.5: a user agent": {nil, []string{"User-Agent: Go-twinws-client/1"}, nil},
		"a user agent given":                    {http.Header{"user-agent": {"mine/2"}}, []string{"user-agent: mine/2"}, []string{"User-Agent"}},
		"no user agent":                         {http.Header{"User-Agent": {""}}, nil, []string{"User-Agent"}},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			d := &ws.Dialer{Proxy: noProxy, DialOptions: ws.DialOptions{Header: tt.header}}
			d.NetDial = func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() {
					defer far.Close()
					for r := bufio.NewReader(far); ; {
						line, err := r.ReadString('\n')
						if line = strings.TrimSpace(line); err != nil || line == "" {
							return
						}
						lines = append(lines, line)
					}
				}()
				return near, nil
			}
			d.Dial(within(t), "ws://user:secret@example.com/")
			for _, want := range tt.want {
				if !slices.Contains(lines, want) {
					t.Errorf("the request is %q, without %q", lines, want)
				}
			}
			for _, line := range lines {
				for _, no := range tt.no {
					if strings.HasPrefix(line, no) {
						t.Errorf("the request has %q", line)
					}
				}
			}
		})
	}
}

// What Proxy, NetDial and NetDialTLS do with their context is no matter: Dial
// ends with its own, and what comes later is closed.
func TestDialBoundsOthers(t *testing.T) {
	for _, what := range []string{"Proxy", "NetDial", "NetDialTLS"} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			late := func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(time.Minute) // of the bubble's time
				return near, nil
			}
			d := &ws.Dialer{Proxy: noProxy, NetDial: late, NetDialTLS: late}
			phase, where := "a connection to example.com:80", "ws://example.com/"
			switch what {
			case "Proxy":
				phase = "the choice of a proxy"
				d.Proxy = func(*http.Request) (*url.URL, error) {
					time.Sleep(time.Minute)
					return nil, nil
				}
			case "NetDialTLS":
				phase, where = "a connection to example.com:443", "wss://example.com/"
			}
			begun := time.Now()
			_, err := d.Dial(context.Background(), where)
			if took := time.Since(begun); took != 10*time.Second {
				t.Errorf("%s: Dial took %v", what, took)
			}
			if e := asHandshake(t, err); !strings.HasSuffix(e.Problem, phase) || !e.Timeout() {
				t.Errorf("%s: %v, want a time-out in %q", what, err, phase)
			}
			time.Sleep(3 * time.Minute)
			far.SetDeadline(time.Now().Add(time.Second))
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%s: what came late was not closed: %v", what, err)
			}
		})
	}
}

// A panic of the caller's function is the caller's to recover, and so is a
// runtime.Goexit, by which a test ends.
func TestDialPanics(t *testing.T) {
	d := &ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) { panic("a mistake") }}
	func() {
		defer func() {
			if p := recover(); p != "a mistake" {
				t.Errorf("recovered %v, want NetDial's panic", p)
			}
		}()
		d.Dial(within(t), "ws://example.com/")
		t.Error("Dial returned")
	}()
	d.NetDial = func(context.Context, string, string) (net.Conn, error) {
		runtime.Goexit()
		return nil, nil
	}
	ended, returned := make(chan struct{}), false
	go func() {
		defer close(ended)
		d.Dial(within(t), "ws://example.com/")
		returned = true
	}()
	if <-ended; returned {
		t.Error("Dial returned though NetDial did not")
	}
}

// NetDialTLS is another TLS stack for wss, and only for that.
func TestNetDialTLS(t *testing.T) {
	n := newCensus(t)
	s, u := n.serve(t, echo(nil), withTLS)
	_, plain := n.serve(t, echo(nil), nil)
	d := n.dialer()
	asked := ""
	d.NetDialTLS = func(ctx context.Context, network, addr string) (net.Conn, error) {
		asked = network + " " + addr
		nc, err := n.dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		cfg := trusting(s)
		cfg.ServerName = "example.com"
		return struct{ net.Conn }{tls.Client(nc, cfg)}, nil // no *tls.Conn
	}
	c, err := d.Dial(within(t), u)
	if err != nil {
		t.Fatal(err)
	}
	says(t, c, "by another stack")
	c.CloseNow()
	if want := "tcp " + s.Listener.Addr().String(); asked != want {
		t.Errorf("NetDialTLS was asked for %q, want %q", asked, want)
	}
	asked = ""
	if c, err = d.Dial(within(t), plain); err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	p := n.by(t, d, "http proxy", s.Listener.Addr().String())
	d.TLSConfig = trusting(s)
	if c, err = d.Dial(within(t), "wss://example.com/"); err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	if asked != "" || len(p.log) != 1 {
		t.Errorf("NetDialTLS was asked for %q, for ws or behind a proxy", asked)
	}
}

// Cookies go both ways, one Cookie field for all (RFC 6265 section 5.4), and a
// refusal's are kept too: it may be a login's.
func TestDialJar(t *testing.T) {
	n := newCensus(t)
	var got []string
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header["Cookie"]
		w.Header().Add("Set-Cookie", "seen="+r.URL.Path[1:])
		if r.URL.Path == "/refused" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		if c, err := ws.Accept(w, r, nil); err == nil {
			c.CloseNow()
		}
	}, nil)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	home, err := url.Parse("http" + strings.TrimPrefix(u, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(home, []*http.Cookie{{Name: "jar", Value: "1"}})
	d := n.dialer()
	d.Jar = jar
	d.Header = http.Header{"Cookie": {"own=1", "other=2"}}
	for _, tt := range []struct{ path, sent string }{
		{"/accepted", "own=1; other=2; jar=1"},
		{"/refused", "own=1; other=2; jar=1; seen=accepted"},
		{"/again", "own=1; other=2; jar=1; seen=refused"},
	} {
		c, err := d.Dial(within(t), u+tt.path)
		if (err != nil) != (tt.path == "/refused") {
			t.Fatalf("%s: %v", tt.path, err)
		}
		if err == nil {
			c.CloseNow()
		}
		if len(got) != 1 || got[0] != tt.sent {
			t.Errorf("%s: Cookie = %q, want one field %q", tt.path, got, tt.sent)
		}
	}
}

// To a jar ws is http and wss https: Secure cookies are for wss alone (RFC 6265
// section 4.1.2.5).
func TestDialJarSecure(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(&url.URL{Scheme: "https", Host: "example.com", Path: "/"},
		[]*http.Cookie{{Name: "plain", Value: "1"}, {Name: "tls", Value: "1", Secure: true}})
	r := requestOf(t, "ws://example.com/", ws.Dialer{Jar: jar})
	if got := r.Header.Get("Cookie"); got != "plain=1" {
		t.Errorf("Cookie = %q, want plain=1", got)
	}
}

// The frames that a server sends in one segment with its 101 belong to the
// connection (RFC 6455 section 4.1: once it is open, frames follow).
func TestDialKeepsWhatFollows(t *testing.T) {
	newCensus(t)
	for _, size := range []int{1, 125, 4096, 100_000} {
		text := strings.Repeat("x", size)
		d := pipe(func(nc net.Conn, r *http.Request) {
			nc.Write(append([]byte(switching(r)), textFrame(text)...))
			io.Copy(io.Discard, nc)
		})
		c, err := d.Dial(within(t), "ws://example.com/")
		if err != nil {
			t.Fatal(err)
		}
		hears(t, c, text)
		c.CloseNow()
	}
}

// textFrame is the unmasked frame of a text message (RFC 6455 section 5.2).
func textFrame(text string) []byte {
	switch n := len(text); {
	case n < 126:
		return append([]byte{0x81, byte(n)}, text...)
	case n < 1<<16:
		return append([]byte{0x81, 126, byte(n >> 8), byte(n)}, text...)
	default:
		return append([]byte{0x81, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, text...)
	}
}

// The read limit is 1 MiB unless options say otherwise, in both roles.
func TestReadLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		limit int64
		fits  int
		over  int
	}{
		"default": {0, 1 << 20, 1<<20 + 1},
		"set":     {10, 10, 11},
		"none":    {-1, 1<<20 + 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			_, u := n.serve(t, echo(&ws.AcceptOptions{ReadLimit: tt.limit}), nil)
			d := n.dialer()
			d.ReadLimit = -1
			c, err := d.Dial(within(t), u)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			says(t, c, strings.Repeat("x", tt.fits))
			if tt.over == 0 {
				return
			}
			ctx := within(t)
			if err := c.Write(ctx, ws.MessageBinary, make([]byte, tt.over)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.Read(ctx); ws.CloseStatus(err) != ws.StatusMessageTooBig {
				t.Errorf("Read = %v, want the server's close with 1009", err)
			}
		})
	}
	t.Run("client", func(t *testing.T) {
		n := newCensus(t)
		_, u := n.serve(t, echo(&ws.AcceptOptions{ReadLimit: -1}), nil)
		c, err := n.dialer().Dial(within(t), u)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		ctx := within(t)
		if err := c.Write(ctx, ws.MessageBinary, make([]byte, ws.DefaultReadLimit+1)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(ctx); !errors.Is(err, ws.ErrMessageTooBig) {
			t.Errorf("Read = %v, want ErrMessageTooBig", err)
		}
	})
}
