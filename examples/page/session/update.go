package session

import (
	"context"
	"time"
)

// Interval is the least time between two Updates: a page that is updated more
// often than it can draw only gets slower.
const Interval = 100 * time.Millisecond

// Update is the state, and what has happened since the last Update.
type Update struct {
	State    State
	Detail   string // the URL and the subprotocol, or why it ended; "" for nothing to say
	Failed   bool   // Detail is an error
	Flooding bool
	Paused   bool // reading is

	Skipped int    // lines that are left out before Lines
	Lines   []Line // of the log, the oldest first; at most 25, and more in the next Update
	Sample  *Sample
}

// Watch calls show with the state, and then with each change: at once if there
// was none for Interval, and never more often. While a connection is open there
// is a Sample in each Update, and one each Interval. It returns when ctx ends.
func (s *Session) Watch(ctx context.Context, show func(Update)) {
	for {
		show(s.take(time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-time.After(Interval):
		}
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
		}
	}
}

// touch wakes Watch.
func (s *Session) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// take returns the next Update.
func (s *Session) take(now time.Time) Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := Update{
		State: s.state, Detail: s.detail, Failed: s.failed,
		Flooding: s.flood != nil, Paused: s.reading.wait != nil,
	}
	u.Lines, u.Skipped = s.log.take()
	if len(s.log.lines) > 0 {
		s.touch()
	}
	if s.conn == nil {
		return u
	}
	x := s.meter.take(now)
	x.Buffered, x.Unread = s.conn.BufferedAmount(), s.conn.ReadBuffered()
	if s.flood != nil {
		x.InFlight = s.flood.inFlight
	}
	u.Sample = &x
	s.touch() // the next sample
	return u
}
