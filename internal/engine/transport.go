package engine

import (
	"io"
	"net"
	"time"
)

// Transport is the byte stream below a connection: a socket, TLS, a stream of
// HTTP/2 or HTTP/3, a pipe. Read and Write may be called concurrently.
// Deadlines in the past interrupt blocked calls, and Close ends them, as with a
// net.Conn. One of the two is enough: a call that does not return within 1 s of
// its deadline is ended by Close, and the connection with it
// (ErrDeadlinesIgnored). For a net.Conn whose SetDeadline returns an error see
// package deadline.
//
// What else a Transport can do it says by implementing Awaiter, HalfCloser,
// Aborter, Accountable, Wrapper, Addressed, Settler or Versioned. To a
// *net.TCPConn or *net.UnixConn, large messages are written without copying
// header and payload together, and while a Read waits for one it holds no
// memory.
type Transport interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Awaiter is a Transport that can tell when there is something to read, so that
// a Read that waits holds no memory.
type Awaiter interface {
	// AwaitRead blocks until Read would not block. Like Read, it returns an
	// error when the read deadline passes or Close is called.
	AwaitRead() error
}

// HalfCloser is a Transport whose sending half can be closed, as TCP's: the
// peer reads what was sent and then io.EOF, and may go on sending.
type HalfCloser interface {
	CloseWrite() error
}

// Aborter is a Transport whose Close may take time, as TLS's, which sends a
// close_notify.
type Aborter interface {
	// Abort closes it at once.
	Abort() error
}

// Accountable is a Transport that knows how much of what was written the peer
// has received.
type Accountable interface {
	Progress() (Progress, error)
}

// Wrapper is a Transport over another connection, which may be a socket or
// Accountable.
type Wrapper interface {
	NetConn() net.Conn
}

// Addressed is a Transport with addresses.
type Addressed interface {
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// Settler is a Transport that must not be used later than its connection, as
// one that a handler of net/http lends.
type Settler interface {
	// Settle is called for a connection that has ended. It waits until no
	// method is at work that must not be later.
	Settle()
}

// Versioned is a Transport that another version of HTTP than 1.1 carries.
type Versioned interface {
	// HTTPVersion returns "HTTP/2.0" or "HTTP/3.0".
	HTTPVersion() string
}

// vectored reports whether t supports vectored writes.
func vectored(t Transport) bool {
	switch t.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// largestRead returns the class of the largest buffer to read into. It is
// smaller for transports that cannot wait without a buffer.
func largestRead(t Transport) uint8 {
	if vectored(t) {
		return uint8(len(blockSizes) - 1)
	}
	return 1
}
