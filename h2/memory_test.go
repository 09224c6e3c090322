package h2_test

import (
	"runtime"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// mostHeap is how many bytes of heap an idle WebSocket may take at the client:
// stream and Conn together.
const mostHeap = 6 << 10

// An idle WebSocket takes at most 6 KB of heap, and no goroutine.
func TestIdleMemory(t *testing.T) {
	const n = 1000
	s := serveChild(t)
	tr := &h2.Transport{}
	d := s.dialer(t, tr)
	open := func() *ws.Conn {
		c, err := d.Dial(t.Context(), s.url("/"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), ws.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c
	}
	conns := []*ws.Conn{open()}
	before, goroutines := heap(), runtime.NumGoroutine()
	for range n {
		conns = append(conns, open())
	}
	each := (heap() - before) / n
	t.Logf("%d bytes of heap for each of %d idle WebSockets", each, n)
	if each > mostHeap {
		t.Errorf("an idle WebSocket takes %d bytes of heap, want at most %d", each, mostHeap)
	}
	if more := runtime.NumGoroutine() - goroutines; more > 20 {
		t.Errorf("%d WebSockets have %d goroutines, want none", n, more)
	}
	for _, c := range conns {
		c.CloseNow()
	}
}

// heap returns the bytes of live objects.
func heap() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
