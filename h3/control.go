package h3

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/twinws/ws/internal/tunnel"
)

// Settings (RFC 9114 section 7.2.4.1, RFC 9220 section 3).
const (
	settingMaxFields = 0x06
	settingConnect   = 0x08
)

// maxSettings bounds the SETTINGS frame.
const maxSettings = 4 << 10

// settings are those of the server.
type settings struct {
	connect   bool   // it accepts extended CONNECT
	maxFields uint64 // the largest header of a request
}

// openControl opens the client's control stream, and sends its SETTINGS.
func (c *conn) openControl() error {
	control, err := c.q.OpenUniStream()
	if err != nil {
		return err
	}
	payload := quicvarint.Append(quicvarint.Append(nil, settingMaxFields), maxHeader)
	b := appendFrame([]byte{streamControl}, frameSettings, uint64(len(payload)))
	_, err = control.Write(append(b, payload...))
	return err
}

// accept accepts the server's unidirectional streams until the connection ends.
func (c *conn) accept() {
	seen := new(kinds)
	for {
		s, err := c.q.AcceptUniStream(context.Background())
		if err != nil {
			return
		}
		go c.serve(s, seen)
	}
}

// serve reads a unidirectional stream of the server.
func (c *conn) serve(s *quic.ReceiveStream, seen *kinds) {
	kind, err := quicvarint.Read(quicvarint.NewReader(s))
	if err != nil {
		return // RFC 9114 section 6.2: it may end before its type
	}
	if kind <= streamQPACKDecoder && seen.again(kind) {
		c.violated(&connectionError{http3.ErrCodeStreamCreationError, fmt.Sprintf("a second stream of type %#x", kind)})
		return
	}
	switch kind {
	case streamControl:
		c.endControl(c.control(s))
	case streamPush:
		c.violated(&connectionError{http3.ErrCodeIDError, "a push, which was not allowed"})
	case streamQPACKEncoder, streamQPACKDecoder: // empty: this side has no dynamic table
	default:
		s.CancelRead(quic.StreamErrorCode(http3.ErrCodeStreamCreationError))
	}
}

// endControl ends the connection, which needs the control stream.
func (c *conn) endControl(err error) {
	e, ok := err.(*connectionError)
	if !ok {
		e = &connectionError{http3.ErrCodeClosedCriticalStream, "the control stream ended"}
	}
	c.violated(e)
}

// control reads the control stream, whose first frame is SETTINGS.
func (c *conn) control(s *quic.ReceiveStream) error {
	var h tunnel.FrameHeader
	for first := true; ; first = false {
		kind, length, err := h.Read(s)
		if err != nil {
			return err
		}
		switch {
		case first != (kind == frameSettings):
			code := http3.ErrCodeFrameUnexpected
			if first {
				code = http3.ErrCodeMissingSettings
			}
			return &connectionError{code, fmt.Sprintf("a frame of type %#x on the control stream", kind)}
		case first || kind == frameGoAway:
			if length > maxSettings {
				return &connectionError{http3.ErrCodeExcessiveLoad, fmt.Sprintf("a frame of %d bytes on the control stream", length)}
			}
			payload := make([]byte, length)
			if _, err := io.ReadFull(s, payload); err != nil {
				return err
			}
			if first {
				err = c.settle(payload)
			} else {
				err = c.goAway(payload)
			}
			if err != nil {
				return err
			}
		default:
			if err := unexpected(kind, "on the control stream"); err != nil {
				return err
			}
			if _, err := io.CopyN(io.Discard, s, int64(length)); err != nil {
				return err
			}
		}
	}
}

// settle takes over the server's settings.
func (c *conn) settle(payload []byte) error {
	got := settings{maxFields: math.MaxUint64}
	seen := map[uint64]bool{}
	for len(payload) > 0 {
		id, value, rest, err := parsePair(payload)
		if err != nil {
			return &connectionError{http3.ErrCodeFrameError, "SETTINGS ends within a setting"}
		}
		ofHTTP2 := id >= 0x02 && id <= 0x05
		if seen[id] || ofHTTP2 || id == settingConnect && value > 1 {
			return &connectionError{http3.ErrCodeSettingsError, fmt.Sprintf("the setting %#x with the value %d", id, value)}
		}
		seen[id] = true
		switch id {
		case settingConnect:
			got.connect = value == 1
		case settingMaxFields:
			got.maxFields = value
		}
		payload = rest
	}
	c.settings = got
	close(c.settled)
	return nil
}

func parsePair(p []byte) (id, value uint64, rest []byte, err error) {
	id, n, err := quicvarint.Parse(p)
	if err != nil {
		return 0, 0, nil, err
	}
	value, m, err := quicvarint.Parse(p[n:])
	if err != nil {
		return 0, 0, nil, err
	}
	return id, value, p[n+m:], nil
}

// goAway takes no further users: requests on the streams from the given ID on
// are not processed, and can be sent elsewhere (RFC 9114 section 5.2).
func (c *conn) goAway(payload []byte) error {
	id, n, err := quicvarint.Parse(payload)
	if err != nil || n != len(payload) {
		return &connectionError{http3.ErrCodeFrameError, "a malformed GOAWAY"}
	}
	c.mu.Lock()
	if id%4 != 0 || quic.StreamID(id) > c.beyond {
		c.mu.Unlock()
		return &connectionError{http3.ErrCodeIDError, fmt.Sprintf("GOAWAY with the ID %d", id)}
	}
	c.beyond = quic.StreamID(id)
	c.mu.Unlock()
	c.retire()
	return nil
}

// kinds are the types of unidirectional streams of which there may be one.
type kinds struct {
	mu   sync.Mutex
	seen [streamQPACKDecoder + 1]bool
}

// again reports whether there was a stream of this type, and notes it.
func (k *kinds) again(kind uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.seen[kind]
	k.seen[kind] = true
	return was
}
