//go:build !js

package legacy

import (
	"net/http"

	"github.com/twinws/ws/handshake"
)

// Draft is a version of the WebSocket protocol.
type Draft int

const (
	// RFC6455 is the standard of December 2011, version 13: every browser of
	// today.
	RFC6455 Draft = iota
	// Hixie75 is draft-hixie-thewebsocketprotocol-75 of February 2010: Chrome
	// 4 and 5, Safari 5.0.0.
	Hixie75
	// Hixie76 is draft-hixie-thewebsocketprotocol-76 of May 2010, and
	// draft-ietf-hybi-thewebsocketprotocol-00, which is the same: Chrome 6 to
	// 13, Safari 5.0.1 to 5.1, iOS 4.2 to 5; Firefox 4 and Opera 11, if
	// switched on.
	Hixie76
	// Hybi07 is draft-ietf-hybi-thewebsocketprotocol-07 of April 2011, version
	// 7: Firefox 6.
	Hybi07
	// Hybi10 is draft-ietf-hybi-thewebsocketprotocol-10 of July 2011, version
	// 8, which drafts 08 to 12 share: Firefox 7, Chrome 14.
	Hybi10
)

// String returns the name in use: "hixie-75", "hixie-76", "hybi-07", "hybi-10",
// "RFC 6455"; "Draft(9)" for none of them.
func (d Draft) String() string { return handshake.Draft(d).String() }

func (d Draft) known() bool { return d >= RFC6455 && d <= Hybi10 }

// DraftOf returns the version that r, a request for an upgrade to WebSocket,
// asks for. It reports false for a request that is none, or that asks for a
// version which this package does not speak.
//
// Sec-WebSocket-Version tells RFC 6455 (13), hybi-10 (8) and hybi-07 (7).
// Without it, Sec-WebSocket-Key1 and Sec-WebSocket-Key2 tell hixie-76, and
// neither of them hixie-75.
func DraftOf(r *http.Request) (Draft, bool) {
	d, ok := handshake.DraftOf(handshake.FromHTTP(r))
	return Draft(d), ok
}
