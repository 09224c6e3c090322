package h2

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http2"
)

// closeWait is how long a closed stream waits for the peer's end before it is
// reset.
const closeWait = 5 * time.Second

// stream is one stream, a net.Conn. Its methods may be called concurrently.
type stream struct {
	c  *conn  // constant
	id uint32 // constant

	// The sending half, and the state, protected by c.mu.
	window  int64  // what may be sent
	pending []byte // of the Write that waits
	next    *stream
	queued  bool      // in c.ready
	writing bool      // a Write waits
	sentEnd bool      // END_STREAM was sent
	gotEnd  bool      // END_STREAM was received
	gone    bool      // it is no longer one of c.streams
	closed  bool      // by Close or Abort
	outErr  error     // why nothing can be sent, or nil
	opening *opening  // until the response has come
	refused bool      // by the response: what follows is its body
	wake    sync.Cond // of c.mu: a Write has to look
	wd      deadline

	in incoming
}

// incoming is the receiving half.
type incoming struct {
	mu       sync.Mutex
	wake     sync.Cond // of mu: a Read has to look
	unread   buffer    // protected by mu
	window   int64     // constant
	room     int64     // protected by mu: what the peer may still send
	returned int64     // protected by mu: read, and not yet part of room
	err      error     // protected by mu: what follows unread
	closed   bool      // protected by mu
	rd       deadline  // protected by mu
}

func newStream(c *conn) *stream {
	s := &stream{c: c}
	s.wake.L, s.in.wake.L = &c.mu, &s.in.mu
	s.in.window, s.in.room = c.cfg.streamWindow, c.cfg.streamWindow
	return s
}

// HTTPVersion returns "HTTP/2.0".
func (s *stream) HTTPVersion() string { return "HTTP/2.0" }

func (s *stream) LocalAddr() net.Addr  { return s.c.nc.LocalAddr() }
func (s *stream) RemoteAddr() net.Addr { return s.c.nc.RemoteAddr() }

// Read reads what has come, and after it the end: io.EOF for END_STREAM.
func (s *stream) Read(p []byte) (int, error) {
	in := &s.in
	in.mu.Lock()
	if err := in.await(); err != nil || len(p) == 0 {
		in.mu.Unlock()
		return 0, err
	}
	if in.unread.n == 0 {
		defer in.mu.Unlock()
		return 0, in.err
	}
	n := in.unread.take(p)
	more := in.give(int64(n))
	in.mu.Unlock()
	if more > 0 {
		s.c.mu.Lock()
		if !s.gone {
			s.c.windowUpdate(s.id, more)
		}
		s.c.mu.Unlock()
	}
	return n, nil
}

// AwaitRead blocks until Read would not, within the read deadline.
func (s *stream) AwaitRead() error {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	return s.in.await()
}

// await waits for bytes or the end. The caller holds mu.
func (in *incoming) await() error {
	for {
		switch {
		case in.closed:
			return net.ErrClosed
		case in.rd.passed:
			return os.ErrDeadlineExceeded
		case in.unread.n > 0 || in.err != nil:
			return nil
		}
		in.wake.Wait()
	}
}

// give records that n bytes no longer fill the window. It returns what the peer
// is to be told, 0 while that is less than half of the window. The caller holds
// mu.
func (in *incoming) give(n int64) (more int64) {
	in.returned += n
	if in.err != nil || in.returned < in.window/2 {
		return 0
	}
	more, in.returned = in.returned, 0
	in.room += more
	return more
}

// end makes err what follows the unread bytes, unless something does.
func (in *incoming) end(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil {
		in.err = err
		in.wake.Broadcast()
	}
}

// close drops what is unread, and reports whether there was something.
func (in *incoming) close() (unread bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	unread = in.unread.n > 0
	in.closed = true
	in.unread.drop()
	in.rd.stop()
	in.wake.Broadcast()
	return unread
}

// Write returns when all of p waits in the connection's buffer, which is
// written at once. It waits for the peer's windows and for room in the buffer;
// a Write that its deadline interrupts returns how many bytes it took, all of
// which are sent.
func (s *stream) Write(p []byte) (n int, err error) {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := s.writable(); err != nil || len(p) == 0 {
			return 0, err
		}
		if !s.writing {
			break
		}
		s.wake.Wait()
	}
	if c.sendNow(s, p) {
		return len(p), nil
	}
	s.pending, s.writing = p, true
	if s.window > 0 {
		c.ready.push(s)
		c.nudge()
	}
	for len(s.pending) > 0 && err == nil {
		s.wake.Wait()
		if len(s.pending) > 0 {
			err = s.writable()
		}
	}
	n = len(p) - len(s.pending)
	s.pending, s.writing = nil, false
	s.wake.Broadcast()
	return n, err
}

// writable returns why nothing can be sent now. The caller holds c.mu.
func (s *stream) writable() error {
	switch {
	case s.closed:
		return net.ErrClosed
	case s.outErr != nil:
		return s.outErr
	case s.wd.passed:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// CloseWrite ends the sending half with END_STREAM. A Write that waits returns
// with an error.
func (s *stream) CloseWrite() error {
	s.c.mu.Lock()
	defer s.c.unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.outErr != nil && !s.sentEnd {
		return s.outErr
	}
	s.finish()
	return nil
}

// finish sends END_STREAM once. The caller holds c.mu.
func (s *stream) finish() {
	if s.gone || s.sentEnd {
		return
	}
	s.sentEnd = true
	s.stopWrites(syscall.EPIPE)
	s.c.data(s, nil, http2.FlagDataEndStream)
	s.c.nudge()
	s.settle()
}

// stopWrites makes err the error of Writes. The caller holds c.mu.
func (s *stream) stopWrites(err error) {
	if s.outErr == nil {
		s.outErr = err
	}
	s.wake.Broadcast()
}

// settle removes a stream that both sides have ended. The caller holds c.mu.
func (s *stream) settle() {
	if s.sentEnd && s.gotEnd && !s.gone {
		s.c.ended.add(s.id)
		s.c.remove(s)
	}
}

// Close ends both halves as that of a TCP connection does. Bytes that were
// written are delivered, followed by END_STREAM. Where unread bytes are
// dropped, or the peer sends more, or has not ended its half after 5 s, the
// stream is reset with CANCEL (RFC 8441 section 5).
func (s *stream) Close() error { return s.leave(false) }

// Abort resets the stream with CANCEL, unless both sides have ended it.
func (s *stream) Abort() error { return s.leave(true) }

func (s *stream) leave(now bool) error {
	unread := s.in.close()
	c := s.c
	c.mu.Lock()
	defer c.unlock()
	again := s.closed
	s.closed = true
	s.wd.stop()
	s.stopWrites(net.ErrClosed)
	switch {
	case s.gone:
	case now || unread && !s.gotEnd || s.opening != nil:
		s.cancel(http2.ErrCodeCancel)
	case again:
	default:
		if s.finish(); !s.gone {
			time.AfterFunc(closeWait, s.giveUp)
		}
	}
	if again {
		return net.ErrClosed
	}
	return nil
}

// giveUp resets a closed stream whose peer goes on.
func (s *stream) giveUp() {
	s.c.mu.Lock()
	defer s.c.unlock()
	s.cancel(http2.ErrCodeCancel)
}

// cancel resets the stream. The caller holds c.mu.
func (s *stream) cancel(code http2.ErrCode) {
	if s.gone {
		return
	}
	s.c.reset(s.id, code)
	s.c.remove(s)
}

// fail ends both halves because of err; the caller holds c.mu and removes s.
func (s *stream) fail(err error) {
	s.stopWrites(err)
	s.in.end(err)
	if o := s.opening; o != nil {
		s.opening = nil
		o.fail(err)
	}
}

func (s *stream) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

func (s *stream) SetReadDeadline(t time.Time) error {
	s.in.rd.set(t, &s.in.mu, &s.in.wake)
	return nil
}

func (s *stream) SetWriteDeadline(t time.Time) error {
	s.wd.set(t, &s.c.mu, &s.wake)
	return nil
}
