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

// block is pooled memory.
type block struct{ mem []byte }

// getBlock returns a block of at least n bytes. What is in them is of no
// meaning. One over largeBlock is not from a pool.
func getBlock(n int) *block {
	for class, size := range blockSizes {
		if n <= size {
			return blockOf(class)
		}
	}
	return &block{make([]byte, n)}
}

func blockOf(class int) *block {
	if b, ok := blocks[class].Get().(*block); ok {
		return b
	}
	return &block{make([]byte, blockSizes[class])}
}

// putBlock gives b back; nil is nothing.
func putBlock(b *block) {
	if b == nil {
		return
	}
	if spoil != nil {
		spoil(b.mem)
	}
	for class, size := range blockSizes {
		if len(b.mem) == size {
			blocks[class].Put(b)
		}
	}
}

// growBlock returns a block of at least n bytes that begins with the first
// used of b, which it gives back if it is another. b may be nil.
func growBlock(b *block, used, n int) *block {
	if b != nil && n <= len(b.mem) {
		return b
	}
	bigger := getBlock(n)
	if b != nil {
		copy(bigger.mem, b.mem[:used])
		putBlock(b)
	}
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
