package engine

import (
	"testing"
	"unsafe"
)

// TestConnSize holds what an idle connection costs at least to a size class of
// Go's memory: a new field belongs behind a pointer, unless all need it.
func TestConnSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("for 64 bits")
	}
	t.Logf("a Conn has %d bytes, what it needs in a message %d", unsafe.Sizeof(Conn{}), unsafe.Sizeof(input{}))
	if n := unsafe.Sizeof(Conn{}); n > 192 {
		t.Errorf("a Conn has %d bytes, want 192 at most", n)
	}
}
