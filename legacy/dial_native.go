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
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/variant"
)

// DialOptions are the options of a client. A nil pointer and the zero value
// mean the defaults. The options that ws.Dialer has too mean what they mean
// there; a proxy is that of the environment, as with ws.Dial.
//
// Of the options of package ws, Compression is for [RFC6455] alone, and
// Keepalive for the versions with pings (RFC6455, [Hybi07], [Hybi10]).
// [Hixie75] and [Hixie76] can offer one subprotocol, and no more. A server that
// selects none is accepted, as with ws.Dial, though section 4.1 of both has the
// connection fail.
type DialOptions struct {
	ws.DialOptions

	// Origin is sent as the origin of the page, in the draft's field: Origin,
	// or Sec-WebSocket-Origin (Hybi07, Hybi10). "" means that of the URL:
	// "http://example.com" for ws://example.com/chat, https for wss. For
	// RFC6455 "" sends none.
	Origin string

	// InsecureSkipAnswerCheck accepts an answer of Hixie75 or Hixie76 whose
	// location is not the URL that was dialed, or whose origin is not Origin.
	// Both drafts require the check (section 4.1): it shows that the server
	// meant this request. Behind a proxy that changes the Host field, or one
	// that terminates TLS, a server cannot know the URL.
	InsecureSkipAnswerCheck bool

	// TLSConfig, NetDial, Jar, HandshakeTimeout, Keepalive and WriteTimeout are
	// those of ws.Dialer.
	TLSConfig *tls.Config
	// NetDial opens the connection to the server.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Jar supplies and stores cookies.
	Jar http.CookieJar
	// HandshakeTimeout bounds all of Dial: 0 means 10 s.
	HandshakeTimeout time.Duration
	// Keepalive is how long the peer may be silent.
	Keepalive *ws.Keepalive
	// WriteTimeout is how long the peer may accept no byte: 0 means 30 s.
	WriteTimeout time.Duration
}

// dialer returns the options of package ws.
func (o *DialOptions) dialer() *ws.Dialer {
	return &ws.Dialer{DialOptions: o.DialOptions, TLSConfig: o.TLSConfig, NetDial: o.NetDial, Jar: o.Jar,
		HandshakeTimeout: o.HandshakeTimeout, Keepalive: o.Keepalive, WriteTimeout: o.WriteTimeout}
}

// Dial opens a connection to url in that version of the protocol and no other,
// as ws.Dial does, with the same errors; for RFC6455 it is ws.Dial. It returns
// an [*api.ArgumentError] for a draft that does not exist, and for more than
// one subprotocol in [Hixie75] and [Hixie76].
//
// An answer is rejected, with an [*api.HandshakeError], if its location is not
// url or its origin not the one that was sent, where the draft has those
// (InsecureSkipAnswerCheck).
func Dial(ctx context.Context, url string, draft Draft, opts *DialOptions) (api.Conn, error) {
	if opts == nil {
		opts = new(DialOptions)
	}
	var v *variant.Client
	switch draft {
	case RFC6455:
		return opts.dialStandard(ctx, url)
	case Hybi07, Hybi10:
		v = hybiClient(draft, opts.Origin)
	case Hixie75:
		v = hixie75.client(opts.Origin, opts.InsecureSkipAnswerCheck, newRandom())
	case Hixie76:
		v = hixie76.client(opts.Origin, opts.InsecureSkipAnswerCheck, newRandom())
	default:
		return nil, &api.ArgumentError{Name: "draft", Problem: draft.String() + " does not exist: use RFC6455, Hixie75, Hixie76, Hybi07 or Hybi10"}
	}
	return variant.Dial(ctx, url, opts.dialer(), v)
}

// dialStandard is Dial for RFC 6455.
func (o *DialOptions) dialStandard(ctx context.Context, url string) (api.Conn, error) {
	d := o.dialer()
	if o.Origin != "" {
		h := http.Header(d.Header).Clone()
		if h == nil {
			h = make(http.Header)
		}
		h["Origin"] = []string{o.Origin}
		d.Header = h
	}
	c, err := d.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// hybiClient is the client's side of a handshake of hybi-07 or hybi-10. No
// extension is offered.
func hybiClient(draft Draft, origin string) *variant.Client {
	return &variant.Client{Version: frame.Version(draft), Origin: origin,
		Request: func(dst []byte, r *handshake.ClientRequest, _ bool) ([]byte, error) {
			r.Draft, r.Extensions = handshake.Draft(draft), ""
			return handshake.AppendRequest(dst, r)
		},
		Check: func(res *handshake.Response, r *handshake.ClientRequest, _ []byte) (string, error) {
			subprotocol, _, err := handshake.CheckResponse(res, r)
			return subprotocol, err
		},
	}
}
