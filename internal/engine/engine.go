// Package engine is the native WebSocket connection over any byte stream, in
// both roles. It never dials and never listens: the handshake has been
// completed, and frames follow on the transport.
//
// Callers drive reading and writing: there is no goroutine per connection.
// Whoever reads handles control frames; the replies that they require are
// queued in the reply slot, so that reading never waits for a slow write.
// Replies to messages that arrived together are coalesced and sent in one
// write.
package engine

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/ctxlock"
	"github.com/twinws/ws/internal/deflate"
)

// Bounds that no option changes.
const (
	// CloseWait bounds the closing handshake.
	CloseWait = 5 * time.Second
	// maxFragments bounds the frames of one message.
	maxFragments = 131_072
)

// Config is the configuration of a connection. It is constant.
type Config struct {
	// Client is the role: a client masks what it sends.
	Client bool
	// Version is the version of the protocol: in a draft, other close codes may
	// be sent, and errors name it. A transport of one of the hixie drafts has
	// to translate the frames.
	Version frame.Version
	// Subprotocol is the negotiated subprotocol.
	Subprotocol string
	// ReadLimit is the largest message to receive in bytes, negative for no
	// limit.
	ReadLimit int64
	// Idle is how long a blocked Read receives nothing before it sends a ping,
	// and Timeout how long it waits after that, or after the peer was last seen
	// to read bytes that precede the ping: negative means indefinitely. Idle 0
	// turns both off.
	Idle, Timeout time.Duration
	// WriteTimeout is how long the peer may accept no byte of what is written;
	// if the transport does not know about the peer, the transport itself. The
	// connection then ends, after at most twice that. 0 means no limit.
	WriteTimeout time.Duration
	// Buffered are bytes that were read from the transport together with the
	// handshake.
	Buffered []byte
	// Deflate are the negotiated parameters of permessage-deflate, nil if it is
	// off.
	Deflate *Deflate
	// NoGather makes every Write wait until the transport has accepted its
	// message. Otherwise it may coalesce messages, up to 64 KiB and 1 ms, while
	// a whole message waits to be read or another Write is in progress.
	NoGather bool
	// CutOffBreaks says that the transport cannot be written to after a write
	// deadline has passed, as with TLS.
	CutOffBreaks bool
	// KeepsDeadlines says that the transport is known to return from a blocked
	// call when its deadline has passed. Otherwise this is verified.
	KeepsDeadlines bool
	// Clock enforces time limits. nil means one of the connection's own. A
	// Clock shared among in-memory transports must not be used in
	// testing/synctest.
	Clock *Clock
	// Keys generates a frame's masking key; nil means crypto/rand.
	Keys func() [4]byte
	// OnPing and OnPong are called by whoever reads, with the payload of each
	// ping and pong, valid during the call; nil for none. They must not read.
	OnPing, OnPong func(payload []byte)
}

// Deflate are the parameters of permessage-deflate (RFC 7692) as this side sees
// them.
type Deflate struct {
	// Level is from 1 to 9, 0 for the default.
	Level int
	// Threshold is the smallest message to compress, in bytes.
	Threshold int
	// SendBits and ReceiveBits are the windows, 8 to 15.
	SendBits, ReceiveBits int
	// SendTakeover and ReceiveTakeover say that a message may refer to earlier
	// ones.
	SendTakeover, ReceiveTakeover bool
	// Answer is the server's Sec-WebSocket-Extensions.
	Answer string
}

// Conn is a connection. Its methods are those of api.Conn; arguments have been
// checked by the caller.
//
// There may be a million idle ones, so what only some need, or only
// temporarily, is behind pointers: see TestConnSize.
type Conn struct {
	cfg       *settings // constant
	transport Transport // constant
	socket    socket    // constant

	// The locks that are held while waiting for the peer. Whoever has one has a
	// value for it, through which what it protects is used: an input for
	// reading, a sender for sending, a turn for wire. sending is for a whole
	// data message, wire for one frame. ARCHITECTURE.md has their order.
	reading, sending, wire ctxlock.Lock

	in      *input        // protected by reading: nil before the first, and while it waits at rest
	rules   frame.Rules   // protected by reading
	pace    pace          // protected by reading: of the input, while there is none
	pinged  bool          // protected by reading: a keepalive ping was sent or is due
	behind  bool          // protected by reading: when last checked, bytes up to it waited to be sent
	silence time.Duration // protected by reading: time waited without a byte received

	mu      sync.Mutex
	closing closing // protected by mu
	out     *block  // protected by mu: coalesced frames; see place
	// pingOut is when the keepalive ping was sent, by nanos: 0 before it is
	// due, pingDue while it waits.
	pingOut int64 // protected by mu

	reads, writes watch        // of operations on the transport
	alarm         atomic.Int64 // when the clock checks the watches; 0 for never, or ended
	index         int32        // protected by the clock's mu: of the alarm

	seen     uint32        // protected by reading: what the peer had received when last checked
	written  atomic.Uint32 // bytes that the transport accepted, modulo 2^32
	open     atomic.Bool   // mirrors closing.state == stateOpen
	due      atomic.Bool   // set when replies or out must be sent, under mu
	later    atomic.Uint32 // ahead and held; set under mu
	buffered atomic.Int64  // payload bytes accepted and not yet written, except those in out

	rare atomic.Pointer[rare] // nil until it is needed: see more
}

// rare is the part of a connection that was pinged, coalesced messages, was
// given contexts that can end, or compresses.
type rare struct {
	replies replies // protected by mu
	pings   pings   // protected by mu
	broken  error   // protected by mu: why the transport cannot be written to
	ticker  *ticker // protected by mu; nil while nothing is coalesced

	interrupts atomic.Pointer[interrupts] // nil until a context can end

	lifetime *lifetime // protected by mu; nil until requested

	compression *compression // constant; nil without
}

// endLocked drops what an ended connection does not need.
func (r *rare) endLocked(err error) {
	r.replies = replies{}
	if r.ticker != nil {
		r.ticker.timer.Stop()
		r.ticker = nil
	}
	r.pings.finish(len(r.pings.wait), err)
	if r.lifetime != nil {
		r.lifetime.end(err)
	}
}

// more returns c's rare, and creates it if there is none.
func (c *Conn) more() *rare {
	r := c.rare.Load()
	if r == nil {
		r = new(rare)
		if !c.rare.CompareAndSwap(nil, r) {
			r = c.rare.Load()
		}
	}
	return r
}

// compression is what permessage-deflate needs.
type compression struct {
	sent     *deflate.Compressor   // protected by sending
	received *deflate.Decompressor // protected by reading
}

// New returns a connection on t after the handshake.
func New(t Transport, cfg Config) *Conn {
	c := new(Conn)
	c.Init(t, cfg)
	return c
}

// Init initializes c, which is zero, as New does.
func (c *Conn) Init(t Transport, cfg Config) {
	c.cfg, c.transport, c.rules = cfg.settings(), t, frame.Rules{Masked: !cfg.Client}
	c.socket = c.newSocket(t)
	c.pace.most = largestRead(t)
	if d := cfg.Deflate; d != nil {
		c.rules.RSV1 = true
		c.more().compression = &compression{
			sent:     deflate.NewCompressor(d.Level, d.SendBits, d.SendTakeover),
			received: deflate.NewDecompressor(d.ReceiveBits, d.ReceiveTakeover),
		}
	}
	if len(cfg.Buffered) > 0 {
		c.wake().buf.adopt(cfg.Buffered)
	}
	c.open.Store(true)
}

// Subprotocol returns the negotiated subprotocol.
func (c *Conn) Subprotocol() string { return c.cfg.Subprotocol }

// BufferedAmount returns the payload bytes that writers have passed in and the
// transport has not accepted.
func (c *Conn) BufferedAmount() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.buffered.Load()
	if c.out != nil {
		n += c.out.payload
	}
	return n
}

// Version returns the version of the protocol.
func (c *Conn) Version() frame.Version { return c.cfg.Version }

// Client reports the connection's role.
func (c *Conn) Client() bool { return c.cfg.Client }

// Deflate returns the negotiated parameters of permessage-deflate; it reports
// false if it is off.
func (c *Conn) Deflate() (d Deflate, on bool) {
	r := c.rare.Load()
	return c.cfg.Deflate, r != nil && r.compression != nil
}

// RemoteAddr returns the peer's address, nil for a transport without addresses.
func (c *Conn) RemoteAddr() net.Addr {
	if t, ok := c.transport.(Addressed); ok {
		return t.RemoteAddr()
	}
	return nil
}

// LocalAddr returns the transport's own address, nil for a transport without
// addresses.
func (c *Conn) LocalAddr() net.Addr {
	if t, ok := c.transport.(Addressed); ok {
		return t.LocalAddr()
	}
	return nil
}

// HTTPVersion returns the version of HTTP by which the connection was opened:
// what the stream says, otherwise "HTTP/1.1".
func (c *Conn) HTTPVersion() string {
	if t, ok := c.transport.(Versioned); ok {
		return t.HTTPVersion()
	}
	return "HTTP/1.1"
}

// CanSend reports whether code may be sent in a close frame.
func (c *Conn) CanSend(code api.StatusCode) bool { return code.Sendable() }
