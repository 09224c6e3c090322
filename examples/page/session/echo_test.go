package session

import (
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

func TestEchoes(t *testing.T) {
	begin := time.Unix(100, 0)
	a, b := printOf(api.MessageText, []byte("a")), printOf(api.MessageBinary, []byte("a"))
	for _, tt := range []struct {
		name  string
		back  print
		took  time.Duration
		known bool
		left  int
	}{
		{"the first of two that are the same", a, 10 * time.Second, true, 2},
		{"another type: those before it were passed over", b, 9 * time.Second, true, 1},
		{"never sent", printOf(api.MessageText, []byte("ab")), 0, false, 3},
		{"the same beginning, another length", printOf(api.MessageText, []byte("a\x00")), 0, false, 3},
	} {
		var e echoes
		e.expect(a, nil, begin)
		e.expect(b, nil, begin.Add(time.Second))
		e.expect(a, nil, begin.Add(2*time.Second))
		took, _, known := e.match(tt.back, begin.Add(10*time.Second))
		if took != tt.took || known != tt.known || len(e.waiting) != tt.left {
			t.Errorf("%s: %v, %v, %d left; want %v, %v, %d", tt.name, took, known, len(e.waiting), tt.took, tt.known, tt.left)
		}
	}
}

// A server that is no echo costs no memory without end, nor does it stop a
// flood that it has passed over.
func TestEchoesAreBounded(t *testing.T) {
	var e echoes
	f := &flood{inFlight: maxEchoes + 5, room: make(chan struct{}, 1)}
	for i := range maxEchoes + 5 {
		e.expect(print{size: i}, f, time.Time{})
	}
	if len(e.waiting) != maxEchoes || f.inFlight != maxEchoes || len(f.room) != 1 {
		t.Errorf("%d waited for, %d in flight", len(e.waiting), f.inFlight)
	}
	if _, of, known := e.match(print{size: 4}, time.Time{}); known || of != nil {
		t.Error("what was forgotten is known")
	}
	if _, of, _ := e.match(print{size: 6}, time.Time{}); of != f || f.inFlight != maxEchoes-2 {
		t.Errorf("after one that passed over another, %d are in flight", f.inFlight)
	}
}
