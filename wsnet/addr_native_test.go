//go:build !js

package wsnet_test

import (
	"context"
	"net"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsnet"
)

func TestAddressesOfSockets(t *testing.T) {
	l, url := listen(t, nil)
	c, server := sockets(t, l, url)
	defer wsnet.Unwrap(c).CloseNow()
	defer wsnet.Unwrap(server).CloseNow()
	if c.RemoteAddr().String() != server.LocalAddr().String() || c.LocalAddr().String() != server.RemoteAddr().String() {
		t.Errorf("%v to %v, and %v to %v", c.LocalAddr(), c.RemoteAddr(), server.LocalAddr(), server.RemoteAddr())
	}
	if _, ok := c.RemoteAddr().(*net.TCPAddr); !ok || "ws://"+c.RemoteAddr().String() != url {
		t.Errorf("the remote address is the %T %v", c.RemoteAddr(), c.RemoteAddr())
	}
}

// hidden is a connection as it is in a page, of which the program knows the URL
// that it dialed.
type hidden struct {
	api.Conn
	url string
}

func (h hidden) URL() string         { return h.url }
func (h hidden) Subprotocol() string { return "" }

func TestAddressesOfURLs(t *testing.T) {
	for url, want := range map[string]string{
		"ws://example.com/":              "example.com:80",
		"wss://example.com/chat?a=b:1/c": "example.com:443",
		"wss://example.com?token":        "example.com:443",
		"wss://example.com:8443/":        "example.com:8443",
		"ws://[::1]/":                    "[::1]:80",
		"wss://[::1]:9/x":                "[::1]:9",
		"":                               "unknown:0",
	} {
		c := wsnet.Conn(hidden{url: url}, ws.MessageBinary)
		if a := c.RemoteAddr(); a.Network() != "websocket" || a.String() != want {
			t.Errorf("%q: the remote address is %v %v, want websocket %v", url, a.Network(), a, want)
		}
		if _, _, err := net.SplitHostPort(c.RemoteAddr().String()); err != nil {
			t.Errorf("%q: %v", url, err)
		}
		if a := c.LocalAddr(); a != wsnet.Addr("") || a.String() != "unknown:0" {
			t.Errorf("%q: the local address is %#v", url, a)
		}
	}
}

func TestUnwrap(t *testing.T) {
	client, server := raws(t, wsnet.HalfClose)
	if got := wsnet.Unwrap(wsnet.Conn(client, ws.MessageBinary)); got != api.Conn(client) {
		t.Errorf("Unwrap returned %v", got)
	}
	if got := wsnet.Unwrap(wsnet.Conn(hidden{}, ws.MessageText)); got != api.Conn(hidden{}) {
		t.Errorf("Unwrap returned %v", got)
	}
	other, end := net.Pipe()
	defer other.Close()
	defer end.Close()
	if got := wsnet.Unwrap(other); got != nil {
		t.Errorf("Unwrap of another net.Conn returned %v", got)
	}
	server.CloseNow()
}

func TestInvalidArguments(t *testing.T) {
	for name, call := range map[string]func(){
		"c":       func() { wsnet.Conn(nil, ws.MessageBinary) },
		"typ":     func() { wsnet.Conn(hidden{}, 0) },
		"Type":    func() { wsnet.NewListener(&wsnet.ListenerOptions{Type: 3}) },
		"Backlog": func() { wsnet.NewListener(&wsnet.ListenerOptions{Backlog: -1}) },
		"Compression": func() {
			wsnet.NewListener(&wsnet.ListenerOptions{AcceptOptions: ws.AcceptOptions{Compression: &ws.Compression{Level: 99}}})
		},
	} {
		if e := panicked(call); e == nil || name != "Compression" && e.Name != name {
			t.Errorf("%s: it panicked with %v", name, e)
		}
	}
	if c, err := wsnet.Dial(context.Background(), "ftp://example.com/", nil); err == nil || c != nil {
		t.Errorf("Dial returned %v, %v", c, err)
	}
}

func panicked(call func()) (e *ws.ArgumentError) {
	defer func() { e = argumentError(recover()) }()
	call()
	return nil
}
