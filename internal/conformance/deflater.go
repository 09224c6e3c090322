package conformance

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"sync"
)

// deflater compresses what the peer sends, in another form of DEFLATE for each
// message, and goes to the edge of what was agreed on: it refers back as far as
// its window reaches, into earlier messages with takeover.
type deflater struct {
	window   int // bytes
	takeover bool

	text  []byte // what may be referred to, and then the message
	start int    // where text stands in all that was said
	at    [1 << hashBits]int
	count int // messages
}

const (
	hashBits = 13
	hashed   = 4 // bytes, and so the shortest match
)

// message compresses a message (RFC 7692 section 7.2.1).
func (d *deflater) message(p []byte) []byte {
	if !d.takeover {
		d.forget(len(d.text))
	}
	begin := len(d.text)
	d.text = append(d.text, p...)
	payload := d.form(begin)
	d.count++
	d.forget(len(d.text) - d.window)
	return payload
}

// form compresses text from begin on, in the form whose turn it is.
func (d *deflater) form(begin int) []byte {
	b := &blocks{}
	switch d.count % 4 {
	case 0: // one block
		d.fixed(b, begin, len(d.text), false)
	case 1: // several, and a flush between them
		const piece = 1000
		for from := begin; ; from += piece {
			to := min(from+piece, len(d.text))
			if d.fixed(b, from, to, false); to == len(d.text) {
				break
			}
			b.flush()
		}
	case 2: // the block is the last, and an empty one follows (section 7.2.3.4)
		d.fixed(b, begin, len(d.text), true)
		b.align()
	default:
		return d.library(d.text[begin:])
	}
	return b.finish()
}

// forget drops the oldest n bytes.
func (d *deflater) forget(n int) {
	if n > 0 {
		d.text = d.text[:copy(d.text, d.text[n:])]
		d.start += n
	}
}

// fixed writes text[from:to] as a block with the fixed codes.
func (d *deflater) fixed(b *blocks, from, to int, last bool) {
	b.begin(fixedBlock, last)
	for i := from; i < to; {
		n, distance := d.match(i, to)
		if n == 0 {
			n = 1
			b.symbol(int(d.text[i]))
		} else {
			b.match(n, distance)
		}
		for end := i + n; i < end; i++ {
			if i+hashed <= len(d.text) {
				d.at[d.hash(i)] = d.start + i + 1
			}
		}
	}
	b.end()
}

// match finds what stands at i, and where it stood last, n being 0 for nowhere.
func (d *deflater) match(i, to int) (n, distance int) {
	if i+hashed > to {
		return 0, 0
	}
	from := d.at[d.hash(i)] - 1 - d.start
	if from < 0 || i-from > d.window {
		return 0, 0
	}
	for n < maxMatch && i+n < to && d.text[from+n] == d.text[i+n] {
		n++
	}
	if n < hashed {
		return 0, 0
	}
	return n, i - from
}

func (d *deflater) hash(i int) uint32 {
	return binary.LittleEndian.Uint32(d.text[i:]) * 0x9E3779B1 >> (32 - hashBits)
}

// The standard library writes codes of a block's own. It knows no window but
// that of 32 KiB, and so looks for matches only in messages that fit the
// window.
var matching, codingOnly = libraries{level: 5}, libraries{level: flate.HuffmanOnly}

func (d *deflater) library(p []byte) []byte {
	all := &codingOnly
	if len(p) <= d.window {
		all = &matching
	}
	w := all.take()
	defer all.put(w)
	return flushed(w, p)
}

// libraries are writers of the standard library, more than 1 MB each. It is no
// sync.Pool, which under the race detector loses many.
type libraries struct {
	level int
	mu    sync.Mutex
	idle  []*flate.Writer
}

func (l *libraries) take() *flate.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.idle)
	if n == 0 {
		return newLibrary(l.level)
	}
	w := l.idle[n-1]
	l.idle = l.idle[:n-1]
	return w
}

func (l *libraries) put(w *flate.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, w)
}

func newLibrary(level int) *flate.Writer {
	w, err := flate.NewWriter(io.Discard, level)
	if err != nil {
		panic(err) // the levels are constants
	}
	return w
}

// compressedBy compresses p by the standard library, at a level of its own.
func compressedBy(level int, p []byte) []byte { return flushed(newLibrary(level), p) }

func flushed(w *flate.Writer, p []byte) []byte {
	var out bytes.Buffer
	w.Reset(&out)
	w.Write(p) // a bytes.Buffer takes all
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte(syncTail))
}
