//go:build !js

package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// fault is something that a stream does to what passes through it.
type fault int

const (
	delayed  fault = iota // bytes arrived later than they were sent
	chopped               // a Read returned less than had arrived
	joined                // a Read returned what several Writes had sent
	filled                // a Write waited for room
	stalled               // one direction stood still for a while
	cut                   // both directions ended, in the middle of a frame perhaps
	halved                // one direction ended
	reset                 // both ended at once, and what was on its way is lost
	silenced              // one direction or both deliver nothing any more, and say nothing
	unread                // an end was closed before it had read all, which resets
	faults                // how many there are
)

var faultNames = [faults]string{"delayed", "chopped", "joined", "filled", "stalled", "cut", "halved", "reset", "silenced", "unread"}

func (f fault) String() string { return faultNames[f] }

// tally counts faults by kind.
type tally [faults]int

func (t *tally) add(u tally) {
	for f, n := range u {
		t[f] += n
	}
}

func (t tally) String() string {
	var b strings.Builder
	for f, n := range t {
		fmt.Fprintf(&b, " %s %d", fault(f), n)
	}
	return b.String()[1:]
}

// weather says what one direction of a stream does.
type weather struct {
	room    int           // bytes that may be on their way
	latency time.Duration // the longest delay
	chop    float64       // how often a Write or a Read is taken in part
	stall   float64       // how often a Write is followed by a stall
	stalls  time.Duration // the longest stall
	doom    fault         // what ends it; of no meaning when at is 0
	at      int64         // and after how many bytes
}

// fair draws a weather in which everything arrives, and a message of the
// largest size within 2 s.
func fair(r *rand.Rand) weather {
	w := weather{room: 1 << (12 + r.IntN(5)), chop: r.Float64() / 3, stall: r.Float64() / 100, stalls: 100 * time.Millisecond}
	if most := time.Duration(w.room) * time.Second / (256 << 10); r.IntN(3) > 0 {
		w.latency = min(most, 50*time.Millisecond)
	}
	return w
}

// foul draws a weather that may hold everything up, and may end at any byte.
func foul(r *rand.Rand) weather {
	w := weather{room: 1 + r.IntN(1<<(2+r.IntN(15))), chop: r.Float64(), stall: r.Float64() / 20, stalls: 3 * time.Second}
	w.latency = time.Duration(r.IntN(30)) * time.Millisecond
	if r.IntN(2) == 0 {
		w.doom = cut + fault(r.IntN(int(silenced-cut)+1))
		w.at = 1 + r.Int64N(1<<(7+r.IntN(10)))
	}
	return w
}

// event is a fault that happened.
type event struct {
	after time.Duration // since the stream was made
	side  int           // whose writing it concerns
	at    int64         // bytes written before it
	what  fault
	n     int           // bytes concerned
	wait  time.Duration // how long they were held up
}

// logged is how many of its newest events a stream remembers.
const logged = 200

// trace is what happened on a stream.
type trace struct {
	events []event
	tally  tally
}

func (t *trace) add(e event) {
	t.tally[e.what]++
	if len(t.events) == logged {
		t.events = append(t.events[:0], t.events[logged/2:]...)
	}
	t.events = append(t.events, e)
}

// String lists the events, one a line.
func (t *trace) String() string {
	var b strings.Builder
	for _, e := range t.events {
		fmt.Fprintf(&b, "%12v from the %s, byte %d: %s %d bytes", e.after, sideNames[e.side], e.at, e.what, e.n)
		if e.wait > 0 {
			fmt.Fprintf(&b, ", %v", e.wait)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
