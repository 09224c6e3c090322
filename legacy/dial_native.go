//go:build !js

package legacy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// DialOptions are the options of a client. A nil pointer and the zero value
// mean the defaults. The options that ws.Dialer has too mean what they mean
// there.
//
// Of the options of package ws a draft that lacks something ignores what it is
// for: Compression is for [RFC6455] alone; Keepalive is for drafts with pings
// (RFC6455, [Hybi07], [Hybi10]). [Hixie75] and [Hixie76] can offer one
// subprotocol.
type DialOptions struct {
	ws.DialOptions

	// Origin is sent as the origin of the page, in the draft's field: Origin,
	// or Sec-WebSocket-Origin (Hybi07, Hybi10). "" means that of the URL:
	// "http://example.com" for ws://example.com/chat, https for wss.
	Origin string

	// InsecureSkipAnswerCheck accepts an answer of Hixie75 or Hixie76 whose
	// location is not the URL that was dialed, or whose origin is not Origin.
	// Both drafts require the check (section 4.1): it shows that the server
	// meant this client. Behind a proxy that changes the Host field, or one
	// that terminates TLS, the server cannot know the URL.
	InsecureSkipAnswerCheck bool

	TLSConfig        *tls.Config
	NetDial          func(ctx context.Context, network, addr string) (net.Conn, error)
	Jar              http.CookieJar
	HandshakeTimeout time.Duration
	Keepalive        *ws.Keepalive
	WriteTimeout     time.Duration
}

// Dial opens a connection to url, as ws.Dial does, in that version of the
// protocol and no other. For RFC6455 it is ws.Dial, with Origin. It returns an
// [*api.ArgumentError] for a draft that does not exist.
func Dial(ctx context.Context, url string, draft Draft, opts *DialOptions) (api.Conn, error) {
	return nil, nil
}
