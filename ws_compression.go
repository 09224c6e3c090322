package ws

import "strconv"

// Compression turns permessage-deflate (RFC 7692) on: messages are compressed
// if the peer agrees to it, and sent uncompressed if not. The zero value means
// the defaults, a nil pointer no compression. It is copied before use.
//
// # What it costs
//
// With context takeover, which is the default, a message may refer to earlier
// ones. For each direction the connection then keeps the last bytes of what was
// sent: at most 2^bits, 8 KiB at the default of 13 bits, and for what it sends
// at most 8 KiB whatever the window. An idle connection keeps up to 16 KiB at
// the defaults. Without context takeover it keeps nothing.
//
// A peer whose window is not limited uses one of 15 bits, and the connection
// then keeps up to 32 KiB of what it receives, growing as that arrives. For a
// client this is a server that was not asked to limit its window by
// ServerMaxWindowBits, or that ignores the request. For a server it is a client
// that does not offer client_max_window_bits, such as Firefox: it uses context
// takeover all the same, unless ClientMaxWindowBits is 8 to 14. In that case
// memory has priority, and such a client is told not to use context takeover
// (client_no_context_takeover), so that its small messages hardly shrink. Some
// clients do not comply (Mojolicious 9.31 is one): the first message that
// refers to an earlier one fails the connection with 1007, since reading it
// would take the very memory that was to be saved.
//
// The compressor's tables come from a pool and are in use only while a message
// is written, the decompressor's while one is read.
//
// # What is compressed
//
// Messages of at least Threshold bytes are compressed, unless they would grow.
// A message that is sent uncompressed does not enter the window that both sides
// share, so later messages cannot refer to it.
//
// Do not compress a secret together with data that an attacker may choose: the
// length reveals how much the two have in common.
//
// In a browser: this option has no effect, but its values are checked.
// Chromium, Firefox and WebKit always offer compression.
type Compression struct {
	// Level is how much effort to spend, from 1 (fast) to 9 (small); 0 means 1.
	// Messages under 128 bytes (with context takeover and at level 1 up to 1
	// KiB), and those longer than a window of less than 15 bits (with context
	// takeover: than half of it), have a level of their own.
	Level int

	// Threshold is the size in bytes from which a message is compressed; 1
	// compresses all. 0 means 32 with context takeover, where JSON and text
	// shrink to half or less, and 128 without, where two thirds or more remain.
	Threshold int

	// ServerNoContextTakeover and ClientNoContextTakeover request that no
	// message of the server, or of the client, refers to earlier ones (RFC 7692
	// section 7.1.1). This saves memory on both sides, and loses most of the
	// compression of small messages. Either side may request it.
	ServerNoContextTakeover, ClientNoContextTakeover bool

	// ServerMaxWindowBits and ClientMaxWindowBits are the base-2 logarithms of
	// how many bytes back the server's, or the client's, messages may refer: 8
	// to 15. 0 means 13, which is 8 KiB, and 15 without context takeover, where
	// nothing is kept (RFC 7692 section 7.1.2). If both sides request a limit,
	// the smaller one holds; a server without a limit of its own grants what
	// the client requests. A client whose ServerMaxWindowBits is 0 requests
	// none, and offers permessage-deflate once, as browsers do: some servers
	// accept each of several offers (RFC 7692 section 5). A client whose window
	// cannot be limited uses 15 bits when ClientMaxWindowBits is 0 or 15, and
	// is otherwise told not to use context takeover.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

const (
	defaultThreshold           = 32  // with context takeover
	defaultThresholdNoTakeover = 128 // without
)

// threshold returns the size from which a message is compressed in a direction
// with or without context takeover.
func (c *Compression) threshold(takeover bool) int {
	switch {
	case c.Threshold > 0:
		return c.Threshold
	case takeover:
		return defaultThreshold
	}
	return defaultThresholdNoTakeover
}

// check returns an error for an invalid option. A nil Compression is valid.
func (c *Compression) check() error {
	if c == nil {
		return nil
	}
	const window = " is not a window: use 8 to 15 bits (RFC 7692 section 7.1.2)"
	name, n, problem := "", 0, ""
	switch {
	case c.Level < 0 || c.Level > 9:
		name, n, problem = "Level", c.Level, " is not a level: use 1 (fast) to 9 (small)"
	case c.Threshold < 0:
		name, n, problem = "Threshold", c.Threshold, " is negative: use 1 to compress every message"
	case !validWindowBits(c.ServerMaxWindowBits):
		name, n, problem = "ServerMaxWindowBits", c.ServerMaxWindowBits, window
	case !validWindowBits(c.ClientMaxWindowBits):
		name, n, problem = "ClientMaxWindowBits", c.ClientMaxWindowBits, window
	default:
		return nil
	}
	return argument("Compression."+name, strconv.Itoa(n)+problem+", or 0 for the default")
}

func validWindowBits(bits int) bool { return bits == 0 || 8 <= bits && bits <= 15 }
