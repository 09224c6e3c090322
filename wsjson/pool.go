package wsjson

import "sync"

// maxKept is the largest buffer in bytes that is kept for another message.
const maxKept = 64 << 10

// buffers are memory for arrays.
var buffers pool

// pool keeps buffers, and the slice headers that a sync.Pool needs to hold them
// without an allocation.
type pool struct{ full, empty sync.Pool }

// take returns an empty buffer of any capacity, 0 included.
func (p *pool) take() []byte {
	h, ok := p.full.Get().(*[]byte)
	if !ok {
		return nil
	}
	b := *h
	*h = nil
	p.empty.Put(h)
	return b
}

// keep keeps b, which must not be used any more, for another call of take.
func (p *pool) keep(b []byte) {
	if cap(b) == 0 || cap(b) > maxKept {
		return
	}
	h, ok := p.empty.Get().(*[]byte)
	if !ok {
		h = new([]byte)
	}
	*h = b[:0]
	p.full.Put(h)
}
