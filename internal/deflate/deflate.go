// Package deflate compresses and inflates messages for permessage-deflate
// (RFC 7692 section 7.2). It alone knows the flate library.
//
// What is expensive, the compressor's tables and the inflater's window, comes
// from pools and is held only while a message is being worked on. A connection
// with context takeover keeps nothing but the end of what was said, as the
// dictionary of the next message, so that an idle connection costs no more than
// its windows.
package deflate

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// ErrCorrupt is returned for a payload that does not inflate.
var ErrCorrupt = errors.New("the payload of a compressed message does not inflate (RFC 7692 section 7.2.2)")

// tail is what a sender cuts off a message and a receiver puts back (RFC 7692
// sections 7.2.1 and 7.2.2).
const tail = "\x00\x00\xff\xff"

const (
	minBits = 8
	maxBits = 15
	// takeoverBits bounds the dictionary that a sender keeps, in bits: the
	// window may be larger, but more memory finds little more.
	takeoverBits = 13
	// smallMessage is up to where the writers of the flate library do not look
	// for matches, not even in their dictionary.
	smallMessage = 128
)

// history is the end of what was said on a connection in one direction.
type history struct {
	buf []byte
	max int // bytes; 0 keeps nothing
}

// add appends p and forgets what is older than max bytes.
func (h *history) add(p []byte) {
	if len(p) >= h.max {
		p = p[len(p)-h.max:]
		h.buf = append(h.buf[:0], p...)
		return
	}
	if over := len(h.buf) + len(p) - h.max; over > 0 {
		h.buf = h.buf[:copy(h.buf, h.buf[over:])]
	}
	if need := len(h.buf) + len(p); need > cap(h.buf) {
		bigger := make([]byte, len(h.buf), min(max(2*cap(h.buf), need, 512), h.max))
		copy(bigger, h.buf)
		h.buf = bigger
	}
	h.buf = append(h.buf, p...)
}

// last returns at most the newest n bytes.
func (h *history) last(n int) []byte { return h.buf[max(len(h.buf)-max(n, 0), 0):] }

// pooled is a writer of the flate library and what it needs while at work.
type pooled struct {
	w    *flate.Writer
	out  output
	dict [1 << takeoverBits]byte // the library keeps the slice it is given
	home *sync.Pool
}

// output collects what a writer writes.
type output struct{ p []byte }

func (o *output) Write(p []byte) (int, error) {
	o.p = append(o.p, p...)
	return len(p), nil
}

// pools of writers: for a full window by level, for smaller ones by bits.
var (
	byLevel [10]sync.Pool
	byBits  [maxBits]sync.Pool
)

// take returns a writer for level and bits that starts from dict and appends to dst.
func take(level, bits int, dict, dst []byte) *pooled {
	home := &byLevel[level]
	if bits < maxBits {
		home = &byBits[bits]
	}
	p, _ := home.Get().(*pooled)
	if p == nil {
		p = &pooled{home: home}
		var err error
		if bits < maxBits {
			p.w, err = flate.NewWriterWindow(&p.out, 1<<bits)
		} else {
			p.w, err = flate.NewWriter(&p.out, level)
		}
		if err != nil {
			panic("deflate: " + err.Error()) // level and bits were checked by NewCompressor
		}
	}
	p.out.p = dst
	p.w.ResetDict(&p.out, p.dict[:copy(p.dict[:], dict)])
	return p
}

// put gives the writer back and returns what it wrote.
func (p *pooled) put() []byte {
	out := p.out.p
	p.out.p = nil
	p.home.Put(p)
	return out
}

// Compressor compresses the messages that one side of a connection sends. Its
// methods must not be called at the same time.
type Compressor struct {
	level int
	bits  int
	sent  history
}

// NewCompressor returns a Compressor for a window of 2^bits bytes, 8 to 15. It
// looks for matches as level says, 1 (fast) to 9, or 0 for the default, which
// is 1; with a window under 15 bits there is one level only. With takeover a
// message may refer to those before it.
func NewCompressor(level, bits int, takeover bool) *Compressor {
	c := &Compressor{level: min(max(level, 0), 9), bits: min(max(bits, minBits), maxBits)}
	if c.level == 0 {
		c.level = 1
	}
	if takeover {
		c.sent.max = 1 << min(c.bits, takeoverBits)
	}
	return c
}

// Append appends the compressed p to dst: the payload of a whole message. The
// message counts as sent only when Sent is told so.
func (c *Compressor) Append(dst, p []byte) []byte {
	start := len(dst)
	switch {
	case len(p) == 0:
		return append(dst, 0) // RFC 7692 section 7.2.3.6
	case len(p) < smallMessage && len(c.sent.buf) > 0:
		// A distance reaches from p's end to the dictionary's start at most.
		out := output{dst}
		flate.StatelessDeflate(&out, p, false, c.sent.last(1<<c.bits-len(p)))
		dst = out.p
	default:
		w := take(c.level, c.bits, c.sent.buf, dst)
		w.w.Write(p)
		w.w.Flush()
		dst = w.put()
	}
	return cut(dst, start)
}

// cut takes the tail off what was appended at start.
func cut(dst []byte, start int) []byte {
	if n := len(dst) - len(tail); n >= start && string(dst[n:]) == tail {
		return dst[:n]
	}
	return dst
}

// Sent makes p part of what later messages may refer to.
func (c *Compressor) Sent(p []byte) { c.sent.add(p) }

// Held returns how many bytes the Compressor keeps while idle.
func (c *Compressor) Held() int { return cap(c.sent.buf) }

// Stream compresses one message that comes in pieces. It holds a writer until
// Close.
type Stream struct {
	c *Compressor
	w *pooled
}

// Stream begins a message.
func (c *Compressor) Stream() *Stream {
	return &Stream{c, take(c.level, c.bits, c.sent.buf, nil)}
}

// Append appends the compressed piece p of the message to dst. The last piece
// ends it.
func (s *Stream) Append(dst, p []byte, last bool) []byte {
	start := len(dst)
	s.w.out.p = dst
	s.w.w.Write(p)
	s.w.w.Flush()
	dst = s.w.out.p
	s.w.out.p = nil
	s.c.sent.add(p)
	if last {
		dst = cut(dst, start)
	}
	return dst
}

// Close gives the writer back.
func (s *Stream) Close() {
	if s.w != nil {
		s.w.put()
		s.w = nil
	}
}

// Decompressor inflates the messages that one side of a connection receives.
type Decompressor struct{ received history }

// NewDecompressor returns a Decompressor for a peer whose window is of 2^bits
// bytes, 8 to 15, and may reach into earlier messages when takeover is true.
func NewDecompressor(bits int, takeover bool) *Decompressor {
	d := &Decompressor{}
	if takeover {
		d.received.max = 1 << min(max(bits, minBits), maxBits)
	}
	return d
}

// Received makes p, which came compressed, part of what later messages may
// refer to.
func (d *Decompressor) Received(p []byte) { d.received.add(p) }

// Held returns how many bytes the Decompressor keeps while idle.
func (d *Decompressor) Held() int { return cap(d.received.buf) }

// Source is the payload of a compressed message. It returns io.EOF at its end.
type Source interface {
	io.Reader
	io.ByteReader
}

// Message is one message being inflated.
type Message struct {
	r   io.ReadCloser // of the flate library
	src tailed
}

var messages = sync.Pool{New: func() any {
	m := &Message{}
	m.r = flate.NewReader(&m.src)
	return m
}}

// Open begins to inflate a message. Close must be called.
func (d *Decompressor) Open(src Source) *Message {
	m := messages.Get().(*Message)
	m.src = tailed{src: src}
	m.r.(flate.Resetter).Reset(&m.src, d.received.buf)
	return m
}

// Read returns inflated bytes, io.EOF at the message's end, ErrCorrupt, or an
// error of the source, after which the message cannot go on.
func (m *Message) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	switch {
	case err == nil:
		return n, nil
	case m.src.err != nil:
		return n, m.src.err
	case err == io.EOF && m.src.atEnd():
		return n, io.EOF
	case m.src.err != nil:
		return n, m.src.err
	}
	return n, ErrCorrupt
}

// Close gives the inflater back.
func (m *Message) Close() {
	m.src = tailed{}
	messages.Put(m)
}

// end follows the payload: the tail, and an empty last block, at which the
// flate library stops.
const end = tail + "\x01\x00\x00\xff\xff"

// tailed is a source with its tail put back.
type tailed struct {
	src  Source
	read bool  // the source gave a byte
	done bool  // the source has ended
	pos  int   // in end
	err  error // of the source, other than io.EOF
}

func (t *tailed) ReadByte() (byte, error) {
	if !t.done {
		b, err := t.src.ReadByte()
		if err == nil {
			t.read = true
			return b, nil
		}
		if err := t.ended(err); err != nil {
			return 0, err
		}
	}
	if t.pos == len(end) {
		return 0, io.EOF
	}
	t.pos++
	return end[t.pos-1], nil
}

func (t *tailed) Read(p []byte) (int, error) {
	if !t.done {
		n, err := t.src.Read(p)
		t.read = t.read || n > 0
		if n > 0 || err == nil {
			return n, nil
		}
		if err := t.ended(err); err != nil {
			return 0, err
		}
	}
	n := copy(p, end[t.pos:])
	if t.pos += n; n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ended takes the source's error.
func (t *tailed) ended(err error) error {
	if err != io.EOF {
		t.err = err
		return err
	}
	t.done = true
	if !t.read {
		// An empty payload lacks the one byte that section 7.2.3.6 asks for;
		// some senders leave it out, and mean an empty message.
		t.pos = len(tail)
	}
	return nil
}

// atEnd reports whether the message ends where its last block does. After a
// block that says it is the last one byte may stand (RFC 7692 section 7.2.3.4).
func (t *tailed) atEnd() bool {
	if t.done {
		return true
	}
	b, err := t.src.ReadByte()
	if err == nil && b == 0 {
		_, err = t.src.ReadByte()
	}
	if err == nil || err != io.EOF {
		if err != nil {
			t.err = err
		}
		return false
	}
	return true
}
