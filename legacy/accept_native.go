//go:build !js

package legacy

import (
	"context"
	"net"
	"net/http"
	"slices"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/variant"
)

// AcceptOptions are the options of a server. A nil pointer and the zero value
// mean the defaults: all drafts, requests of the same origin only.
//
// Of the options of package ws, Compression is for RFC 6455 alone: what a draft
// offers, such as deflate-stream (section 9.2.1 of hybi-07 and hybi-10), is
// declined. Keepalive, OnPing and OnPong are for the versions with pings: RFC
// 6455, [Hybi07] and [Hybi10].
type AcceptOptions struct {
	ws.AcceptOptions

	// Drafts are the drafts that are let in; nil means all four, an empty slice
	// none. RFC 6455 always is. A request of another draft is rejected with
	// 426.
	Drafts []Draft

	// BehindTLS says that a proxy in front of the server terminates TLS.
	// Clients of [Hixie75] and [Hixie76] compare the URL that the server
	// answers with the one that they dialed, which is of wss then.
	BehindTLS bool
}

// Validate returns an [*api.ArgumentError] for the first invalid option, nil if
// all are valid. With invalid options Accept responds to every request with
// 500, and Upgrade closes every connection: call Validate at start-up. Handler
// calls it. A nil o is valid.
func (o *AcceptOptions) Validate() error {
	if o == nil {
		return nil
	}
	if err := o.AcceptOptions.Validate(); err != nil {
		return err
	}
	return o.checkDrafts()
}

func (o *AcceptOptions) checkDrafts() error {
	for _, d := range o.Drafts {
		if !d.known() {
			return &api.ArgumentError{Name: "Drafts", Problem: d.String() + " does not exist: use Hixie75, Hixie76, Hybi07 or Hybi10"}
		}
	}
	return nil
}

// terms are the checked options of a server.
type terms struct {
	opts      *ws.AcceptOptions
	drafts    []handshake.Draft
	behindTLS bool
}

func (o *AcceptOptions) resolve() (terms, error) {
	if o == nil {
		o = new(AcceptOptions)
	}
	given := o.Drafts
	if given == nil {
		given = []Draft{Hybi10, Hybi07, Hixie76, Hixie75}
	}
	drafts := make([]handshake.Draft, 0, len(given))
	for _, d := range given {
		drafts = append(drafts, handshake.Draft(d))
	}
	return terms{&o.AcceptOptions, drafts, o.BehindTLS}, o.checkDrafts()
}

// server returns what differs for a request, nil for one that is of RFC 6455 or
// that is no request for an upgrade, which package ws answers.
func (t *terms) server(r *handshake.Request) *variant.Server {
	d, ok := handshake.DraftOf(r)
	switch {
	case ok && d == handshake.RFC6455, !ok && !slices.ContainsFunc(r.Header, isVersion):
		return nil
	case ok && d == handshake.Hixie75:
		return hixie75.server(t)
	case ok && d == handshake.Hixie76:
		return hixie76.server(t)
	}
	return &variant.Server{Version: frame.Version(d), Drafts: t.drafts, Check: handshake.Check, Respond: respondHybi}
}

func isVersion(f handshake.Field) bool {
	return http.CanonicalHeaderKey(f.Name) == "Sec-Websocket-Version"
}

// respondHybi appends the response to a request of hybi-07 or hybi-10, which is
// that of RFC 6455 (section 5.2.2). No extension is accepted.
func respondHybi(dst []byte, _ *handshake.Request, a *handshake.Agreement, _ []byte, _ bool, extra map[string][]string) ([]byte, error) {
	return handshake.AppendResponse(dst, a, "", extra)
}

// Accept responds to a handshake of RFC 6455 or of a draft that net/http has
// received, by what the request says, and takes over the connection. For RFC
// 6455 it is ws.Accept; for a draft the same rules hold, and the errors are the
// same.
//
// The request of [Hixie76] has 8 bytes behind its head. Accept waits for them
// for at most HandshakeTimeout (10 s), and rejects the request with 408 if they
// do not come: a proxy that does not know the draft drops them, or waits with
// them for the answer.
func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (api.Conn, error) {
	t, err := opts.resolve()
	v := failing(err)
	if err == nil {
		v = t.server(handshake.FromHTTP(r))
	}
	if v != nil {
		return variant.Accept(w, r, t.opts, v)
	}
	c, err := ws.Accept(w, r, t.opts)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// failing answers every request with 500 because of invalid options, which the
// peer is not told.
func failing(err error) *variant.Server {
	return &variant.Server{Check: func(*handshake.Request, *handshake.Policy) (*handshake.Agreement, *api.HandshakeError) {
		return nil, &api.HandshakeError{Status: http.StatusInternalServerError, Body: []byte("internal server error\n"),
			Problem: "the options are invalid", Cause: err}
	}}
}

// Upgrade reads a handshake of RFC 6455 or of a draft from nc and responds to
// it, without net/http, as ws.Upgrade does. HandshakeTimeout bounds reading the
// head of the request, and then the rest, each.
func Upgrade(ctx context.Context, nc net.Conn, opts *AcceptOptions) (api.Conn, error) {
	t, invalid := opts.resolve()
	h, err := ws.ReadHandshake(ctx, nc, t.opts)
	if err != nil {
		return nil, err
	}
	v := failing(invalid)
	if invalid == nil {
		v = t.server(h.Request)
	}
	if v != nil {
		return variant.Answer(ctx, h, t.opts, v)
	}
	c, err := h.Accept(ctx, t.opts)
	if err != nil {
		return nil, err
	}
	return c, nil
}
