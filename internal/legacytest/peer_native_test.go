//go:build !js

package legacytest

import (
	"slices"
	"strings"

	"github.com/twinws/ws"
	"github.com/twinws/ws/legacy"
)

// spec is what a peer is told about its one connection.
type spec struct {
	Role    string `json:"role"`    // "client" or "server"
	Version int    `json:"version"` // 75, 76, 7, 8 or 13
	Port    int    `json:"port"`    // what a client dials, on 127.0.0.1
	Origin  string `json:"origin"`  // what a client sends

	// Offers are the subprotocols that a client offers and a server knows.
	Offers []string `json:"offers"`

	// Batches are the messages of a client. It sends one batch, reads its
	// echoes and compares them, and goes on. Messages is how many there are in
	// all: after so many a server does not expect another.
	Batches  [][]message `json:"batches"`
	Messages int         `json:"messages"`

	// How the connection ends after the last message, and who begins. Code 0 is
	// a close without a code. The hixie drafts have neither code nor reason.
	PeerCloses bool          `json:"peerCloses"`
	Code       ws.StatusCode `json:"code"`
	Reason     string        `json:"reason"`
}

// report is what a peer says about its connection when that has ended.
type report struct {
	Library     string        `json:"library"`  // its version
	Error       string        `json:"error"`    // what it found wrong; "" for nothing
	Messages    int           `json:"messages"` // compared, or echoed
	Ended       string        `json:"ended"`    // "close": by a close frame of ours; "eof": by the end of TCP alone
	Code        ws.StatusCode `json:"code"`     // of our close frame, 0 for none
	Reason      string        `json:"reason"`
	Subprotocol string        `json:"subprotocol"` // a client's: the server's choice
}

// peer is an implementation of the drafts that shares no code with ours.
type peer struct {
	name    string
	version string   // what the table and the faults below are about
	command []string // within testdata
	missing func() string

	client, server []legacy.Draft

	// What it gets wrong, with the test that shows it.

	// asciiReason: close frames of hybi whose reason is not ASCII are refused.
	// TestGemRefusesReason.
	asciiReason bool
	// noNoncharacters: text arrives with U+FFFD in place of noncharacters.
	// TestPerlLosesNoncharacters.
	noNoncharacters bool
	// trimsChallenge: a server of hixie-76 that answers wrongly where one of
	// the 8 bytes behind the request is white space or NUL, at the ends. Its
	// handshakes fail by chance, 1 in 18 of them. TestGemTrimsChallenge.
	trimsChallenge bool
}

const (
	hixie75 = legacy.Hixie75
	hixie76 = legacy.Hixie76
	hybi07  = legacy.Hybi07
	hybi10  = legacy.Hybi10
	rfc6455 = legacy.RFC6455
)

var (
	all   = []legacy.Draft{hixie75, hixie76, hybi07, hybi10, rfc6455}
	no7   = []legacy.Draft{hixie75, hixie76, hybi10, rfc6455}
	hixie = []legacy.Draft{hixie75, hixie76, rfc6455}
	hybi  = []legacy.Draft{hybi10, rfc6455}
)

var (
	gemPeer = peer{name: "gem websocket", version: "1.2.9", command: []string{"ruby", "ruby/gem.rb"},
		missing: missingRuby, client: all, server: all, asciiReason: true, trimsChallenge: true}
	rubyDriverPeer = peer{name: "gem websocket-driver", version: "0.6.3", command: []string{"ruby", "ruby/driver.rb"},
		missing: missingRuby, server: all}
	// Its server takes every version below 13 for 8: hybi-07 is served as such.
	perlPeer = peer{name: "Protocol::WebSocket", version: "0.26", command: []string{"perl", "perl/peer.pl"},
		missing: missingPerl, client: no7, server: all, noNoncharacters: true}
	driver7Peer = peer{name: "npm websocket-driver", version: "0.7.5", command: []string{"node", "node/peer.mjs", "websocket-driver"},
		missing: missingNode, server: hixie}
	// It has to be asked to serve the older drafts since this version.
	driver8Peer = peer{name: "npm websocket-driver", version: "0.8.0", command: []string{"node", "node/peer.mjs", "websocket-driver-0.8"},
		missing: missingNode, server: hixie}
	wsPeer = peer{name: "npm ws", version: "8.23.0", command: []string{"node", "node/peer.mjs", "ws"},
		missing: missingNode, client: hybi, server: hybi}
	websocketPeer = peer{name: "npm websocket", version: "1.0.35", command: []string{"node", "node/peer.mjs", "websocket"},
		missing: missingNode, client: hybi, server: hybi}
)

var peers = []peer{gemPeer, rubyDriverPeer, perlPeer, driver7Peer, driver8Peer, wsPeer, websocketPeer}

// number is what a draft is called in a spec.
func number(d legacy.Draft) int {
	return map[legacy.Draft]int{hixie75: 75, hixie76: 76, hybi07: 7, hybi10: 8, rfc6455: 13}[d]
}

// isHixie tells drafts that have text only, and closes without a code.
func isHixie(d legacy.Draft) bool { return d == hixie75 || d == hixie76 }

func (p peer) speaks(d legacy.Draft, role string) bool {
	if role == "client" {
		return slices.Contains(p.client, d)
	}
	return slices.Contains(p.server, d)
}

// closings are how connections of the versions with close codes end. A reason
// has 123 bytes at most (RFC 6455 section 5.5).
var closings = []struct {
	code   ws.StatusCode
	reason string
}{
	{4000, "tschüß 日本 🙂"},
	{ws.StatusNormalClosure, ""},
	{ws.StatusGoingAway, "going away"},
	{ws.StatusInternalError, "日本語"},
	{3000, ""},
	{4999, strings.Repeat("private", 17) + "ende"},
}

// ending has connection i end in one of the ways: with a code and a reason
// where there are any.
func (s *spec) ending(i int, p peer, d legacy.Draft, peerCloses bool) {
	s.PeerCloses = peerCloses
	if isHixie(d) {
		return
	}
	c := closings[i%len(closings)]
	s.Code, s.Reason = c.code, c.reason
	if p.asciiReason && strings.ContainsFunc(c.reason, func(r rune) bool { return r > 0x7f }) {
		s.Reason = "bye"
	}
}
