// Package apitest is the conformance suite of [api.Conn], for every
// implementation. Each case states its reason: the sentence of the contract,
// and the section of RFC 6455 or of the WHATWG WebSockets standard that it
// follows from.
//
// Where implementations differ, a case asserts the difference; nothing is
// skipped. The server is that of package testserver/server.
package apitest

import (
	"context"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// Backend is one implementation, in one home, and the test server to run
// against.
type Backend struct {
	// URL is the server's root, "ws://127.0.0.1:8080", without a slash at its
	// end.
	URL string
	// Echo is the path of the echo endpoint: "/echo", or another one of the
	// server.
	Echo string
	// Browser is true for the js build, false for the native one.
	Browser bool
	// Differs says in what the WebSocket object differs from the standard. It
	// is used only if Browser is true.
	Differs Differences
	// Draft is the version of the protocol; the zero value is RFC 6455. A
	// browser has no other.
	Draft Draft
	// ExtendedConnect: connections are opened by a CONNECT of HTTP/2 or HTTP/3
	// (RFC 8441, RFC 9220). Any status of 2xx accepts, and the response has no
	// Upgrade, Connection and Sec-WebSocket-Accept that could be wrong.
	ExtendedConnect bool
	// Dial opens a connection.
	Dial func(ctx context.Context, url string, o Options) (api.Conn, error)
}

// Options are the options that the cases pass to Dial. The zero value means the
// defaults.
type Options struct {
	Subprotocols []string
	Header       map[string][]string
	ReadLimit    int64
	WriteBuffer  int64
	// Idle, if not 0, is both times of the keepalive. A browser has none, and
	// its Dial ignores it.
	Idle time.Duration
}

// A rule is a sentence of the contract, which holds natively and in a browser.
type rule string

const (
	cancelling rule = "Cancelling is not closing"
	drains     rule = "Read drains before it reports"
	typed      rule = "Errors are typed"
	bounded    rule = "Every wait is bounded"
	keepalive  rule = "Keepalive judges only what it can see"
	alone      rule = "Close never needs help"
	honest     rule = "Never pretend"
	closes     rule = "Close always closes"
	safe       rule = "Safe by default"
	whole      rule = "Messages arrive whole, unchanged and in order"
)

// testCase is one test of a sentence of the contract.
type testCase struct {
	name string
	rule rule
	why  string
	// waits marks a case that waits for a time limit of seconds; those run in
	// parallel.
	waits bool
	run   func(t *trial)
}

// cases returns the whole suite.
func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{
		messageCases, textCases, streamCases, cancelCases, dialCases, handshakeCases, optionCases, closeCases,
		closeWaitCases, boundCases, endCases, limitCases, brokenCases, pingCases, writeCases, togetherCases,
	} {
		all = append(all, part...)
	}
	return all
}

// Names returns the name of every case, so that a runner of the suite in
// another process can verify that none is missing.
func Names() []string {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return names
}

// Run runs every case against b, each in a subtest. A case fails if it leaks a
// goroutine.
func Run(t *testing.T, b Backend) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			if c.waits {
				t.Parallel()
			}
			try(t, b, c)
		})
	}
}
