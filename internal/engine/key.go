package engine

import (
	"crypto/rand"
	"sync"
)

var keyBlocks = sync.Pool{New: func() any { return new(keyBlock) }}

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
