package engine

import "sync"

// The sizes of pooled buffers, in bytes. The largest holds a frame of 64 KiB
// and what is gathered before it.
const (
	smallBlock  = 4 << 10
	middleBlock = 16 << 10
	largeBlock  = 72 << 10
)

var blockSizes = [...]int{smallBlock, middleBlock, largeBlock}

// blocks are the pools, by class: the index in blockSizes.
var blocks [len(blockSizes)]sync.Pool

// spoil is set by tests, which overwrite what comes back to a pool.
var spoil func([]byte)

// block is pooled memory, and what is in it.
type block struct {
	mem     []byte
	n       int   // bytes in use: of what is to be sent whole frames, in order
	payload int64 // of which so many are of messages that a Write has left to others
	old     int   // how many were in use when somebody took them to send them
	class   uint8 // its pool; unpooled when it has none
}

// The classes of blocks that are from no pool.
const (
	unpooled = 255
	shared   = 254 // by any number of connections: it stays as it is
)

// fits reports whether b, what is to be sent, and p are copied together.
func (b *block) fits(p []byte) bool { return b.used()+len(p) <= copyBytes }

// used returns how many bytes of b are in use.
func (b *block) used() int {
	if b == nil {
		return 0
	}
	return b.n
}

// getBlock returns a block of at least n bytes. What is in them is of no
// meaning. One over largeBlock is not from a pool.
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

// putBlock gives b back; nil is nothing.
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

// growBlock returns a block with room for more bytes behind those in use of b,
// which it gives back if it is another. b may be nil.
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

// deflated are buffers for compressed messages, which grow as they must.
var deflated sync.Pool

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
	if spoil != nil {
		spoil(p[:cap(p)])
	}
	if cap(p) <= largestKept {
		*b = p[:0]
		deflated.Put(b)
	}
}
