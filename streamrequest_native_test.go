//go:build !js

package ws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// ready is an OpenStream whose server has accepted, with more fields.
func ready(client net.Conn, header http.Header) func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) {
	return func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) {
		return client, &http.Response{Proto: "HTTP/2.0", ProtoMajor: 2, StatusCode: 200, Header: header}, nil
	}
}

// RFC 8441 section 5: method, :protocol, :scheme, :path and :authority, the
// fields of the handshake except those of HTTP/1.1, and no key.
func TestStreamRequest(t *testing.T) {
	var got *ws.StreamRequest
	jar, _ := cookiejar.New(nil)
	d := &ws.Dialer{Proxy: noProxy, Jar: jar, DialOptions: ws.DialOptions{
		Subprotocols: []string{"a", "b"}, Compression: &ws.Compression{},
		Header: map[string][]string{"x-token": {" 1 "}},
	}}
	client, server := net.Pipe()
	defer server.Close()
	d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		got = r
		return ready(client, http.Header{"Sec-Websocket-Protocol": {"b"}, "Set-Cookie": {"k=v"}})(ctx, r)
	}
	c, err := d.Dial(within(t), "wss://user:pw@example.com:443/chat?room=1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	r := got.Request
	if r.Method != "CONNECT" || r.URL.String() != "https://example.com:443/chat?room=1" || r.Host != "example.com" {
		t.Errorf("request %s %s, host %q", r.Method, r.URL, r.Host)
	}
	for name, want := range map[string]string{
		":protocol": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Protocol": "a, b",
		"X-Token": "1", "Authorization": "Basic dXNlcjpwdw==", "Sec-Websocket-Key": "", "Connection": "", "Upgrade": "",
	} {
		if v := strings.Join(r.Header[name], "|"); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if !strings.HasPrefix(r.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate") {
		t.Errorf("extensions %q", r.Header.Get("Sec-WebSocket-Extensions"))
	}
	if got.Dialer != d || got.TLSConfig.ServerName != "example.com" || got.TLSConfig.NextProtos != nil {
		t.Errorf("Dialer %p of %p, ServerName %q, protocols %q", got.Dialer, d, got.TLSConfig.ServerName, got.TLSConfig.NextProtos)
	}
	if u, err := got.Proxy(); u != nil || err != nil {
		t.Errorf("Proxy = %v, %v, want none", u, err)
	}
	if c.Subprotocol() != "b" || c.ResponseHeader()["Set-Cookie"] == nil || len(jar.Cookies(r.URL)) != 1 {
		t.Errorf("subprotocol %q, response %v, cookies %v", c.Subprotocol(), c.ResponseHeader(), jar.Cookies(r.URL))
	}
	if c.URL() != "wss://example.com:443/chat?room=1" {
		t.Errorf("URL %q", c.URL())
	}
}

// A transport that does not use Connect learns of the proxy that it must not go
// around.
func TestStreamRequestProxy(t *testing.T) {
	t.Setenv("NO_PROXY", "")
	t.Setenv("HTTPS_PROXY", "http://environment.example:3128")
	asked := errors.New("asked")
	for want, d := range map[string]*ws.Dialer{
		"http://environment.example:3128": {},
		"socks5h://dialer.example:1080": {Proxy: func(*http.Request) (*url.URL, error) {
			return &url.URL{Scheme: "socks5h", Host: "dialer.example:1080"}, nil
		}},
	} {
		d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
			if u, err := r.Proxy(); err != nil || u.String() != want {
				t.Errorf("Proxy = %v, %v, want %s", u, err, want)
			}
			return nil, nil, asked
		}
		if _, err := d.Dial(within(t), "wss://example.com"); !errors.Is(err, asked) {
			t.Errorf("Dial = %v", err)
		}
	}
}

// Any 2xx accepts (RFC 8441 section 5, RFC 9110 section 9.3.6), and messages
// follow.
func TestStreamCarriesMessages(t *testing.T) {
	client, server := net.Pipe()
	d := &ws.Dialer{OpenStream: func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		return client, &http.Response{StatusCode: 204, Header: http.Header{}}, nil
	}}
	c, err := d.Dial(within(t), "wss://example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	go c.Write(within(t), ws.MessageText, []byte("hi"))
	head := make([]byte, 8)
	if _, err := io.ReadFull(server, head); err != nil || head[0] != 0x81 || head[1] != 0x82 {
		t.Fatalf("the frame %x, %v", head, err)
	}
	go server.Write([]byte("\x81\x02yo"))
	if _, p, err := c.Read(within(t)); err != nil || string(p) != "yo" {
		t.Errorf("Read = %q, %v", p, err)
	}
}

// A refusal is a *HandshakeError with the status, the header and the body.
func TestStreamRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		res  *http.Response
		nc   bool
		says string
	}{
		"404":                 {&http.Response{StatusCode: 404, Body: io.NopCloser(strings.NewReader("no such room\n"))}, false, "check the path; it says \"no such room\""},
		"401":                 {&http.Response{StatusCode: 401}, false, "credentials"},
		"501":                 {&http.Response{StatusCode: 501}, false, "dial by HTTP/1.1"},
		"302":                 {&http.Response{StatusCode: 302, Header: http.Header{"Location": {"/x"}}}, false, "redirects are not followed"},
		"long":                {&http.Response{StatusCode: 500, Body: io.NopCloser(bytes.NewReader(make([]byte, 5000)))}, false, "500"},
		"no stream":           {&http.Response{StatusCode: 200}, false, "no stream"},
		"another subprotocol": {&http.Response{StatusCode: 200, Header: http.Header{"Sec-Websocket-Protocol": {"z"}}}, true, `"z", which was not offered`},
		"an extension":        {&http.Response{StatusCode: 200, Header: http.Header{"Sec-Websocket-Extensions": {"x"}}}, true, "not offered"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			defer server.Close()
			d := &ws.Dialer{OpenStream: func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) {
				if !tt.nc {
					return nil, tt.res, nil
				}
				return client, tt.res, nil
			}}
			_, err := d.Dial(within(t), "wss://example.com")
			e := asHandshake(t, err)
			if e.Status != tt.res.StatusCode || !strings.Contains(e.Problem, tt.says) || e.URL != "wss://example.com/" || len(e.Body) > 1024 {
				t.Errorf("error %+v", e)
			}
			if tt.nc {
				if _, err := server.Write([]byte{0}); err == nil {
					t.Error("the stream was not closed")
				}
			}
		})
	}
}

// What the transport says becomes the error of Dial, or the sign to go on by
// HTTP/1.1.
func TestStreamErrors(t *testing.T) {
	plain := errors.New("no route")
	d := &ws.Dialer{OpenStream: func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) { return nil, nil, plain }}
	_, err := d.Dial(within(t), "wss://example.com")
	if e := asHandshake(t, err); !errors.Is(err, plain) || e.URL != "wss://example.com/" {
		t.Errorf("error %v", err)
	}
	d.OpenStream = func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) { return nil, nil, nil }
	if _, err = d.Dial(within(t), "wss://example.com"); !strings.Contains(asHandshake(t, err).Problem, "neither") {
		t.Errorf("error %v", err)
	}
}

func TestStreamFallsBack(t *testing.T) {
	n := newCensus(t)
	_, u := n.serve(t, echo(nil), nil)
	d := n.dialer()
	asked := false
	d.OpenStream = func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) {
		asked = true
		return nil, nil, &ws.HandshakeError{Problem: "old", Cause: ws.ErrUseHTTP1}
	}
	c, err := d.Dial(within(t), u)
	if err != nil || !asked {
		t.Fatal(asked, err)
	}
	c.CloseNow()
}

// Connect is the Dialer's own way to the server, with the protocols of ALPN
// (RFC 7301) that the transport wants.
func TestStreamConnect(t *testing.T) {
	n := newCensus(t)
	s, _ := n.serve(t, echo(nil), func(s *httptest.Server) {
		s.EnableHTTP2 = true
		withTLS(s)
	})
	d := n.dialer()
	d.TLSConfig = trusting(s)
	var protocol string
	d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		nc, err := r.Connect(ctx, "h2", "http/1.1")
		if err != nil {
			return nil, nil, err
		}
		protocol = nc.(*tls.Conn).ConnectionState().NegotiatedProtocol
		nc.Close()
		return nil, nil, ws.ErrUseHTTP1
	}
	c, err := d.Dial(within(t), "wss"+strings.TrimPrefix(s.URL, "https"))
	if err != nil || protocol != "h2" {
		t.Fatalf("protocol %q, %v", protocol, err)
	}
	c.CloseNow()
}

// Dial returns when its context ends, even if OpenStream does not, and what it
// opens later is closed.
func TestStreamLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		release := make(chan bool)
		d := &ws.Dialer{OpenStream: func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
			<-release
			return ready(client, nil)(ctx, r)
		}}
		_, err := d.Dial(context.Background(), "wss://example.com")
		if e := asHandshake(t, err); !e.Timeout() || !strings.Contains(e.Problem, "OpenStream") {
			t.Errorf("error %v", err)
		}
		close(release)
		if _, err := server.Read(make([]byte, 1)); err == nil {
			t.Error("the late stream was not closed")
		}
	})
}

// The request is checked before OpenStream is called, as on HTTP/1.1.
func TestStreamArguments(t *testing.T) {
	d := &ws.Dialer{DialOptions: ws.DialOptions{Header: map[string][]string{"Upgrade": {"x"}}},
		OpenStream: func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error) {
			t.Error("OpenStream was called")
			return nil, nil, io.EOF
		}}
	_, err := d.Dial(within(t), "wss://example.com")
	asArgument(t, err, `Header["Upgrade"]`)
	if _, err := handshake.ConnectHeader(&handshake.ClientRequest{Target: "/", Host: "a", Key: "short"}); err == nil {
		t.Error("ConnectHeader took a bad key")
	}
}
