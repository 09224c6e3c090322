package engine

import (
	"crypto/rand"
	"sync"
)

// Sizes of the pooled buffers, in bytes.
const (
	readBuffer  = 4 << 10
	writeBuffer = 16 << 10
)

var (
	readBuffers  pool[[readBuffer]byte]
	writeBuffers pool[[writeBuffer]byte]
	keyBlocks    = sync.Pool{New: func() any { return new(keyBlock) }}
)

// pool lends buffers. What is in them is of no meaning.
type pool[B any] struct {
	free  sync.Pool
	spoil func(*B) // set by tests, which overwrite what comes back
}

func (p *pool[B]) get() *B {
	if b, ok := p.free.Get().(*B); ok {
		return b
	}
	return new(B)
}

func (p *pool[B]) put(b *B) {
	if p.spoil != nil {
		p.spoil(b)
	}
	p.free.Put(b)
}

// deflated are buffers for compressed messages, which grow as they must.
var deflated sync.Pool

// spoilDeflated is for them what pool.spoil is for others.
var spoilDeflated func([]byte)

// largestKept bounds what the pool of deflated keeps of each, in bytes.
const largestKept = 64 << 10

func getDeflated() *[]byte {
	if b, ok := deflated.Get().(*[]byte); ok {
		return b
	}
	return new(make([]byte, 0, 1024))
}

// putDeflated gives back a buffer that may have become p.
func putDeflated(b *[]byte, p []byte) {
	if spoilDeflated != nil {
		spoilDeflated(p[:cap(p)])
	}
	if cap(p) <= largestKept {
		*b = p[:0]
		deflated.Put(b)
	}
}

// keyBlock is a stock of random bytes, so that not every frame asks the
// operating system.
type keyBlock struct {
	bytes [512]byte
	left  int
}

// randomKey draws a mask key that nobody can foresee (RFC 6455 section 10.3).
// No byte of the stock is used twice.
func randomKey() (key [4]byte) {
	b := keyBlocks.Get().(*keyBlock)
	if b.left < len(key) {
		rand.Read(b.bytes[:])
		b.left = len(b.bytes)
	}
	b.left -= len(key)
	copy(key[:], b.bytes[b.left:])
	clear(b.bytes[b.left : b.left+len(key)])
	keyBlocks.Put(b)
	return key
}

// input holds what was read from the stream and not yet used. While nothing is
// held its buffer is in the pool.
type input struct {
	buf   []byte
	r, w  int
	block *[readBuffer]byte // buf's pooled memory; nil for adopted bytes
	err   error             // the stream's end, seen together with bytes
}

// adopt makes p, which the caller gives away, the first bytes of the input.
func (in *input) adopt(p []byte) {
	if len(p) > 0 {
		in.buf, in.w = p, len(p)
	}
}

// bytes returns what is held.
func (in *input) bytes() []byte { return in.buf[in.r:in.w] }

func (in *input) len() int { return in.w - in.r }

// skip drops the first n bytes.
func (in *input) skip(n int) { in.r += n }

// room returns memory to read into, of at least readBuffer-MaxHeaderLen bytes
// when less than a header is held.
func (in *input) room() []byte {
	if in.block == nil {
		held := in.bytes()
		in.block = readBuffers.get()
		in.w = copy(in.block[:], held)
		in.buf, in.r = in.block[:], 0
	} else if in.r > 0 {
		in.w = copy(in.buf, in.bytes())
		in.r = 0
	}
	return in.buf[in.w:]
}

// release gives the buffer back when nothing is held.
func (in *input) release() {
	if in.r < in.w {
		return
	}
	if in.block != nil {
		readBuffers.put(in.block)
	}
	in.buf, in.block, in.r, in.w = nil, nil, 0, 0
}
