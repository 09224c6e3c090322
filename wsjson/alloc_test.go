package wsjson

import (
	"bytes"
	"context"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// sink is a connection that discards what it is sent.
type sink struct {
	api.Conn
	n, large int
}

func (s *sink) Write(_ context.Context, _ api.MessageType, p []byte) error {
	s.n += len(p)
	return nil
}

func (s *sink) Writer(context.Context, api.MessageType) (io.WriteCloser, error) {
	return writes{s}, nil
}

type writes struct{ s *sink }

func (w writes) Write(p []byte) (int, error) {
	w.s.n, w.s.large = w.s.n+len(p), max(w.s.large, len(p))
	return len(p), nil
}

func (writes) Close() error { return nil }

// raced reports whether this is the race detector's build, whose pools forget.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestWriteAllocations: a message is sent from the encoder's memory.
func TestWriteAllocations(t *testing.T) {
	v := &struct {
		A int
		B string
	}{1, strings.Repeat("x", 10_000)}
	c := new(sink)
	most := 0.0
	if raced() {
		most = 20
	}
	if n := testing.AllocsPerRun(100, func() { Write(t.Context(), c, v) }); n > most {
		t.Errorf("%v allocations, want %v at most", n, most)
	}
	if c.n != 101*10_014 {
		t.Errorf("%d bytes were sent", c.n)
	}
}

// TestElementsAreBounded: of an array of 1 MiB, WriteElements holds 32 KiB and
// an element, and ReadElements an element.
func TestElementsAreBounded(t *testing.T) {
	const n, size = 1000, 1000
	c := new(sink)
	err := WriteElements(t.Context(), c, nil, func(yield func(string, error) bool) {
		for range n {
			if !yield(strings.Repeat("x", size), nil) {
				return
			}
		}
	})
	if err != nil || c.n != n*(size+3)+1 || c.large > chunk+size+3 {
		t.Errorf("%d bytes, at most %d at once, %v", c.n, c.large, err)
	}
	message := []byte("[" + strings.Repeat(`"`+strings.Repeat("x", size)+`",`, n-1) + `""]`)
	s := splitter{r: bytes.NewReader(message)}
	i := 0
	for ; err == nil; i++ {
		_, _, err = s.next()
	}
	if err != io.EOF || i != n+1 || cap(s.buf) > 2*firstRead {
		t.Errorf("%d elements, %d bytes held, %v", i-1, cap(s.buf), err)
	}
}
