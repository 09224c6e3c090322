// Package engine is the native WebSocket connection over any byte stream, in
// both roles. It never dials and never listens: a handshake has been made, and
// what follows on the stream are frames.
//
// Reading and writing are pulled by the caller: there is no goroutine per
// connection. Control frames are handled by whoever reads; what they oblige
// this side to send waits in the reply slot, so that reading never waits for a
// slow write. The same holds for replies to messages that came many at a time:
// they are gathered and sent in one piece.
package engine

import (
	"io"
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

// Stream is the byte stream below a connection. Read and Write may be called
// at the same time. Deadlines in the past interrupt calls that wait, and Close
// ends them, as with a net.Conn. One of the two is enough: a call that does not
// come back within 1 s of its deadline is ended by Close, and the connection
// with it (ErrDeadlinesIgnored). Who has a net.Conn whose SetDeadline returns
// an error gives it deadlines before: see package deadline.
//
// A Stream may have further methods, which are used when they are there:
// CloseWrite() error ends its sending half; Abort() error ends it at once,
// without the farewell that Close may send; AwaitRead() error waits until Read
// would not wait, by the deadline for reading, so that no memory is held
// meanwhile; Progress() (Progress, error) tells how far the peer is with what
// was written, and NetConn() net.Conn what is below that may know. Large
// messages are written to a *net.TCPConn or *net.UnixConn without copying them
// together.
type Stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// awaitable is a Stream that says when there is something to read.
type awaitable interface{ AwaitRead() error }

// Config is what a connection is told about itself. It is not changed later.
type Config struct {
	// Client is the role: a client masks what it sends.
	Client bool
	// Subprotocol is what the handshake agreed on.
	Subprotocol string
	// ReadLimit is the largest message to read in bytes, less than 0 for none.
	ReadLimit int64
	// Idle is how long a waiting Read hears nothing before it sends a ping,
	// and Timeout how long it waits after that, or after the peer was last seen
	// to take bytes that the ping waits behind: less than 0 is for ever. Idle 0
	// turns both off.
	Idle, Timeout time.Duration
	// WriteTimeout is how long the peer may take no byte of what is written, or
	// of a stream that does not know the stream itself; the connection then
	// ends, after twice that at the latest. 0 is for ever.
	WriteTimeout time.Duration
	// Buffered are bytes that were read from the stream with the handshake.
	Buffered []byte
	// Deflate is what permessage-deflate agreed on, nil when it is off.
	Deflate *Deflate
	// NoGather has every Write wait until the stream has taken its message.
	// Otherwise it may hold messages back, 64 KiB and 1 ms at most, while a
	// whole message waits to be read or another Write is at work.
	NoGather bool
	// CutOffBreaks says that the stream cannot be written any more after a
	// write deadline has passed, as with TLS.
	CutOffBreaks bool
	// KeepsDeadlines says that the stream is known to return from a call that
	// waits once its deadline has passed. Others are watched.
	KeepsDeadlines bool
	// Clock watches over waits. nil means one of the connection's own. Who
	// shares one among streams in memory keeps them out of testing/synctest.
	Clock *Clock
	// Keys draws a frame's mask key; nil means crypto/rand.
	Keys func() [4]byte
	// OnPing and OnPong are called by whoever reads with the payload of each
	// ping and pong, which is theirs during the call; nil for none. They must
	// not read.
	OnPing, OnPong func(payload []byte)
}

// Deflate are the parameters of permessage-deflate (RFC 7692) as this side
// sees them.
type Deflate struct {
	// Level is from 1 to 9, 0 for the default.
	Level int
	// Threshold is the smallest message to compress, in bytes.
	Threshold int
	// SendBits and ReceiveBits are the windows, 8 to 15.
	SendBits, ReceiveBits int
	// SendTakeover and ReceiveTakeover say that a message may refer to those
	// before it.
	SendTakeover, ReceiveTakeover bool
	// Answer is what the server's Sec-WebSocket-Extensions said.
	Answer string
}

// Conn is one connection. Its methods follow api.Conn; arguments have been
// checked by the caller.
//
// There may be a million that wait, so what only some need, or only for a
// while, stands behind pointers: see TestConnSize.
type Conn struct {
	cfg    *settings // constant
	stream Stream    // constant
	socket socket    // constant

	// reading is held by whoever reads from the stream: see lockReading.
	reading ctxlock.Lock
	*incoming
	rules   frame.Rules   // protected by reading
	pace    pace          // protected by reading: that of the input, while there is none
	pinged  bool          // protected by reading: a keepalive ping is out or due
	behind  bool          // protected by reading: at the last look it, or other bytes, had to wait
	silence time.Duration // protected by reading: waited without a byte

	// sending is held for a whole outgoing data message, wire for one frame.
	// Who takes both takes sending first.
	sending ctxlock.Lock
	wire    ctxlock.Lock

	mu      sync.Mutex
	closing closing // protected by mu
	out     *block  // protected by mu: what is held back; see place
	// pingOut is when the keepalive ping went out, by nanos: 0 before it is
	// due, pingDue while it waits.
	pingOut int64 // protected by mu

	reads, writes watch        // over the stream's operations
	alarm         atomic.Int64 // when the clock looks at the watches, 0 for never, ended
	index         int32        // protected by the clock's mu: of the alarm

	seen     uint32        // protected by reading: what the peer had taken at the last look
	written  atomic.Uint32 // bytes that the stream took, modulo 2^32
	open     atomic.Bool   // mirrors closing.state == stateOpen
	due      atomic.Bool   // set when replies or out is to be sent, under mu
	later    atomic.Uint32 // ahead and held; set under mu
	buffered atomic.Int64  // payload bytes accepted and not yet written, but those in out

	rare atomic.Pointer[rare] // nil until it is needed: see more
}

// rare is what a connection has that was pinged, wrote several messages at
// once, was given contexts that can end, or compresses.
type rare struct {
	replies replies // protected by mu
	pings   pings   // protected by mu
	broken  error   // protected by mu: why the stream takes no more bytes
	ticker  *ticker // protected by mu; nil while nothing is held back

	interrupts atomic.Pointer[interrupts] // nil until a context can end

	lifetime *lifetime // protected by mu; nil until it is asked for

	*compression // constant; nil without
}

// end drops what an ended connection does not need. The caller holds mu.
func (r *rare) end(err error) {
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

// more returns c's rare, and makes it if there is none.
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

// New returns the connection that goes on where the handshake on s ended.
func New(s Stream, cfg Config) *Conn {
	c := new(Conn)
	c.Init(s, cfg)
	return c
}

// Init makes c, which is new, what New returns.
func (c *Conn) Init(s Stream, cfg Config) {
	c.cfg, c.stream, c.rules = cfg.settings(), s, frame.Rules{Masked: !cfg.Client}
	c.socket = c.newSocket(s)
	c.pace.most = largestRead(s)
	if d := cfg.Deflate; d != nil {
		c.rules.RSV1 = true
		c.more().compression = &compression{
			sent:     deflate.NewCompressor(d.Level, d.SendBits, d.SendTakeover),
			received: deflate.NewDecompressor(d.ReceiveBits, d.ReceiveTakeover),
		}
	}
	if len(cfg.Buffered) > 0 {
		c.wake()
		c.in.adopt(cfg.Buffered)
	}
	c.open.Store(true)
}

// Subprotocol returns what the handshake agreed on.
func (c *Conn) Subprotocol() string { return c.cfg.Subprotocol }

// BufferedAmount returns the payload bytes that writers have handed over and
// the stream has not taken.
func (c *Conn) BufferedAmount() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.buffered.Load()
	if c.out != nil {
		n += c.out.payload
	}
	return n
}

// Client reports the connection's role.
func (c *Conn) Client() bool { return c.cfg.Client }

// Deflate returns what permessage-deflate agreed on; it reports false when it
// is off.
func (c *Conn) Deflate() (d Deflate, on bool) {
	r := c.rare.Load()
	return c.cfg.Deflate, r != nil && r.compression != nil
}

// RemoteAddr returns the peer's address, nil for a stream that knows none.
func (c *Conn) RemoteAddr() net.Addr {
	if s, ok := c.stream.(interface{ RemoteAddr() net.Addr }); ok {
		return s.RemoteAddr()
	}
	return nil
}

// LocalAddr returns the stream's own address, nil for a stream that knows none.
func (c *Conn) LocalAddr() net.Addr {
	if s, ok := c.stream.(interface{ LocalAddr() net.Addr }); ok {
		return s.LocalAddr()
	}
	return nil
}

// CanSend reports whether code may stand in a close frame.
func (c *Conn) CanSend(code api.StatusCode) bool { return code.Sendable() }
