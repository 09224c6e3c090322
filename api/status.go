package api

import (
	"strconv"
	"strings"
)

// StatusCode is the number in a close frame that says why a connection ended
// (RFC 6455 section 7.4, and the IANA WebSocket Close Code Number Registry).
type StatusCode int

const (
	StatusNormalClosure           StatusCode = 1000 // the purpose is fulfilled
	StatusGoingAway               StatusCode = 1001 // the server shuts down, or the user left the page
	StatusProtocolError           StatusCode = 1002 // the peer violated RFC 6455
	StatusUnsupportedData         StatusCode = 1003 // a type of message that this side does not accept
	StatusNoStatusRcvd            StatusCode = 1005 // never sent: the peer's close frame was empty
	StatusAbnormalClosure         StatusCode = 1006 // never sent: the stream ended without a close frame
	StatusInvalidFramePayloadData StatusCode = 1007 // text that is not UTF-8, or data that cannot be decompressed
	StatusPolicyViolation         StatusCode = 1008 // a rule of this side for which there is no other code
	StatusMessageTooBig           StatusCode = 1009 // a message over the read limit
	StatusMandatoryExtension      StatusCode = 1010 // the server did not negotiate an extension
	StatusInternalError           StatusCode = 1011 // this side failed
	StatusServiceRestart          StatusCode = 1012
	StatusTryAgainLater           StatusCode = 1013
	StatusBadGateway              StatusCode = 1014
	StatusTLSHandshake            StatusCode = 1015 // never sent: TLS failed
)

// Sendable reports whether c may be sent in a close frame (RFC 6455 section
// 7.4.2): 1000-1003, 1007-1014 and 3000-4999.
//
// In a browser: only 1000 and 3000-4999 can be sent; see [StatusCode.Portable].
func (c StatusCode) Sendable() bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	}
	return false
}

// Portable reports whether c can be sent natively and in a browser: 1000 and
// 3000-4999, the codes that the WHATWG standard allows in WebSocket.close.
func (c StatusCode) Portable() bool {
	return c == StatusNormalClosure || c >= 3000 && c <= 4999
}

// statusNames are the names of codes, as one text to keep pages small.
const statusNames = `
1000 normal closure
1001 going away
1002 protocol error
1003 unsupported data
1005 no status received
1006 abnormal closure
1007 invalid frame payload data
1008 policy violation
1009 message too big
1010 mandatory extension
1011 internal error
1012 service restart
1013 try again later
1014 bad gateway
1015 TLS handshake
`

// String returns the number and, where RFC 6455 or IANA gives one, the name:
// "1001 going away".
func (c StatusCode) String() string {
	n := strconv.Itoa(int(c))
	_, name, ok := strings.Cut(statusNames, "\n"+n+" ")
	if !ok {
		return n
	}
	name, _, _ = strings.Cut(name, "\n")
	return n + " " + name
}
