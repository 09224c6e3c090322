//go:build !js

package interop

import (
	"context"
	"testing"

	"github.com/twinws/ws"
)

// spec is what a peer is told about one connection.
type spec struct {
	URL      string `json:"url"` // what it dials; "" to serve
	Seed     uint64 `json:"seed"`
	Messages int    `json:"messages"` // to send and to compare, or to echo
	InFlight int    `json:"inFlight"` // bounds the messages it has not seen again
	Deflate  params `json:"deflate"`  // nil: without compression

	// How the connection ends after the last message, and who begins.
	PeerCloses bool          `json:"peerCloses"`
	Code       ws.StatusCode `json:"code"` // StatusNoStatusRcvd: an empty close frame
	Reason     string        `json:"reason"`
}

// params are what a peer wants of permessage-deflate, by their names in RFC
// 7692 section 7.1: true, or window bits. What is not named is the peer's
// default.
type params map[string]any

// report is what a peer says about a connection that has ended.
type report struct {
	Error      string        `json:"error"`      // what it found wrong; "" for nothing
	Messages   int           `json:"messages"`   // compared, or echoed
	Pieces     int           `json:"pieces"`     // in how many it sent them, about
	Extensions string        `json:"extensions"` // the server's Sec-WebSocket-Extensions
	Code       ws.StatusCode `json:"code"`       // of our close frame, as it saw it
	Reason     string        `json:"reason"`
}

// session is a peer at work: on one connection for each spec, in their order
// when it dials, in any order when it serves.
type session struct {
	urls    []string           // where it serves each spec
	reports func() report      // the next one
	end     context.CancelFunc // nothing more is wanted of it
}

// A peer is an implementation of RFC 6455 other than ours.
type peer struct {
	name string
	// missing says what to install, "" when the peer is there.
	missing func() string
	// start begins a session, which ends with ctx.
	start func(ctx context.Context, t *testing.T, specs []spec) session
	// fixedWindow peers can neither limit their window nor promise so.
	fixedWindow bool
	// alwaysCode peers do not send a close frame without a code of their own.
	alwaysCode bool
}
