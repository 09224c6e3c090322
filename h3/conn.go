package h3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
)

// maxInterim bounds the interim responses (1xx) before a response.
const maxInterim = 8

// conn is a QUIC connection that speaks HTTP/3.
type conn struct {
	q        *quic.Conn
	settled  chan struct{} // closed when the server's SETTINGS have arrived
	settings settings      // constant since then
	leaving  context.Context
	leave    context.CancelFunc // no further streams: GOAWAY, or the connection was lost
	idleTime time.Duration
	patience time.Duration // see requestFailed

	mu     sync.Mutex
	users  int           // streams, and requests for one
	beyond quic.StreamID // of a GOAWAY: from this stream on nothing is processed
	idle   *time.Timer
}

// noStream is greater than any ID (RFC 9000 section 2.1).
const noStream = quic.StreamID(1) << 62

// newConn starts to speak HTTP/3 on q.
func newConn(q *quic.Conn, idleTime, patience time.Duration) *conn {
	c := &conn{q: q, settled: make(chan struct{}), beyond: noStream, idleTime: idleTime, patience: patience}
	c.leaving, c.leave = context.WithCancel(q.Context())
	go c.accept()
	return c
}

// acquire counts a user. It returns false if there are to be no further ones.
func (c *conn) acquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving.Err() != nil {
		return false
	}
	c.users++
	if c.idle != nil {
		c.idle.Stop()
	}
	return true
}

// release ends a use. After the last one the connection is closed: when it has
// been idle, or soon if no user can follow.
func (c *conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.closeLater()
}

// retire allows no further users.
func (c *conn) retire() {
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLater()
}

// closeLater closes the connection after a time without users. The caller holds
// mu.
func (c *conn) closeLater() {
	d := c.idleTime
	if c.leaving.Err() != nil || d <= 0 {
		d = flushTime
	}
	switch {
	case c.users > 0:
	case c.idle == nil:
		c.idle = time.AfterFunc(d, c.closeIdle)
	default:
		c.idle.Reset(d)
	}
}

// flushTime is how long an unused connection is kept at least: closing it
// discards what the streams have written and QUIC has not sent.
const flushTime = time.Second

// closeIdle closes the connection if nobody uses it.
func (c *conn) closeIdle() {
	c.mu.Lock()
	unused := c.users == 0
	if unused {
		c.leave()
	}
	c.mu.Unlock()
	if unused {
		c.close()
	}
}

// close ends the connection, and what its streams have not sent.
func (c *conn) close() {
	c.leave()
	c.q.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
}

// violated ends the connection because of a violation by the server.
func (c *conn) violated(e *connectionError) {
	c.q.CloseWithError(quic.ApplicationErrorCode(e.code), e.text)
}

// processes reports whether the server may process, or have processed, the
// request on a stream.
func (c *conn) processes(id quic.StreamID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return id < c.beyond
}

// unprocessed is the error of a request that the server has not processed: it
// may be sent again on another connection.
type unprocessed struct{ err error }

func (e *unprocessed) Error() string { return e.err.Error() }
func (e *unprocessed) Unwrap() error { return e.err }

var errGoAway = errors.New("h3: the server accepts no further requests on this connection (GOAWAY)")

// request sends r and waits for the response, within ctx. The stream is nil if
// the status is not 2xx. The caller has acquired c; the stream releases it.
func (c *conn) request(ctx context.Context, r *http.Request) (*stream, *http.Response, error) {
	block, size := requestBlock(r)
	if most := c.settings.maxFields; size > most {
		c.release()
		return nil, nil, &ws.HandshakeError{Problem: fmt.Sprintf("the header of the request has %d bytes, and the server accepts %d (SETTINGS_MAX_FIELD_SECTION_SIZE)", size, most)}
	}
	q, err := c.openStream(ctx)
	if err != nil {
		c.release()
		return nil, nil, err
	}
	s, begun := newStream(c, q), time.Now()
	stop := context.AfterFunc(ctx, func() { s.reset(http3.ErrCodeRequestCanceled) })
	left := context.AfterFunc(c.leaving, func() {
		if !c.processes(q.StreamID()) {
			s.reset(http3.ErrCodeRequestCanceled)
		}
	})
	res, err := s.exchange(block)
	left()
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		s.Abort()
		return nil, nil, c.requestFailed(ctx, q, begun, err)
	}
	if res.StatusCode/100 != 2 {
		s.finish()
		res.Body = body{s}
		return nil, res, nil
	}
	s.open = true
	return s, res, nil
}

// openStream waits for the server to allow a stream.
func (c *conn) openStream(ctx context.Context) (*quic.Stream, error) {
	if q, err := c.q.OpenStream(); err == nil {
		return q, nil
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.leaving, cancel)()
	q, err := c.q.OpenStreamSync(waiting)
	switch {
	case err == nil:
		return q, nil
	case ctx.Err() != nil:
		return nil, &ws.HandshakeError{
			Problem: "the server allows no further stream on its QUIC connection: let it allow more (MaxIncomingStreams of quic-go), or use another Dialer for a connection more",
			Cause:   ctx.Err(),
		}
	case c.leaving.Err() != nil && c.q.Context().Err() == nil:
		return nil, &unprocessed{errGoAway}
	}
	c.leave() // it may not be so yet
	return nil, &unprocessed{lost(err)}
}

// exchange sends the request and reads the response, whose interim ones it
// skips.
func (s *stream) exchange(block []byte) (*http.Response, error) {
	frame := append(appendFrame(nil, frameHeaders, uint64(len(block))), block...)
	if _, err := s.q.Write(frame); err != nil {
		return nil, err
	}
	for range maxInterim + 1 {
		res, err := s.response()
		if err != nil {
			return nil, err
		}
		if res.StatusCode >= 200 {
			return res, nil
		}
	}
	return nil, &ws.HandshakeError{Problem: fmt.Sprintf("the server sent over %d interim responses", maxInterim)}
}

// requestFailed explains why there is no response. If there was none for as
// long as connecting may take, perhaps the server is gone, and QUIC has not
// noticed: the next Dial uses another connection.
func (c *conn) requestFailed(ctx context.Context, q *quic.Stream, begun time.Time, err error) error {
	if ctx.Err() != nil {
		if time.Since(begun) >= c.patience {
			c.retire()
		}
		return ctx.Err()
	}
	if e, ok := err.(*connectionError); ok {
		c.violated(e)
		return &ws.HandshakeError{Problem: "the server violated HTTP/3", Cause: e}
	}
	if _, ok := err.(*ws.HandshakeError); ok {
		return err
	}
	e, reset := errors.AsType[*quic.StreamError](err)
	switch failed := lost(err); {
	case reset && e.Remote && e.ErrorCode == quic.StreamErrorCode(http3.ErrCodeRequestRejected):
		c.retire()
		return &unprocessed{failed}
	case !c.processes(q.StreamID()):
		return &unprocessed{errGoAway}
	case gone(err):
		c.leave() // it may not be so yet
		return &unprocessed{failed}
	default:
		return failed
	}
}

// gone reports whether the server has forgotten the connection, or closed it
// without an error, before it saw the request.
func gone(err error) bool {
	if _, ok := errors.AsType[*quic.StatelessResetError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*quic.IdleTimeoutError](err); ok {
		return true
	}
	e, ok := errors.AsType[*quic.ApplicationError](err)
	return ok && e.Remote && e.ErrorCode == quic.ApplicationErrorCode(http3.ErrCodeNoError)
}
