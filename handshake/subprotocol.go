package handshake

import (
	"net/http"
	"slices"

	"github.com/twinws/ws/api"
)

// checkSubprotocols enforces RFC 6455 section 4.1 item 10: tokens, all
// different.
func checkSubprotocols(names []string) error {
	for i, name := range names {
		switch {
		case !isToken(name):
			return &api.ArgumentError{Name: "Subprotocols", Problem: quote(name) +
				" is not a token: use letters, digits and !#$%&'*+-.^_`|~ only"}
		case slices.Contains(names[:i], name):
			return &api.ArgumentError{Name: "Subprotocols", Problem: quote(name) + " is named twice"}
		}
	}
	return nil
}

// chooseSubprotocol returns the first of the server's subprotocols that the
// client offers, "" if there is none (RFC 6455 section 4.2.2 item 4). Names are
// compared byte for byte. Each offer is read once; one that is not a token
// makes the handshake fail.
func chooseSubprotocol(h Fields, server []string) (string, *api.HandshakeError) {
	best := len(server)
	for i := range h {
		if !equalFold(h[i].Name, "Sec-WebSocket-Protocol") {
			continue
		}
		for offer := range elements(h[i].Value) {
			if !isToken(offer) {
				return "", refuse(http.StatusBadRequest, "Sec-WebSocket-Protocol: "+quote(offer)+
					" is not a token (RFC 6455 section 4.1 item 10)")
			}
			if at := slices.Index(server[:best], offer); at >= 0 {
				best = at
			}
		}
	}
	if best == len(server) {
		return "", nil
	}
	return server[best], nil
}
