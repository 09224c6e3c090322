package engine

import "github.com/twinws/ws/frame"

// calmReads is how many reads in a row must have fit a smaller buffer before
// the next buffer is smaller.
const calmReads = 8

// input holds bytes that were read from the transport and not yet used. While
// it is empty its buffer is in the pool.
type input struct {
	buf   []byte
	r, w  int
	block *block // buf's pooled memory; nil for adopted bytes
	err   error  // the transport's end, reported together with bytes
	pace
}

// pace is the size of the next buffer. It follows the sizes of the reads, so
// that the messages of a busy peer are read many at a time.
type pace struct {
	class uint8 // of the next buffer
	most  uint8 // the largest class
	calm  uint8 // recent reads that would have fit a smaller buffer
}

// adopt makes p the first bytes of the input, which owns it from then on.
func (in *input) adopt(p []byte) {
	if len(p) > 0 {
		in.buf, in.w = p, len(p)
	}
}

// bytes returns the buffered bytes.
func (in *input) bytes() []byte { return in.buf[in.r:in.w] }

func (in *input) len() int { return in.w - in.r }

// skip drops the first n bytes.
func (in *input) skip(n int) { in.r += n }

// size is the length of the next buffer.
func (in *input) size() int { return blockSizes[in.class] }

// room returns memory to read into, of at least size()-MaxHeaderLen bytes if
// less than a header is buffered.
func (in *input) room() []byte {
	if in.block == nil || len(in.block.mem) < in.size() {
		b := blockOf(int(in.class))
		n := copy(b.mem, in.bytes())
		putBlock(in.block)
		in.block, in.buf, in.r, in.w = b, b.mem, 0, n
	} else if in.r > 0 {
		in.w = copy(in.buf, in.bytes())
		in.r = 0
	}
	return in.buf[in.w:]
}

// took records that a read put n bytes into what room returned: if it filled
// that, there is more to read.
func (in *input) took(n int) {
	in.w += n
	switch {
	case n == 0:
	case in.w == len(in.buf):
		in.class, in.calm = min(in.class+1, in.most), 0
	case in.class == 0 || n > blockSizes[in.class-1]:
		in.calm = 0
	default:
		if in.calm++; in.calm == calmReads {
			in.class, in.calm = in.class-1, 0
		}
	}
}

// release returns the buffer to its pool if it is empty.
func (in *input) release() {
	if in.r < in.w {
		return
	}
	putBlock(in.block)
	in.buf, in.block, in.r, in.w = nil, nil, 0, 0
}

// ReadBuffered returns how many payload bytes of data frames are buffered and
// not yet read, compressed ones by their compressed size. While a Read is
// blocked it is 0: less than a header is buffered then.
func (c *Conn) ReadBuffered() (n int64) {
	if !c.reading.TryLock() {
		return 0
	}
	defer c.reading.Unlock()
	if c.incoming == nil {
		return 0
	}
	n = int64(len(c.msg.partial))
	rest := c.in.bytes()
	next := frame.Header{Opcode: frame.OpClose} // not counted
	left := int64(0)
	if c.cur.have {
		next, left = c.cur.h, c.cur.left
	}
	for {
		payload := min(left, int64(len(rest)))
		if !next.Opcode.IsControl() {
			n += payload
		}
		rest = rest[payload:]
		h, size, err := frame.ParseHeader(rest)
		if err != nil {
			return n
		}
		rest, next, left = rest[size:], h, h.Length
	}
}
