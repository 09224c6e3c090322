package main

import "sync"

// tail keeps the last bytes that were written to it.
type tail struct {
	mu sync.Mutex
	p  []byte
}

// tailSize is how many bytes are kept.
const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p = append(t.p, p...)
	t.p = t.p[max(0, len(t.p)-tailSize):]
	return len(p), nil
}

func (t *tail) tail() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.p...)
}
