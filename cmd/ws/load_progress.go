package main

import (
	"fmt"
	"time"
)

// progressEvery is how often the line of progress is written.
const progressEvery = 250 * time.Millisecond

// progress writes a line on a terminal that says how far a test is.
type progress struct {
	quit, done chan struct{}
}

// progress starts the line, if standard error is a terminal.
func (l *load) progress() *progress {
	p := &progress{quit: make(chan struct{}), done: make(chan struct{})}
	if !isTerminal(l.err) {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		t := time.NewTicker(progressEvery)
		defer t.Stop()
		for {
			fmt.Fprint(l.err, "\r\x1b[K"+l.stats.line(l.now()))
			select {
			case <-t.C:
			case <-p.quit:
				fmt.Fprint(l.err, "\r\x1b[K")
				return
			}
		}
	}()
	return p
}

// stop removes the line.
func (p *progress) stop() {
	close(p.quit)
	<-p.done
}

// line is the line of progress, under 80 columns as a rule.
func (s *stats) line(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started.IsZero() {
		return count(s.r.Connections, "connection") + " opened"
	}
	elapsed := now.Sub(s.started).Seconds()
	rate := 0.0
	if elapsed > 0 {
		rate = float64(s.r.Sent) / elapsed
	}
	line := fmt.Sprintf("%.0f s  %d open  %d sent (%.0f/s)", elapsed, s.open, s.r.Sent, rate)
	if s.r.Answered > 0 {
		l := s.latency()
		line += fmt.Sprintf("  p50 %s  p99 %s", short(l.P50), short(l.P99))
	}
	if bad := s.r.Failed + s.r.Lost; bad > 0 {
		line += fmt.Sprintf("  %d failed", bad)
	}
	return line
}
