package engine

import (
	"sync"
	"time"
)

// watch interrupts a write of a stream whose peer takes nothing. Its timer runs
// on from write to write, since setting a deadline for each would be felt: the
// interruption comes after limit, and after twice that at the latest.
type watch struct {
	limit time.Duration // constant

	mu      sync.Mutex
	stream  Stream      // protected by mu; nil once the connection has ended
	timer   *time.Timer // protected by mu; nil before the first write
	running bool        // protected by mu: the timer
	writing bool        // protected by mu
	fired   bool        // protected by mu: the write at work was interrupted
	n       uint64      // protected by mu: writes so far
	seen    uint64      // protected by mu: n when the timer was set
}

// newWatch returns nil, which watches over nothing, when limit is not positive.
// It is no part of a Conn, since the runtime forgets a stopped timer late.
func newWatch(s Stream, limit time.Duration) *watch {
	if limit <= 0 {
		return nil
	}
	return &watch{stream: s, limit: limit}
}

// begin is called before a write.
func (w *watch) begin() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = true
	w.n++
	switch {
	case w.running || w.stream == nil:
		return
	case w.timer == nil:
		w.timer = time.AfterFunc(w.limit, w.look)
	default:
		w.timer.Reset(w.limit)
	}
	w.running, w.seen = true, w.n
}

// end is called after it. It reports whether the write was interrupted: the
// stream's write deadline is then the caller's to clear.
func (w *watch) end() (fired bool) {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	fired, w.fired, w.writing = w.fired, false, false
	return fired
}

// look is what the timer does: it interrupts a write that it has seen before.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.writing || w.stream == nil:
		w.running = false
	case w.n == w.seen:
		w.running, w.fired = false, true
		w.stream.SetWriteDeadline(past)
	default:
		w.seen = w.n
		w.timer.Reset(w.limit)
	}
}

// stop ends the watch with its connection.
func (w *watch) stop() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stream = nil
	if w.timer != nil {
		w.timer.Stop()
	}
}
