//go:build !js

package ws

import "github.com/twinws/ws/internal/opening"

// SOCKSError is the Cause of a *HandshakeError when a SOCKS proxy refused. The
// other failures of such a proxy, also that it ended the connection without a
// reply as ssh -D does, have another Cause; all have the proxy's name in Proxy.
type SOCKSError struct {
	// Reply is the code with which the proxy refused to connect to the server,
	// from 1 to 255 (RFC 1928 section 6): 1 general failure, 2 not allowed by
	// ruleset, 3 network unreachable, 4 host unreachable, 5 connection refused,
	// 6 TTL expired, 7 command not supported, 8 address type not supported. 0
	// if it refused the client before that: it accepts no client without
	// credentials, or rejects those of its URL.
	Reply byte
}

// Error returns the code and its meaning.
func (e *SOCKSError) Error() string { return opening.Refused(e.Reply).Error() }
