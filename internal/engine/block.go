package engine

import "sync"

// The sizes of pooled buffers, in bytes. The largest holds a frame of 64 KiB
// and frames coalesced before it.
const (
	smallBlock  = 4 << 10
	middleBlock = 16 << 10
	largeBlock  = 72 << 10
)

var blockSizes = [...]int{smallBlock, middleBlock, largeBlock}

// blocks are the pools, by class: the index in blockSizes.
var blocks [len(blockSizes)]sync.Pool

// spoil is set by tests to overwrite buffers that are returned to a pool.
var spoil func([]byte)

// block is a pooled buffer with its contents.
type block struct {
	mem     []byte
	n       int   // bytes in use: for sending, whole frames in order
	payload int64 // payload bytes in it whose Write has returned
	old     int   // bytes in use when it was taken for sending
	class   uint8 // its pool; unpooled if it has none
}

// The classes of blocks that are from no pool.
const (
	unpooled = 255
	shared   = 254 // used by any number of connections: immutable
)

// fits reports whether b, coalesced frames, and p are copied together.
func (b *block) fits(p []byte) bool { return b.used()+len(p) <= copyBytes }

// used returns how many bytes of b are in use.
func (b *block) used() int {
	if b == nil {
		return 0
	}
	return b.n
}

// getBlock returns a block of at least n bytes, with arbitrary contents. One
// over largeBlock does not come from a pool.
func getBlock(n int) *block {
	for class, size := range blockSizes {
		if n <= size {
			return blockOf(class)
		}
	}
	return &block{mem: make([]byte, n), class: unpooled}
}

func blockOf(class int) *block {
	if b, ok := blocks[class].Get().(*block); ok {
		return b
	}
	return &block{mem: make([]byte, blockSizes[class]), class: uint8(class)}
}

// putBlock returns b to its pool; nil is ignored.
func putBlock(b *block) {
	if b == nil || b.class == shared {
		return
	}
	if spoil != nil {
		spoil(b.mem)
	}
	b.n, b.payload, b.old = 0, 0, 0
	if b.class != unpooled {
		blocks[b.class].Put(b)
	}
}

// growBlock returns a block with room for more bytes after the contents of b.
// If it is another block, b is returned to its pool. b may be nil.
func growBlock(b *block, more int) *block {
	if b == nil {
		return getBlock(more)
	}
	if b.n+more <= len(b.mem) {
		return b
	}
	bigger := getBlock(b.n + more)
	bigger.n, bigger.payload, bigger.old = copy(bigger.mem, b.mem[:b.n]), b.payload, b.old
	putBlock(b)
	return bigger
}

// deflated are buffers for compressed messages, which grow as needed.
var deflated sync.Pool

// largestKept bounds the size of the buffers in deflated, in bytes.
const largestKept = 64 << 10

func getDeflated() *[]byte {
	if b, ok := deflated.Get().(*[]byte); ok {
		return b
	}
	return new(make([]byte, 0, 1024))
}

// putDeflated returns a buffer, which may have become p.
func putDeflated(b *[]byte, p []byte) {
	if spoil != nil {
		spoil(p[:cap(p)])
	}
	if cap(p) <= largestKept {
		*b = p[:0]
		deflated.Put(b)
	}
}
