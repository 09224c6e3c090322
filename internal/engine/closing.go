package engine

import "github.com/twinws/ws/api"

// closeState is the progress of the closing handshake (RFC 6455 section 7).
type closeState uint8

const (
	// stateOpen: messages flow both ways.
	stateOpen closeState = iota
	// stateClosing: this side began. Its close frame is due or sent; the
	// peer's has not arrived.
	stateClosing
	// stateAnswering: the peer began, by its close frame or by closing its half
	// of the transport. Our close frame is due.
	stateAnswering
	// stateExchanged: both close frames are known; the transport must be
	// closed.
	stateExchanged
	// stateEnded: the transport is closed. Final.
	stateEnded
)

// closeEvent is what changes the state of a closing.
type closeEvent uint8

const (
	localClose   closeEvent = iota // this side wants to close, or fails the connection
	frameSent                      // our close frame was written to the transport, completely or not
	peerClose                      // the peer's close frame arrived
	inputEnd                       // the peer closed its half of the transport
	transportEnd                   // the transport was closed
)

// next is the table of all transitions. ok is false if ev changes nothing.
func (s closeState) next(ev closeEvent) (next closeState, ok bool) {
	switch {
	case s == stateEnded:
		return s, false
	case ev == transportEnd:
		return stateEnded, true
	case s == stateOpen && ev == localClose:
		return stateClosing, true
	case s == stateOpen && (ev == peerClose || ev == inputEnd):
		return stateAnswering, true
	case s == stateClosing && ev == peerClose, s == stateAnswering && ev == frameSent:
		return stateExchanged, true
	}
	return s, false
}

// closeFrame is the content of a close frame; StatusNoStatusRcvd means an empty
// one.
type closeFrame struct {
	code   api.StatusCode
	reason string
}

// closing records both close frames and how the connection ended. Its zero
// value is that of an open connection.
type closing struct {
	record *record // nil while the connection is open
}

// record is the content of a closing.
type record struct {
	at      closeState
	local   bool       // this side was the first to end it
	ours    closeFrame // valid unless the transport ended before the handshake began
	wasSent bool       // ours was written to the transport, completely or not
	sent    bool       // completely
	theirs  closeFrame // valid once heard
	heard   bool
	// failure is the error with which this side failed the connection. It has
	// priority over everything that the peer sends afterwards.
	failure error
	// cause is why the transport ended without a closing handshake.
	cause error
}

// state returns the progress of the closing.
func (c *closing) state() closeState {
	if c.record == nil {
		return stateOpen
	}
	return c.record.at
}

// begin makes our close frame due. It reports false if the connection was
// closing already.
func (c *closing) begin(f closeFrame, failure error) bool {
	next, ok := c.state().next(localClose)
	if ok {
		c.record = &record{at: next, local: true, ours: f, failure: failure}
	}
	return ok
}

// hear records the peer's close frame. Its code is echoed (RFC 6455 section
// 5.5.1).
func (c *closing) hear(f closeFrame) {
	next, ok := c.state().next(peerClose)
	if !ok || c.wasHeard() {
		return
	}
	if next == stateAnswering {
		c.record = &record{ours: closeFrame{code: f.code}}
	}
	c.record.at, c.record.theirs, c.record.heard = next, f, true
}

// lose records that the peer closed its half of the transport, with this cause,
// without a close frame: that violates RFC 6455 section 7.1.1, and it may still
// read our close frame.
func (c *closing) lose(cause error) {
	next, ok := c.state().next(inputEnd)
	if ok {
		c.record = &record{at: next, ours: closeFrame{code: api.StatusProtocolError}}
	}
	if c.record.at != stateEnded && !c.record.heard && c.record.cause == nil {
		c.record.cause = cause
	}
}

// lost reports whether the peer closed its half of the transport without a
// close frame, as far as known before the end.
func (c *closing) lost() bool { return c.record != nil && c.record.cause != nil }

// answered records that our close frame was written, completely or not. After
// the end it changes nothing.
func (c *closing) answered(whole bool) {
	if c.state() != stateEnded {
		c.record.wasSent, c.record.sent = true, whole
		c.record.at, _ = c.record.at.next(frameSent)
	}
}

// end records the end. It reports false if that was recorded already.
func (c *closing) end(local bool, cause error) bool {
	next, ok := c.state().next(transportEnd)
	if !ok {
		return false
	}
	if c.record == nil {
		c.record = &record{local: local}
	}
	if c.record.at = next; c.record.cause == nil {
		c.record.cause = cause
	}
	return true
}

// failed reports whether this side failed the connection.
func (c *closing) failed() bool { return c.record != nil && c.record.failure != nil }

// wasHeard reports whether the peer's close frame has arrived.
func (c *closing) wasHeard() bool { return c.record != nil && c.record.heard }

// whole reports whether the closing handshake was completed. In a version that
// has no close frame the end of the stream is the peer's answer.
func (c *closing) whole() bool {
	return (c.wasHeard() || c.lost() && c.record.cause == errStreamEnd) && c.record.sent && !c.failed()
}

// tried reports whether our close frame was written to the transport.
func (c *closing) tried() bool { return c.record != nil && c.record.wasSent }

// mustSend reports whether our close frame is due.
func (c *closing) mustSend() bool {
	return !c.tried() && c.state() != stateOpen && c.state() != stateEnded
}

// err is the error of every later operation; nil while the connection is open.
// Before the end it is what is known so far.
func (c *closing) err() error {
	switch {
	case c.record == nil:
		return nil
	case c.record.failure != nil:
		return c.record.failure
	case c.record.heard:
		return &api.CloseError{Code: c.record.theirs.code, Reason: c.record.theirs.reason, Local: c.record.local, Clean: c.record.sent, Cause: c.record.cause}
	case c.record.at != stateEnded && c.record.cause == nil:
		return api.ErrClosed
	case c.record.local:
		return &api.CloseError{Code: -1, Local: true, Cause: c.record.cause}
	default:
		return &api.CloseError{Code: api.StatusAbnormalClosure, Cause: c.record.cause}
	}
}
