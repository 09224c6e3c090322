// Package variant is where package legacy joins package ws: what a handshake of
// an older draft does otherwise than one of RFC 6455. Package ws has everything
// else, from time limits to the choice of a proxy, and links none of the
// drafts.
package variant

import (
	"context"
	"net"
	"net/http"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/handshake"
)

// Server is a server's side of a handshake.
type Server struct {
	// Version is the version of the connection.
	Version frame.Version
	// Drafts are those that are let in.
	Drafts []handshake.Draft
	// Behind is how many bytes of the request are behind its head.
	Behind int
	// Check checks a request, as handshake.Check does.
	Check func(r *handshake.Request, p *handshake.Policy) (*handshake.Agreement, *api.HandshakeError)
	// Respond appends the response to r, as handshake.AppendResponse does, all
	// that is sent before frames. behind are the bytes behind the head.
	Respond func(dst []byte, r *handshake.Request, a *handshake.Agreement, behind []byte, secure bool, extra map[string][]string) ([]byte, error)
	// Frames returns a connection that translates the frames on nc to those of
	// RFC 6455, and has the optional methods of engine.Transport; nil if the
	// frames are the same. held was read from nc already.
	Frames func(nc net.Conn, held []byte) net.Conn
}

// Client is a client's side of a handshake.
type Client struct {
	// Version is the version of the connection.
	Version frame.Version
	// Origin is sent as the page's; "" means that of the URL.
	Origin string
	// Request appends the request, as handshake.AppendRequest does. secure says
	// that the URL is of wss.
	Request func(dst []byte, r *handshake.ClientRequest, secure bool) ([]byte, error)
	// Behind is how many bytes of the response are behind its head.
	Behind int
	// Check checks the response, as handshake.CheckResponse does. behind is
	// complete if the status is 101.
	Check func(res *handshake.Response, r *handshake.ClientRequest, behind []byte) (subprotocol string, err error)
	// Frames is as in Server.
	Frames func(nc net.Conn, held []byte) net.Conn
}

// Package ws sets these functions. Their opts are its options, *AcceptOptions
// and *Dialer, which this package cannot name, and pending is a
// *PendingHandshake.
var (
	// Accept is the function Accept.
	Accept func(w http.ResponseWriter, r *http.Request, opts any, v *Server) (api.Conn, error)
	// Answer is the method Accept of a PendingHandshake.
	Answer func(ctx context.Context, pending, opts any, v *Server) (api.Conn, error)
	// Dial is the method Dial of a Dialer.
	Dial func(ctx context.Context, url string, dialer any, v *Client) (api.Conn, error)
)
