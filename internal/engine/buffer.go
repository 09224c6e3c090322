package engine

// calmReads is how many reads in a row must have fit a smaller buffer before
// the next buffer is smaller.
const calmReads = 8

// buffer holds bytes that were read from the transport and not yet used. While
// it is empty its memory is in the pool.
type buffer struct {
	mem   []byte
	r, w  int
	block *block // mem's pooled block; nil for adopted bytes
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

// adopt makes p the first bytes in the buffer, which owns it from then on.
func (b *buffer) adopt(p []byte) {
	if len(p) > 0 {
		b.mem, b.w = p, len(p)
	}
}

// bytes returns the buffered bytes.
func (b *buffer) bytes() []byte { return b.mem[b.r:b.w] }

func (b *buffer) len() int { return b.w - b.r }

// skip drops the first n bytes.
func (b *buffer) skip(n int) { b.r += n }

// size is the length of the next buffer.
func (b *buffer) size() int { return blockSizes[b.class] }

// room returns memory to read into, of at least size()-MaxHeaderLen bytes if
// less than a header is buffered.
func (b *buffer) room() []byte {
	if b.block == nil || len(b.block.mem) < b.size() {
		m := blockOf(int(b.class))
		n := copy(m.mem, b.bytes())
		putBlock(b.block)
		b.block, b.mem, b.r, b.w = m, m.mem, 0, n
	} else if b.r > 0 {
		b.w = copy(b.mem, b.bytes())
		b.r = 0
	}
	return b.mem[b.w:]
}

// took records that a read put n bytes into what room returned: if it filled
// that, there is more to read.
func (b *buffer) took(n int) {
	b.w += n
	switch {
	case n == 0:
	case b.w == len(b.mem):
		b.class, b.calm = min(b.class+1, b.most), 0
	case b.class == 0 || n > blockSizes[b.class-1]:
		b.calm = 0
	default:
		if b.calm++; b.calm == calmReads {
			b.class, b.calm = b.class-1, 0
		}
	}
}

// release returns the buffer to its pool if it is empty.
func (b *buffer) release() {
	if b.r < b.w {
		return
	}
	putBlock(b.block)
	b.mem, b.block, b.r, b.w = nil, nil, 0, 0
}
