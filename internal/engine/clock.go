package engine

import (
	"math/bits"
	"sync"
	"time"
)

var started = time.Now()

// nanos is a monotonic clock, in nanoseconds. It began decades ago, so that it
// is positive in a synctest bubble too, whose time is in the past.
func nanos() int64 { return 1<<61 + int64(time.Since(started)) }

// Clock enforces time limits of any number of connections with one timer, and
// no goroutine. Its zero value is ready to use. It is told about a connection
// when an operation begins to wait, and checks it when the earliest limit may
// have passed, however many operations there were in between.
type Clock struct {
	// Coarse lets alarms at about the same time go off together, late by at
	// most a 28th of their time limit. Set it before the first use.
	Coarse bool

	mu     sync.Mutex
	alarms alarms // protected by mu
	timer  int64  // protected by mu: when the timer fires, 0 for never
}

// overdue is when a timer that has not fired is considered lost: one that was
// set in a bubble of testing/synctest ends with it.
const overdue = int64(time.Second)

// after returns the time of an alarm that is wait after now.
func (k *Clock) after(now int64, wait time.Duration) int64 {
	at := now + int64(wait)
	if at < now {
		return 1<<63 - 1
	}
	if k.Coarse {
		grain := int64(1) << bits.Len64(uint64(wait)>>6)
		at = (at + grain - 1) &^ (grain - 1)
	}
	return at
}

// set makes the clock check c at a time, unless it does so earlier, or c has
// ended.
func (k *Clock) set(c *Conn, at, now int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch was := c.alarm.Load(); {
	case was < 0 || 0 < was && was <= at:
		return
	case was == 0:
		c.index = int32(len(k.alarms))
		k.alarms = append(k.alarms, c)
	}
	k.alarms.move(int(c.index), at)
	if k.lateLocked(now) {
		go k.start() // not here: callers have little stack
	}
}

// forget marks c as ended: no alarm is set for it any more.
func (k *Clock) forget(c *Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.alarm.Swap(ended) > 0 {
		k.alarms.drop(int(c.index))
	}
}

// ended is the alarm of a connection that has ended.
const ended = -1

// ring checks every connection whose alarm has come.
func (k *Clock) ring() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := nanos()
	if now < k.timer {
		return // an earlier timer was set since
	}
	k.timer = 0
	for len(k.alarms) > 0 && k.alarms.first() <= now {
		c := k.alarms[0]
		next := c.lookLocked(now)
		if next == 0 {
			c.alarm.Store(0)
			// What began just before relies on the alarm that it saw.
			next = c.lookLocked(now)
		}
		if next == 0 {
			k.alarms.drop(0)
		} else {
			k.alarms.move(0, next)
		}
	}
	k.startLocked()
}

// lateLocked reports whether the timer fires too late for the earliest alarm.
func (k *Clock) lateLocked(now int64) bool {
	return k.timer == 0 || k.timer > k.alarms.first() || now >= k.timer+overdue
}

// start sets the timer for the earliest alarm. A timer is never reset or
// stopped: synctest allows that only within its bubble.
func (k *Clock) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.startLocked()
}

func (k *Clock) startLocked() {
	if len(k.alarms) == 0 {
		k.alarms = nil
		return
	}
	if now := nanos(); k.lateLocked(now) {
		k.timer = k.alarms.first()
		time.AfterFunc(time.Duration(k.timer-now), k.ring)
	}
}

// alarms is a heap of connections, the earliest Conn.alarm first.
type alarms []*Conn

// move changes the time of the alarm at i.
func (a alarms) move(i int, at int64) {
	a[i].alarm.Store(at)
	for i > 0 && a.before(i, (i-1)/2) {
		i = a.swap(i, (i-1)/2)
	}
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(a); child++ {
			if a.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		i = a.swap(i, least)
	}
}

// drop removes the alarm at i. The caller has updated its connection.
func (a *alarms) drop(i int) {
	last := len(*a) - 1
	a.swap(i, last)
	(*a)[last] = nil
	*a = (*a)[:last]
	if i < last {
		a.move(i, (*a)[i].alarm.Load())
	}
}

// first is the time of the earliest alarm.
func (a alarms) first() int64 { return a[0].alarm.Load() }

func (a alarms) before(i, j int) bool { return a[i].alarm.Load() < a[j].alarm.Load() }

// swap returns j.
func (a alarms) swap(i, j int) int {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = int32(i), int32(j)
	return j
}
