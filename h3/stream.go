package h3

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws/internal/tunnel"
)

// stream is a request stream whose payload is in DATA frames (RFC 9114 section
// 4.4): the net.Conn below a WebSocket. It does not use http3.RequestStream,
// whose Read loses bytes at a deadline: see tunnel.DataFrames.
type stream struct {
	*held

	reading sync.Mutex // holds what follows
	frames  tunnel.DataFrames
	open    bool // a response of 2xx came: DATA frames alone may follow
	over    bool // trailers came
	peeked  [1]byte

	writing sync.Mutex // holds what follows
	unsent  []byte     // the header of a DATA frame, as far as it was not written
	owed    int        // bytes of that frame's payload that were not written
	room    [9]byte    // for unsent

	limit atomic.Int64 // the write deadline in nanoseconds, 0 for none
}

// held is what remains to be given back of a stream when nobody refers to it
// any longer.
type held struct {
	q     *quic.Stream
	c     *conn
	ended atomic.Bool
}

func newStream(c *conn, q *quic.Stream) *stream {
	s := &stream{held: &held{q: q, c: c}}
	runtime.AddCleanup(s, func(h *held) { h.Abort() }, s.held)
	return s
}

// HTTPVersion is reported by ws.Conn.HTTPVersion.
func (s *stream) HTTPVersion() string { return "HTTP/3.0" }

func (s *stream) LocalAddr() net.Addr  { return s.c.q.LocalAddr() }
func (s *stream) RemoteAddr() net.Addr { return s.c.q.RemoteAddr() }

func (s *stream) SetReadDeadline(t time.Time) error { return s.q.SetReadDeadline(t) }

func (s *stream) SetWriteDeadline(t time.Time) error {
	limit := int64(0)
	if !t.IsZero() {
		limit = max(1, t.UnixNano())
	}
	s.limit.Store(limit)
	return s.q.SetWriteDeadline(t)
}

func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// Close ends both directions: what was written still arrives, unless a Write is
// in progress or has failed midway.
func (s *stream) Close() error {
	if s.ended.Swap(true) {
		return net.ErrClosed
	}
	s.finish()
	s.q.CancelRead(quic.StreamErrorCode(http3.ErrCodeRequestCanceled))
	s.c.release()
	return nil
}

// CloseWrite ends what is sent (FIN). Reading goes on.
func (s *stream) CloseWrite() error {
	if s.ended.Load() {
		return net.ErrClosed
	}
	s.finish()
	return nil
}

// finish ends what is sent, where a DATA frame ends. Within one it resets the
// stream: the peer must take a FIN there for a violation of HTTP/3.
func (s *stream) finish() {
	if s.writing.TryLock() {
		defer s.writing.Unlock()
		if s.owed == 0 {
			s.q.Close()
			return
		}
	}
	s.q.CancelWrite(quic.StreamErrorCode(http3.ErrCodeRequestCanceled))
}

// Abort resets the stream in both directions with H3_REQUEST_CANCELLED, as RFC
// 9220 section 3 has it for the RST of TCP.
func (h *held) Abort() error {
	if h.ended.Swap(true) {
		return net.ErrClosed
	}
	h.reset(http3.ErrCodeRequestCanceled)
	h.c.release()
	return nil
}

func (h *held) reset(code http3.ErrCode) {
	h.q.CancelWrite(quic.StreamErrorCode(code))
	h.q.CancelRead(quic.StreamErrorCode(code))
}

// body is the payload of a response that refuses.
type body struct{ *stream }

func (b body) Close() error { return b.Abort() }

var _ interface {
	net.Conn
	AwaitRead() error
	CloseWrite() error
	Abort() error
	HTTPVersion() string
} = (*stream)(nil)

var _ io.ReadCloser = body{}
