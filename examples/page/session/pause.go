package session

import "context"

// reading is whether the connection is being read.
type reading struct {
	ctx  context.Context    // ends the Read that waits, and nothing else
	stop context.CancelFunc // ends ctx
	wait chan struct{}      // nil unless paused; closed to go on
}

func newReading() reading {
	var r reading
	r.ctx, r.stop = context.WithCancel(context.Background())
	return r
}

// resume continues reading, if it was paused.
func (r *reading) resume() {
	if r.wait != nil {
		close(r.wait)
		*r = newReading()
	}
}

// pause ends the blocked Read, or resumes reading. A cancelled Read loses
// nothing: messages wait, and the connection stays open.
func (s *Session) pause(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.reading
	switch {
	case s.state != Open:
	case on && r.wait == nil:
		r.wait = make(chan struct{})
		r.stop()
		s.note(Line{Kind: Note, Text: "reading is paused: what arrives waits"})
	case !on && r.wait != nil:
		r.resume()
		s.note(Line{Kind: Note, Text: "reading goes on"})
	}
}

// awaitReading returns the context to read with, once reading is not paused.
func (s *Session) awaitReading() context.Context {
	for {
		s.mu.Lock()
		r := s.reading
		s.mu.Unlock()
		if r.wait == nil {
			return r.ctx
		}
		<-r.wait
	}
}
