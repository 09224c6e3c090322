package h2

import (
	"sync"
	"time"
)

// deadline is one direction's. It costs a timer only while it is set to a time
// in the future.
type deadline struct {
	passed bool
	timer  *time.Timer
}

// set sets d to t; lock protects it, and wake is woken when it passes.
func (d *deadline) set(t time.Time, lock sync.Locker, wake *sync.Cond) {
	lock.Lock()
	defer lock.Unlock()
	d.stop()
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.passed = true
		wake.Broadcast()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		lock.Lock()
		defer lock.Unlock()
		if d.timer == timer { // not replaced meanwhile
			d.passed = true
			wake.Broadcast()
		}
	})
	d.timer = timer
}

// stop takes the deadline back. The caller holds the lock.
func (d *deadline) stop() {
	d.passed = false
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
