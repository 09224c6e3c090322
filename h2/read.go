package h2

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/net/http2"
)

// allowance bounds the frames that do nothing: SETTINGS, PING, PRIORITY,
// unknown ones, empty DATA, interim responses (RFC 9113 section 10.5). It is a
// bucket of burst tokens, of which a frame takes one.
type allowance struct {
	used int
	at   time.Time
}

const (
	burst     = 1000
	perSecond = 100
)

// take reports whether there was a token.
func (a *allowance) take() bool {
	now := time.Now()
	if back := int(now.Sub(a.at).Seconds() * perSecond); back > 0 {
		a.used, a.at = max(0, a.used-back), now
	}
	a.used++
	return a.used <= burst
}

var errFlood = violation(http2.ErrCodeEnhanceYourCalm,
	fmt.Sprintf("the server sent more than %d frames that do nothing, and %d a second (RFC 9113 section 10.5)", burst, perSecond))

// read is the goroutine that reads.
func (c *conn) read() {
	for first := true; ; first = false {
		h, err := c.fr.ReadFrameHeader()
		switch {
		case err != nil:
		case first && (h.Type != http2.FrameSettings || h.Flags.Has(http2.FlagSettingsAck)):
			err = violation(http2.ErrCodeProtocol, "the server's first frame is "+h.Type.String()+", not SETTINGS (RFC 9113 section 3.4)")
		case h.Type == http2.FrameData:
			err = c.onData(h)
		default:
			err = c.onFrame(h)
		}
		if err != nil {
			c.fail(c.explain(h, err))
			return
		}
	}
}

// explain makes err the error of the connection.
func (c *conn) explain(h http2.FrameHeader, err error) *ConnError {
	if e, ok := err.(*ConnError); ok {
		copied := *e
		return &copied
	}
	code, known := errors.AsType[http2.ConnectionError](err)
	detail := ""
	if d := c.fr.ErrorDetail(); d != nil {
		detail = ": " + d.Error()
	}
	switch {
	case strings.Contains(err.Error(), "looked like an HTTP/1.1 header"):
		return &ConnError{Code: http2.ErrCodeProtocol, Problem: "the server speaks HTTP/1.1 on this connection", Cause: errHTTP1}
	case errors.Is(err, http2.ErrFrameTooLarge):
		return violation(http2.ErrCodeFrameSize, fmt.Sprintf("a %v frame of %d bytes is over %d (RFC 9113 section 4.2)", h.Type, h.Length, maxFrame))
	case known:
		return violation(http2.ErrCode(code), fmt.Sprintf("invalid %v frame%s (RFC 9113 section %s)", h.Type, detail, section(h.Type)))
	case err == io.EOF:
		return &ConnError{Problem: "the server closed it", Cause: io.ErrUnexpectedEOF, lost: true}
	}
	return &ConnError{Problem: "it was lost", Cause: err, lost: true}
}

// errHTTP1 is the cause for a server that answers with HTTP/1.1.
var errHTTP1 = errors.New("no HTTP/2 frame")

// section is where RFC 9113 defines a type of frame.
func section(t http2.FrameType) string {
	if t <= http2.FrameContinuation {
		return fmt.Sprintf("6.%d", t+1)
	}
	return "4.1"
}

// onFrame reads a frame that is not DATA, and handles it.
func (c *conn) onFrame(h http2.FrameHeader) error {
	f, err := c.fr.ReadFrameForHeader(h)
	if e, ok := err.(http2.StreamError); ok {
		return c.refuse(e.StreamID, e.Code, fmt.Sprintf("invalid %v frame (RFC 9113 section %s)", h.Type, section(h.Type)))
	}
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case *http2.HeadersFrame:
		return c.onHeaders(f)
	case *http2.WindowUpdateFrame:
		return c.onWindowUpdate(f)
	case *http2.RSTStreamFrame:
		return c.onReset(f)
	case *http2.GoAwayFrame:
		return c.onGoAway(f)
	case *http2.PushPromiseFrame:
		return violation(http2.ErrCodeProtocol, "PUSH_PROMISE, which SETTINGS_ENABLE_PUSH=0 forbids (RFC 9113 section 8.4)")
	}
	if !c.allow.take() {
		return errFlood
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return c.onSettings(f)
	case *http2.PingFrame:
		return c.onPing(f)
	}
	return nil // PRIORITY and types that this side does not know (section 5.5)
}

// lookUp returns the stream of a frame, nil if it was closed. A stream that
// does not exist yet is an error (RFC 9113 section 5.1, idle). The caller holds
// mu.
func (c *conn) lookUp(id uint32, t http2.FrameType) (*stream, error) {
	if id%2 == 0 || id >= c.nextID {
		return nil, violation(http2.ErrCodeProtocol, fmt.Sprintf("%v frame on the idle stream %d (RFC 9113 section 5.1)", t, id))
	}
	s := c.streams[id]
	if s == nil && c.ended.has(id) && (t == http2.FrameData || t == http2.FrameHeaders) {
		return nil, violation(http2.ErrCodeStreamClosed, fmt.Sprintf("%v frame on stream %d after END_STREAM (RFC 9113 section 5.1)", t, id))
	}
	return s, nil
}

// refuse resets a stream whose peer broke a rule.
func (c *conn) refuse(id uint32, code http2.ErrCode, problem string) error {
	c.mu.Lock()
	defer c.unlock()
	s, err := c.lookUp(id, http2.FrameRSTStream)
	if err != nil || s == nil {
		return err
	}
	return c.breakOff(s, code, problem)
}

// breakOff is refuse for the holder of mu.
func (c *conn) breakOff(s *stream, code http2.ErrCode, problem string) error {
	c.reset(s.id, code)
	c.remove(s)
	s.fail(&StreamError{StreamID: s.id, Code: code, Problem: problem})
	return c.overdue()
}

// overdue is an error if too many answers wait for a peer that does not read
// them. The caller holds mu.
func (c *conn) overdue() error {
	if c.owed > maxOwed {
		return violation(http2.ErrCodeEnhanceYourCalm,
			fmt.Sprintf("the server demanded answers and did not read %d bytes of them (RFC 9113 section 10.5)", maxOwed))
	}
	return nil
}

// onData reads a DATA frame. The connection's window is returned as soon as the
// bytes have arrived, so that a stream which is not read never stalls another;
// the windows of the streams bound the memory.
func (c *conn) onData(h http2.FrameHeader) error {
	if h.StreamID == 0 {
		return violation(http2.ErrCodeProtocol, "DATA frame on stream 0 (RFC 9113 section 6.1)")
	}
	n := int64(h.Length)
	if n > c.room {
		return violation(http2.ErrCodeFlowControl, "DATA beyond the connection's window (RFC 9113 section 6.9.1)")
	}
	p, err := c.br.Peek(int(n))
	if err != nil {
		return unexpected(err)
	}
	data := p
	if h.Flags.Has(http2.FlagDataPadded) {
		if n == 0 {
			return violation(http2.ErrCodeFrameSize, "DATA frame without its Pad Length (RFC 9113 section 6.1)")
		} else if int64(p[0]) >= n {
			return violation(http2.ErrCodeProtocol, "DATA frame with more padding than payload (RFC 9113 section 6.1)")
		}
		data = p[1 : n-int64(p[0])]
	}
	ends := h.Flags.Has(http2.FlagDataEndStream)
	if len(data) == 0 && !ends && !c.allow.take() {
		return errFlood
	}
	if err := c.deliver(h.StreamID, data, n, ends); err != nil {
		return err
	}
	c.br.Discard(int(n))
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// deliver gives a stream its bytes, of a frame with n bytes.
func (c *conn) deliver(id uint32, data []byte, n int64, ends bool) error {
	c.mu.Lock()
	defer c.unlock()
	s, err := c.lookUp(id, http2.FrameData)
	if err != nil {
		return err
	}
	c.room -= n
	if c.returned += n; c.returned >= c.cfg.connWindow/2 {
		c.windowUpdate(0, c.returned)
		c.room += c.returned
		c.returned = 0
	}
	switch {
	case s == nil:
		return nil // it was reset, and the peer has not yet seen that
	case s.gotEnd:
		return c.breakOff(s, http2.ErrCodeStreamClosed, "DATA after END_STREAM (RFC 9113 section 5.1)")
	case s.opening != nil:
		return c.breakOff(s, http2.ErrCodeProtocol, "DATA before the response (RFC 9113 section 8.1.1)")
	case s.closed && len(data) > 0:
		s.cancel(http2.ErrCodeCancel)
		return c.overdue()
	}
	if ends {
		s.gotEnd = true
	}
	more, ok := s.in.receive(data, n, ends)
	if !ok {
		return c.breakOff(s, http2.ErrCodeFlowControl, "DATA beyond the stream's window (RFC 9113 section 6.9.1)")
	}
	if more > 0 {
		c.windowUpdate(s.id, more)
	}
	if ends {
		s.settle()
	}
	return nil
}

// receive appends data of a frame with n bytes. It reports whether the window
// had room for them, and what the peer may send more, since padding counts and
// is not read.
func (in *incoming) receive(data []byte, n int64, ends bool) (more int64, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n > in.room {
		return 0, false
	}
	in.room -= n
	if !in.closed {
		in.unread.add(data)
	}
	if padding := n - int64(len(data)); padding > 0 && !ends {
		more = in.give(padding)
	}
	if ends && in.err == nil {
		in.err = io.EOF
	}
	in.wake.Broadcast()
	return more, true
}

func (c *conn) onWindowUpdate(f *http2.WindowUpdateFrame) error {
	c.mu.Lock()
	defer c.unlock()
	n := int64(f.Increment)
	if f.StreamID == 0 {
		if c.window+n > maxWindow {
			return violation(http2.ErrCodeFlowControl, "the connection's window exceeds 2^31-1 (RFC 9113 section 6.9.1)")
		}
		c.window += n
		c.nudge()
		return nil
	}
	s, err := c.lookUp(f.StreamID, http2.FrameWindowUpdate)
	if err != nil || s == nil {
		return err
	}
	if s.window+n > maxWindow {
		return c.breakOff(s, http2.ErrCodeFlowControl, "the stream's window exceeds 2^31-1 (RFC 9113 section 6.9.1)")
	}
	c.widen(s, n)
	return nil
}

// widen lets s send n bytes more, or less. The caller holds mu.
func (c *conn) widen(s *stream, n int64) {
	if s.window += n; s.window > 0 && len(s.pending) > 0 {
		c.ready.push(s)
		c.nudge()
	}
}

func (c *conn) onReset(f *http2.RSTStreamFrame) error {
	c.mu.Lock()
	defer c.unlock()
	s, err := c.lookUp(f.StreamID, http2.FrameRSTStream)
	if err != nil || s == nil {
		return err
	}
	c.ended.add(s.id)
	c.remove(s)
	s.fail(&StreamError{StreamID: s.id, Code: f.ErrCode, Remote: true})
	return nil
}

func (c *conn) onPing(f *http2.PingFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fw.WritePing(true, f.Data)
	c.nudge()
	return c.overdue()
}

// maxDebug bounds the text of a GoAwayError, in bytes.
const maxDebug = 1024

// onGoAway ends the streams that the server has not processed (RFC 9113 section
// 6.8).
func (c *conn) onGoAway(f *http2.GoAwayFrame) error {
	if !c.allow.take() {
		return errFlood
	}
	debug := f.DebugData()
	e := &GoAwayError{LastStreamID: f.LastStreamID, Code: f.ErrCode, DebugData: string(debug[:min(len(debug), maxDebug)])}
	c.t.remove(c)
	c.mu.Lock()
	if c.goAway != nil {
		e.LastStreamID = min(e.LastStreamID, c.goAway.LastStreamID) // it must not increase
	}
	c.goAway = e
	for id, s := range c.streams {
		if id > e.LastStreamID {
			c.remove(s)
			s.fail(e)
		}
	}
	c.unlock()
	return nil
}

func (c *conn) onSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	limit := -1
	c.mu.Lock()
	err := f.ForeachSetting(func(s http2.Setting) error {
		if s.ID == http2.SettingMaxConcurrentStreams {
			limit = int(min(s.Val, 1<<31-1))
			return nil
		}
		return c.set(s)
	})
	if err == nil {
		c.fw.WriteSettingsAck()
		c.nudge()
		err = c.overdue()
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	c.t.allow(c, limit)
	select {
	case <-c.settled:
	default:
		close(c.settled)
	}
	return nil
}

// set adopts one setting of the server (RFC 9113 section 6.5.2). The caller
// holds mu.
func (c *conn) set(s http2.Setting) error {
	if err := s.Valid(); err != nil {
		code, _ := errors.AsType[http2.ConnectionError](err)
		return violation(http2.ErrCode(code), fmt.Sprintf("invalid %v (RFC 9113 section 6.5.2)", s))
	}
	switch s.ID {
	case http2.SettingEnablePush:
		if s.Val != 0 {
			return violation(http2.ErrCodeProtocol, "SETTINGS_ENABLE_PUSH=1 from a server (RFC 9113 section 6.5.2)")
		}
	case http2.SettingHeaderTableSize:
		c.enc.SetMaxDynamicTableSizeLimit(min(s.Val, 4096))
		c.enc.SetMaxDynamicTableSize(min(s.Val, 4096))
	case http2.SettingInitialWindowSize:
		more := int64(s.Val) - c.peer.window
		c.peer.window = int64(s.Val)
		for _, st := range c.streams {
			if st.window+more > maxWindow {
				return violation(http2.ErrCodeFlowControl, "SETTINGS_INITIAL_WINDOW_SIZE makes a window exceed 2^31-1 (RFC 9113 section 6.9.2)")
			}
			c.widen(st, more)
		}
	case http2.SettingMaxFrameSize:
		c.peer.frame = int(s.Val)
	case http2.SettingMaxHeaderListSize:
		c.peer.headers = uint64(s.Val)
	case http2.SettingEnableConnectProtocol:
		if s.Val == 0 && c.peer.connect {
			return violation(http2.ErrCodeProtocol, "SETTINGS_ENABLE_CONNECT_PROTOCOL=0 after 1 (RFC 8441 section 3)")
		}
		c.peer.connect = s.Val == 1
	}
	return nil
}
