package h2

import "sync"

// chunkSizes are the sizes of the memory for received bytes. A stream without
// unread bytes holds none.
var chunkSizes = [...]int{512, 4 << 10, 16 << 10}

// crowded is how many unread bytes make a stream take the largest chunks, so
// that frames of one byte cannot make it hold many times what its window says.
const crowded = 2 << 10

// chunk is a part of what a stream received.
type chunk struct {
	next  *chunk
	mem   []byte
	r, w  int
	class int
}

var chunks [len(chunkSizes)]sync.Pool

func newChunk(need, unread int) *chunk {
	class := len(chunkSizes) - 1
	if unread < crowded {
		for class > 0 && chunkSizes[class-1] >= need {
			class--
		}
	}
	if c, ok := chunks[class].Get().(*chunk); ok {
		return c
	}
	return &chunk{mem: make([]byte, chunkSizes[class]), class: class}
}

func (c *chunk) free() {
	c.next, c.r, c.w = nil, 0, 0
	chunks[c.class].Put(c)
}

// buffer is a queue of bytes.
type buffer struct {
	head, tail *chunk
	n          int
}

// add appends p.
func (b *buffer) add(p []byte) {
	for len(p) > 0 {
		if b.tail == nil || b.tail.w == len(b.tail.mem) {
			c := newChunk(len(p), b.n)
			if b.tail == nil {
				b.head = c
			} else {
				b.tail.next = c
			}
			b.tail = c
		}
		k := copy(b.tail.mem[b.tail.w:], p)
		b.tail.w += k
		b.n += k
		p = p[k:]
	}
}

// take moves bytes into p, and returns how many.
func (b *buffer) take(p []byte) (n int) {
	for n < len(p) && b.n > 0 {
		c := b.head
		k := copy(p[n:], c.mem[c.r:c.w])
		c.r += k
		b.n -= k
		n += k
		if c.r == c.w {
			b.pop()
		}
	}
	return n
}

func (b *buffer) pop() {
	c := b.head
	if b.head = c.next; b.head == nil {
		b.tail = nil
	}
	c.free()
}

// drop forgets all bytes.
func (b *buffer) drop() {
	for b.head != nil {
		b.pop()
	}
	b.n = 0
}
