// Package contestant has the servers and clients that are measured: this
// library, its peers, and bare TCP loops that show the cost of the kernel and
// the Go runtime alone. A server echoes every message; each runs in a process
// of its own.
//
// A peer is configured as its own README recommends; Settings has the settings,
// and where the benchmark requires others, the difference.
package contestant

import (
	"context"
	"net"
	"slices"
	"strings"
)

// Deflate is how permessage-deflate (RFC 7692) is to be agreed on.
type Deflate string

const (
	Off      Deflate = ""
	Fresh    Deflate = "fresh"    // no context takeover, either way
	Takeover Deflate = "takeover" // context takeover, both ways
)

// Setup says what a server does in addition to echoing.
type Setup struct {
	Deflate Deflate
	// Room keeps the connections together for broadcasts.
	Room bool
	// Idle says that the memory of connections that wait is measured.
	Idle bool
}

// Broadcast sends p as one text message to every connection, prepared once
// where the library can.
type Broadcast func(p []byte) error

// Next is given the reply to the last message, nil at first, and returns the
// next one to send, nil when it was the last. The reply is valid only during
// the call.
type Next func(reply []byte) []byte

// Client is a connection that a contestant dialed.
type Client interface {
	// Talk sends what next returns and hands it the replies, one at a time.
	Talk(next Next) error
	Close()
}

// Contestant is a library in one of its ways of use.
type Contestant struct {
	Name     string
	Settings string
	Peer     bool // another library, not ours and no bare loop
	Deflates []Deflate
	// EchoOnly says that another contestant differs in nothing but echoing.
	EchoOnly bool

	// Serve accepts connections on ln until that is closed.
	Serve func(ln net.Listener, s Setup) Broadcast
	// Dial is nil when the contestant is a server alone.
	Dial func(ctx context.Context, addr string) (Client, error)
}

// CanDeflate reports whether the contestant can agree to d.
func (c *Contestant) CanDeflate(d Deflate) bool { return d == Off || slices.Contains(c.Deflates, d) }

// All are the contestants, this library first and the bare loops last.
var All = []*Contestant{
	ours, oursAccept, oursHandler,
	gorilla, coder, coderStream, gobwas, gobwasLow, gwsContestant,
	raw, rawGather,
}

// Find returns the contestant called name, nil when there is none. What stands
// behind an @ in name does not count.
func Find(name string) *Contestant {
	name, _, _ = strings.Cut(name, "@")
	for _, c := range All {
		if c.Name == name {
			return c
		}
	}
	return nil
}
