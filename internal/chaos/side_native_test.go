//go:build !js

package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// lingering is how much longer than its context a call may take that came upon
// a message over the read limit, be it a Ping that looked for its pong: the
// peer is told, and given time to hear it.
const lingering = time.Second

// side is one end of a connection and those who use it.
type side struct {
	sidePlan
	*ledger
	name    int           // client or server
	c       api.Conn      // what is tested
	fair    bool          // nothing may break the connection
	limited bool          // the read limit is less than what the peer may send
	ending  *atomic.Bool  // somebody began to close the connection
	stop    chan struct{} // closed when nobody shall wait any more
	random  *rand.Rand    // for who starts the others

	writing, reading, pinging sync.WaitGroup

	// streaming holds one token, for the goroutine that streams a message in:
	// what an ended context leaves of it is this goroutine's to take.
	streaming chan struct{}
}

// child returns randomness for a goroutine of its own, drawn in a fixed order.
func (s *side) child() *rand.Rand { return rand.New(rand.NewPCG(s.random.Uint64(), s.random.Uint64())) }

// start lets everybody go.
func (s *side) start() {
	for w := range s.writers {
		r := s.child()
		s.writing.Go(func() { s.write(w, r) })
	}
	for range s.readers {
		r := s.child()
		s.reading.Go(func() { s.read(r) })
	}
	if s.readers == 0 {
		s.reading.Go(s.closeRead)
	}
	r, q := s.child(), s.child()
	s.pinging.Go(func() { s.ping(r) })
	if s.quits > 0 {
		s.pinging.Go(func() {
			s.sleep(s.quits)
			s.quit(q)
		})
	}
}

// sleep waits, unless it is time to stop.
func (s *side) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.stop:
	}
}

// pause takes its time now and then.
func (s *side) pause(r *rand.Rand) {
	if s.slow > 0 && r.IntN(20) == 0 {
		s.sleep(time.Duration(r.Int64N(int64(s.slow) + 1)))
	}
}

// call is the context of one call.
type call struct {
	context.Context
	cancel context.CancelFunc
	ends   time.Time // zero if it lasts
}

// asked is a context that ends right after it was asked for the nth time
// whether it has, and lets others overtake whoever asked: the answer is old by
// then.
type asked struct {
	context.Context
	cancel context.CancelFunc
	n      atomic.Int32
}

func (x *asked) Err() error {
	err := x.Context.Err()
	if x.n.Add(-1) == 0 {
		x.cancel()
		for range 100 {
			runtime.Gosched()
		}
	}
	return err
}

// newCall returns a context that lasts or, with a probability of hasty, has
// ended, is just ending, ends when it is asked, or ends within most.
func newCall(r *rand.Rand, hasty float64, most time.Duration) call {
	if r.Float64() >= hasty {
		return call{context.Background(), func() {}, time.Time{}}
	}
	now := time.Now()
	kind := r.IntN(4)
	wait := time.Duration(r.Int64N(int64(most) + 1))
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	switch kind {
	case 0:
		return call{ctx, cancel, now.Add(wait)}
	case 1:
		cancel()
	case 2:
		go cancel()
	case 3:
		x := &asked{Context: ctx, cancel: cancel}
		x.n.Store(1 + r.Int32N(10))
		return call{x, cancel, now.Add(wait)}
	}
	return call{ctx, cancel, now}
}

// timed makes a call of what, which must return when its context ends.
func (s *side) timed(what string, c call, f func() error) error {
	bound := time.Now()
	err := f()
	if c.ends.After(bound) {
		bound = c.ends
	}
	if s.limited {
		bound = bound.Add(lingering)
	}
	if late := time.Since(bound); !c.ends.IsZero() && late > 0 {
		s.complain("late: the %s's %s returned %v too late, with %v", sideNames[s.name], what, late, err)
	}
	return err
}

// judge judges what a call of what returned. over means that the connection has
// ended; else an error is the context's.
func (s *side) judge(what string, c call, err error) (over bool) {
	who := sideNames[s.name]
	switch {
	case err == nil:
		return false
	case errors.Is(err, ws.ErrClosed):
		if s.fair && !s.ending.Load() {
			s.complain("broken: the %s's %s: %v, though nothing had broken the connection", who, what, err)
		}
		if _, ok := errors.AsType[*ws.ProtocolError](err); ok {
			s.complain("broken: the %s's %s: %v, and this peer keeps to the protocol", who, what, err)
		}
		return true
	case c.Err() != nil && errors.Is(err, c.Err()):
		return false
	}
	s.complain("untyped: the %s's %s: %v (%T)", who, what, err, err)
	return true
}

// ping sends pings.
func (s *side) ping(r *rand.Rand) {
	for range s.pings {
		s.sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		c := newCall(r, s.restless, time.Second)
		over := s.judge("Ping", c, s.timed("Ping", c, func() error { return s.c.Ping(c) }))
		c.cancel()
		if over {
			return
		}
	}
}

// quit closes in one of several ways, with arguments that may be wrong.
func (s *side) quit(r *rand.Rand) {
	code := [...]ws.StatusCode{ws.StatusGoingAway, ws.StatusNoStatusRcvd, 4999, ws.StatusAbnormalClosure}[r.IntN(4)]
	switch r.IntN(3) {
	case 0:
		s.closeNow()
	case 1:
		s.close(code)
	case 2:
		s.pinging.Go(func() { s.close(code) })
		s.pinging.Go(s.closeNow)
	}
}

// close closes, and judges. It reports whether the peer took part.
func (s *side) close(code ws.StatusCode) (clean bool) {
	s.ending.Store(true)
	begun := time.Now()
	err := s.c.Close(code, "")
	if took := time.Since(begun); took > 5*time.Second {
		s.complain("late: the %s's Close took %v, which is more than 5 s", sideNames[s.name], took)
	}
	_, argument := errors.AsType[*ws.ArgumentError](err)
	switch {
	case err == nil, argument && code == ws.StatusAbnormalClosure:
		return true
	case !errors.Is(err, ws.ErrClosed):
		s.complain("untyped: the %s's Close: %v (%T)", sideNames[s.name], err, err)
	}
	return false
}

// closeNow hangs up, and judges.
func (s *side) closeNow() {
	s.ending.Store(true)
	begun := time.Now()
	err := s.c.CloseNow()
	if took := time.Since(begun); took > 0 {
		s.complain("late: the %s's CloseNow waited %v", sideNames[s.name], took)
	}
	if err != nil && !errors.Is(err, ws.ErrClosed) {
		s.complain("untyped: the %s's CloseNow: %v (%T)", sideNames[s.name], err, err)
	}
}
