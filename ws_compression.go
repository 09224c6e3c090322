package ws

import "strconv"

// Compression turns permessage-deflate (RFC 7692) on: messages are compressed
// when the peer agrees to it, and sent as they are when it does not. The zero
// value means the defaults, a nil pointer no compression. It is copied before
// use.
//
// # What it costs
//
// With context takeover, which is the default, a message may refer to those
// before it, and for each direction the connection keeps the end of what was
// said: 2^bits bytes at most, 8 KiB at the default of 13 bits, and 8 KiB at
// most for what it sends whatever the window. An idle connection so holds up to
// 16 KiB at the defaults. Without takeover it holds nothing.
//
// A peer whose window is not limited has one of 15 bits, and the connection
// then holds up to 32 KiB for what it receives, as that comes in. To a client
// that is a server that it did not ask to limit itself, by ServerMaxWindowBits,
// or that does not when asked. To a server it is a client
// that does not offer client_max_window_bits, as Firefox does not: it keeps its
// context all the same, unless ClientMaxWindowBits is 8 to 14. Then memory
// comes first, and such a client is told not to use its context
// (client_no_context_takeover), so that its small messages hardly shrink. Some
// clients do not do as they are told (Mojolicious 9.31 is one): the first
// message that refers to one before it fails the connection with 1007, since
// reading it would take just the memory that was to be saved.
//
// The compressor's tables come from a pool and are held while a message is
// being written, the inflater's while one is being read.
//
// # What is compressed
//
// Messages from Threshold bytes on, unless they would become larger. A message
// that is sent as it is does not enter the window that both sides share, and so
// what comes later cannot refer to it.
//
// Do not compress what holds a secret beside something that an attacker may
// choose: the length tells how much the two have in common.
//
// In a browser: the browser decides by itself, and offers it always; this
// option changes nothing there but that its values are checked.
type Compression struct {
	// Level is how long to look for matches, from 1 (fast) to 9 (small); 0
	// means
	// 1. Messages under 128 bytes (with takeover and at level 1 up to 1 KiB),
	//    and those
	// longer than a window of less than 15 bits (with takeover than half of
	// it), have a level of their own.
	Level int

	// Threshold is the size in bytes from which on a message is compressed; 1
	// compresses all. 0 means 32 with takeover, from where on JSON and text
	// shrink to half and better, and 128 without, where they keep two thirds or
	// more.
	Threshold int

	// ServerNoContextTakeover and ClientNoContextTakeover are true when no
	// message of the server's, or the client's, shall refer to those before it
	// (RFC 7692 section 7.1.1). Memory is saved on both sides, and most of what
	// small messages gain from compression is lost. Either side may ask for it.
	ServerNoContextTakeover, ClientNoContextTakeover bool

	// ServerMaxWindowBits and ClientMaxWindowBits are the base-2 logarithms of
	// how many bytes back the server's, or the client's, messages may refer:
	// 8 to 15; 0 means 13, which is 8 KiB, and 15 without takeover, where
	// nothing is kept (RFC 7692 section 7.1.2). Of two wishes
	// the smaller one holds; a server without one of its own grants what the
	// client asks it for. A client whose ServerMaxWindowBits is 0 asks for
	// none, and offers permessage-deflate once, as browsers do: some servers
	// agree to each of several offers (RFC 7692 section 5). A client whose
	// window cannot be limited has 15 bits when ClientMaxWindowBits is 0 or 15,
	// and is else told not to use its context.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

const (
	defaultThreshold           = 32  // with context takeover
	defaultThresholdNoTakeover = 128 // without
)

// threshold is from where on a message is compressed in a direction with or
// without takeover.
func (c *Compression) threshold(takeover bool) int {
	switch {
	case c.Threshold > 0:
		return c.Threshold
	case takeover:
		return defaultThreshold
	}
	return defaultThresholdNoTakeover
}

// check says which option cannot be used. A nil Compression can.
func (c *Compression) check() error {
	switch {
	case c == nil:
		return nil
	case c.Level < 0 || c.Level > 9:
		return &ArgumentError{Name: "Compression.Level", Problem: strconv.Itoa(c.Level) +
			" is no level: use 1 (fast) to 9 (small), or 0 for the default"}
	case c.Threshold < 0:
		return &ArgumentError{Name: "Compression.Threshold", Problem: strconv.Itoa(c.Threshold) +
			" is less than nothing: use 1 to compress every message, or 0 for the default"}
	}
	if err := checkWindowBits("Compression.ServerMaxWindowBits", c.ServerMaxWindowBits); err != nil {
		return err
	}
	return checkWindowBits("Compression.ClientMaxWindowBits", c.ClientMaxWindowBits)
}

func checkWindowBits(name string, bits int) error {
	if bits == 0 || 8 <= bits && bits <= 15 {
		return nil
	}
	return &ArgumentError{Name: name, Problem: strconv.Itoa(bits) +
		" is no window: use 8 to 15 bits (RFC 7692 section 7.1.2), or 0 for the default"}
}
