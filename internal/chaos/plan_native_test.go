//go:build !js

package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twinws/ws"
)

// ending is how a connection is brought to its end when its writers are done.
type ending int

const (
	orderly   ending = iota // one side has stopped writing and closes; the other reads to the end
	mutual                  // both have stopped and close at once
	abrupt                  // one hangs up
	abandoned               // nobody says anything; both hang up
	endings
)

var endingNames = [endings]string{"orderly", "mutual", "abrupt", "abandoned"}

// plan is all that is drawn at random about one connection before it begins.
type plan struct {
	conn   uint64
	random *rand.Rand
	// fair: nothing may break the connection. No fault does, nobody gives up,
	// no context ends while a message is on its way.
	fair        bool
	weather     [2]weather
	halves      bool    // the stream's ends can end their sending half alone
	tunnel      [2]bool // the side's end has no deadlines
	patience    time.Duration
	sides       [2]sidePlan
	compression [2]*ws.Compression
	keepalive   [2]*ws.Keepalive
	write       [2]time.Duration // the write time limit
	limit       [2]int64         // the read limit
	ending      ending
	closer      int
}

// sidePlan is what one side does.
type sidePlan struct {
	writers, messages int // goroutines that write, and how much each
	readers           int // 0 means CloseRead
	pings             int
	streamed          float64       // how often a message is streamed
	hasty             float64       // how often a writing context ends
	restless          float64       // how often a reading or a pinging context ends
	slow              time.Duration // the longest pause between two calls
	quits             time.Duration // when somebody closes in the middle of everything; 0 is never
}

// newPlan draws the plan of one connection of the run with seed.
func newPlan(seed, conn uint64) *plan {
	r := rand.New(rand.NewPCG(seed, conn))
	p := &plan{conn: conn, random: r, fair: r.IntN(2) == 0, halves: r.IntN(2) == 0}
	p.ending, p.closer = ending(r.IntN(int(endings))), r.IntN(2)
	if r.IntN(2) == 0 {
		p.ending = orderly
	}
	p.drawCompression(r)
	for side := range p.sides {
		p.drawSide(r, side)
		if p.fair {
			p.drawFair(r, side)
		} else {
			p.drawFoul(r, side)
		}
	}
	for side := range p.sides {
		if p.sides[1-side].writers == 0 && r.IntN(2) == 0 {
			p.sides[side].readers = 0
		}
		p.tunnel[side] = r.IntN(4) == 0
	}
	return p
}

func (p *plan) drawSide(r *rand.Rand, side int) {
	s := &p.sides[side]
	s.writers, s.messages = r.IntN(4), 20+r.IntN(120)
	s.readers = [...]int{1, 1, 2, 3}[r.IntN(4)]
	s.pings = r.IntN(40)
	s.streamed, s.restless = r.Float64()/2, r.Float64()/2
	if r.IntN(2) == 0 {
		s.slow = time.Duration(1+r.IntN(5)) * time.Millisecond
	}
}

// drawFair draws what keeps to every bound of the connection.
func (p *plan) drawFair(r *rand.Rand, side int) {
	p.patience = time.Minute
	p.weather[side] = fair(r)
	p.keepalive[side] = [...]*ws.Keepalive{nil, {Idle: -1}, {Idle: 300 * time.Millisecond, Timeout: 3 * time.Second}}[r.IntN(3)]
	p.write[side] = time.Duration(-r.IntN(2))
}

// drawFoul draws what may end the connection at any moment.
func (p *plan) drawFoul(r *rand.Rand, side int) {
	s := &p.sides[side]
	p.patience = time.Duration(1+r.IntN(10_000)) * time.Millisecond
	p.weather[side] = fair(r)
	if r.IntN(3) > 0 {
		p.weather[side] = foul(r)
	}
	short := func() time.Duration { return time.Duration(1+r.IntN(200)) * time.Millisecond }
	p.keepalive[side] = [...]*ws.Keepalive{nil, {Idle: -1}, {Idle: short(), Timeout: short()}}[r.IntN(3)]
	p.write[side] = [...]time.Duration{0, short(), 10 * short()}[r.IntN(3)]
	if r.IntN(10) == 0 {
		p.limit[side] = 1 << (7 + r.IntN(11))
	}
	s.hasty = [...]float64{0, 0.05, 0.5}[r.IntN(3)]
	if r.IntN(5) == 0 {
		s.quits = 10 * short()
	}
}

// drawCompression has compression off, on by the options' defaults, or on as
// chance will have it.
func (p *plan) drawCompression(r *rand.Rand) {
	if r.IntN(4) > 0 { // under the race detector it takes ten times as long
		return
	}
	for side := range p.compression {
		c := &ws.Compression{}
		if r.IntN(2) == 0 {
			c.Level, c.Threshold = r.IntN(7), r.IntN(300)
			c.ClientMaxWindowBits, c.ServerMaxWindowBits = 8+r.IntN(8), 8+r.IntN(8)
			c.ClientNoContextTakeover, c.ServerNoContextTakeover = r.IntN(3) == 0, r.IntN(3) == 0
		}
		p.compression[side] = c
	}
}

// String tells the plan to who must understand a failure.
func (p *plan) String() string {
	s := fmt.Sprintf("fair %v, ends %s by the %s", p.fair, endingNames[p.ending], sideNames[p.closer])
	for side, name := range sideNames {
		s += fmt.Sprintf("\n  %s: %+v\n    stream %+v, tunnel %v, doom %v, compression %+v, keepalive %+v, write time limit %v, read limit %d",
			name, p.sides[side], p.weather[side], p.tunnel[side], p.weather[side].doom, p.compression[side], p.keepalive[side], p.write[side], p.limit[side])
	}
	return s
}
