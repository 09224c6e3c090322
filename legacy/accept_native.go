//go:build !js

package legacy

import (
	"context"
	"net"
	"net/http"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// AcceptOptions are the options of a server. A nil pointer and the zero value
// mean the defaults: all drafts, requests of the same origin only.
//
// Of the options of package ws a draft that lacks something ignores what it is
// for: Compression is for RFC 6455 alone; Keepalive, OnPing and OnPong are for
// drafts with pings (RFC 6455, [Hybi07], [Hybi10]).
type AcceptOptions struct {
	ws.AcceptOptions

	// Drafts are the drafts that are let in; nil means all four. RFC 6455
	// always is. A request of another draft is rejected with 426.
	Drafts []Draft
}

// Validate returns an [*api.ArgumentError] for the first invalid option, nil if
// all are valid, as that of ws.AcceptOptions does. A nil o is valid.
func (o *AcceptOptions) Validate() error { return nil }

// Accept responds to a handshake of RFC 6455 or of a draft that net/http has
// received, by what the request says, and takes over the connection. For RFC
// 6455 it is ws.Accept; for a draft the same rules hold, the errors are the
// same, and name the draft.
//
// The request of [Hixie76] has 8 bytes behind its head. Accept waits for them
// for at most HandshakeTimeout (10 s), and rejects the request if they do not
// come: a proxy that does not know the draft takes them for another request, or
// drops them.
func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (api.Conn, error) {
	return nil, nil
}

// Handler returns an http.Handler that accepts connections, as Accept does, and
// calls f for each of them. A request that is not a handshake, or not allowed,
// gets a response, and f is not called. With invalid options Handler panics,
// with an [*api.ArgumentError].
//
// ctx has the values of the request's context, and ends with the connection.
// When f returns, the connection is closed as by Close with StatusNormalClosure,
// or as the draft closes.
func Handler(f func(ctx context.Context, c api.Conn), opts *AcceptOptions) http.Handler {
	return nil
}

// Upgrade reads a handshake of RFC 6455 or of a draft from nc and responds to
// it, without net/http, as ws.Upgrade does. HandshakeTimeout bounds reading the
// request, and once more the response.
func Upgrade(ctx context.Context, nc net.Conn, opts *AcceptOptions) (api.Conn, error) {
	return nil, nil
}
