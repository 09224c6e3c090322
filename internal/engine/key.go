package engine

import (
	"crypto/rand"
	"sync"
)

var keyBlocks = sync.Pool{New: func() any { return new(keyBlock) }}

// keyBlock is a reserve of random bytes, so that not every frame needs a system
// call.
type keyBlock struct {
	bytes [512]byte
	left  int
}

// randomKey generates an unpredictable masking key (RFC 6455 section 10.3). No
// random byte is used twice.
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
