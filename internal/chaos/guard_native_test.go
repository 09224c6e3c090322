//go:build !js

package chaos

import "bytes"

// spoiled is what a waiting Read leaves in its buffer: whoever else has the
// buffer reads nonsense, and whoever writes into it is seen.
var spoiled = bytes.Repeat([]byte{0xFE}, 4<<10)

func spoil(p []byte) {
	for len(p) > 0 {
		p = p[copy(p, spoiled):]
	}
}

func isSpoiled(p []byte) bool {
	for len(p) > len(spoiled) {
		if !bytes.Equal(p[:len(spoiled)], spoiled) {
			return false
		}
		p = p[len(spoiled):]
	}
	return bytes.Equal(p, spoiled[:len(p)])
}
