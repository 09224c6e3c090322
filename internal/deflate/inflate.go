package deflate

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// maxLastBlocks is how many blocks of one message may be marked as last. After
// each, decompression starts again with a dictionary of 32 KiB.
const maxLastBlocks = 1024

// Decompressor decompresses the messages that one side of a connection
// receives.
type Decompressor struct{ received history }

// NewDecompressor returns a Decompressor for a peer with a window of 2^bits
// bytes, 8 to 15, which may refer to earlier messages if takeover is true.
func NewDecompressor(bits int, takeover bool) *Decompressor {
	d := &Decompressor{}
	if takeover {
		d.received.max = window(bits)
	}
	return d
}

// Held returns how many bytes the Decompressor keeps while idle: 2^bits at
// most, none without takeover.
func (d *Decompressor) Held() int { return cap(d.received.buf) }

// Message is a message being decompressed.
type Message struct {
	d     *Decompressor
	r     io.ReadCloser // of the flate library
	src   source
	known bytes.Reader
	said  []byte // the end of the dictionary and of the decompressed bytes
	lasts int    // blocks that were marked as last
}

var messages = sync.Pool{New: func() any {
	m := &Message{}
	m.r = flate.NewReader(&m.src)
	m.forget()
	return m
}}

// Open begins to decompress a message whose payload is src, which returns
// io.EOF at its end. Close must be called, once, before another message is
// opened.
func (d *Decompressor) Open(src io.Reader) *Message {
	m := messages.Get().(*Message)
	m.d, m.src.src = d, src
	m.said = append(m.said[:0], d.received.buf...)
	m.begin()
	return m
}

// begin makes the library expect a block at the next byte.
func (m *Message) begin() {
	m.r.(flate.Resetter).Reset(&m.src, m.said) // takes the newest 32 KiB; its error is always nil
}

// Read returns decompressed bytes, io.EOF at the end of the message,
// ErrCorrupt, or an error of the payload, after which the message cannot
// continue. It reads at most 512 bytes more of the payload than it needs.
func (m *Message) Read(p []byte) (int, error) {
	for {
		n, err := m.r.Read(p)
		m.keep(p[:n])
		if err == io.EOF {
			err = m.last()
		} else if err != nil {
			err = m.broken()
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// last handles a block that is marked as last: that of the end, or one of the
// peer's, after which others may follow (RFC 7692 sections 7.2.1 and 7.2.3.4).
func (m *Message) last() error {
	switch {
	case m.src.closed:
		return io.EOF
	case m.src.pos > 0:
		return ErrCorrupt // a block ends with what was not part of the payload
	case !m.src.more() && m.src.err != nil:
		return m.src.err
	case !m.src.more():
		return io.EOF
	case m.lasts == maxLastBlocks:
		return ErrCorrupt
	}
	m.lasts++
	m.begin()
	return nil
}

// broken returns the cause of an error that the library returned.
func (m *Message) broken() error {
	if m.src.err != nil {
		return m.src.err
	}
	return ErrCorrupt
}

// keep stores decompressed bytes: the last 32 KiB, temporarily up to twice
// that.
func (m *Message) keep(p []byte) {
	const most = 1 << maxBits
	p = p[max(len(p)-most, 0):]
	if len(m.said)+len(p) > 2*most {
		m.said = m.said[:copy(m.said, m.said[max(len(m.said)-most, 0):])]
	}
	m.said = append(m.said, p...)
}

// Received makes the message available for references from later ones. It is
// called after Read has returned io.EOF; an unfinished message can be opened
// again.
func (m *Message) Received() {
	h := &m.d.received
	h.buf = h.buf[:0]
	h.add(m.said)
}

// forget decompresses a block that sets both of the library's code tables. If a
// block declares a code without symbols and uses it, which is invalid DEFLATE,
// the library uses the table of the previous block: that must not be another
// connection's.
func (m *Message) forget() {
	m.known.Reset(known)
	m.r.(flate.Resetter).Reset(&m.known, nil)
	for err := error(nil); err == nil; {
		_, err = m.r.Read(m.src.buf[:])
	}
}

// known is a last block with dynamic codes (RFC 1951 section 3.2.7): none for
// literals, whose table is then that of the code for code lengths, and one for
// distances. The library fills a table from every code that has symbols: with
// fewer of them the two would not both be known.
var known = []byte("\x05\xc0\x81\x00\x00\x00\x00\x00\x90\xff\x6c")

// Close returns the decompressor to its pool.
func (m *Message) Close() {
	m.forget()
	m.d, m.src = nil, source{}
	m.lasts = 0
	messages.Put(m)
}
