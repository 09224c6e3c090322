package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The latencies that can be told apart: from 10 ns to 1 h, in nanoseconds, with
// three significant digits.
const (
	leastLatency  = int64(10 * time.Nanosecond)
	mostLatency   = int64(time.Hour)
	latencyDigits = 3
)

// stats is what was measured so far.
type stats struct {
	mu        sync.Mutex
	started   time.Time // protected by mu, as everything below
	open      int
	r         result
	latencies *hdr.Histogram
}

func newStats() *stats {
	return &stats{latencies: hdr.New(leastLatency, mostLatency, latencyDigits), r: result{Errors: map[string]int{}}}
}

// result is what ws load prints.
type result struct {
	Connections   int            `json:"connections"` // opened
	Failed        int            `json:"failed"`      // not opened
	Lost          int            `json:"lost"`        // ended early
	Sent          int            `json:"sent"`
	Received      int            `json:"received"`
	Answered      int            `json:"answered"`
	Unanswered    int            `json:"unanswered"`
	Surplus       int            `json:"surplus"` // received though nothing was awaited
	BytesSent     int64          `json:"bytesSent"`
	BytesReceived int64          `json:"bytesReceived"`
	Seconds       float64        `json:"seconds"`
	SentRate      float64        `json:"sentPerSecond"`
	ReceivedRate  float64        `json:"receivedPerSecond"`
	Latency       *latency       `json:"latencySeconds,omitempty"` // nil if nothing was answered
	Errors        map[string]int `json:"errors,omitempty"`         // by their text
}

// latency is in seconds.
type latency struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

func (s *stats) begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = now
}

func (s *stats) opened() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	s.r.Connections++
}

// failed counts a connection that could not be opened.
func (s *stats) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Failed++
	s.r.Errors[oneLine(strings.TrimPrefix(err.Error(), "ws: "))]++
}

// lost counts a connection that ended early.
func (s *stats) lost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Lost++
	s.r.Errors[oneLine(strings.TrimPrefix(err.Error(), "ws: "))]++
}

func (s *stats) unanswered(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.r.Unanswered += n
}

func (s *stats) sent(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Sent++
	s.r.BytesSent += int64(bytes)
}

// received counts a message that answers none.
func (s *stats) received(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Received++
	s.r.BytesReceived += int64(bytes)
}

func (s *stats) surplus(bytes int) {
	s.received(bytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Surplus++
}

// answered counts a message that answers one.
func (s *stats) answered(bytes int, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r.Received++
	s.r.Answered++
	s.r.BytesReceived += int64(bytes)
	s.latencies.RecordValue(min(max(int64(after), leastLatency), mostLatency))
}

// result is the result at the end of the test.
func (s *stats) result(l *load) result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.r
	r.Seconds = l.now().Sub(s.started).Seconds()
	if r.Seconds > 0 {
		r.SentRate, r.ReceivedRate = float64(r.Sent)/r.Seconds, float64(r.Received)/r.Seconds
	}
	if r.Answered > 0 {
		r.Latency = s.latency()
	}
	return r
}

// latency is called with mu held.
func (s *stats) latency() *latency {
	h := s.latencies
	at := func(p float64) float64 { return time.Duration(h.ValueAtPercentile(p)).Seconds() }
	return &latency{
		Min: time.Duration(h.Min()).Seconds(), Mean: h.Mean() / float64(time.Second), Max: time.Duration(h.Max()).Seconds(),
		P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
	}
}

// String is the result for people.
func (r result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connections  %d opened, %d failed, %d ended early\n", r.Connections, r.Failed, r.Lost)
	fmt.Fprintf(&b, "sent         %s, %.0f a second, %s\n", count(r.Sent, "message"), r.SentRate, size(r.BytesSent))
	fmt.Fprintf(&b, "received     %s, %.0f a second, %s", count(r.Received, "message"), r.ReceivedRate, size(r.BytesReceived))
	if r.Unanswered > 0 {
		fmt.Fprintf(&b, "; %d without an answer", r.Unanswered)
	}
	if r.Surplus > 0 {
		fmt.Fprintf(&b, "; %d that answer none", r.Surplus)
	}
	fmt.Fprintf(&b, "\ntime         %.1f s\n", r.Seconds)
	if l := r.Latency; l != nil {
		fmt.Fprintf(&b, "latency      min %s, mean %s, max %s\n", short(l.Min), short(l.Mean), short(l.Max))
		fmt.Fprintf(&b, "             p50 %s, p90 %s, p99 %s, p99.9 %s\n", short(l.P50), short(l.P90), short(l.P99), short(l.P999))
	}
	for _, text := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(&b, "error        %d x %s\n", r.Errors[text], visible(text))
	}
	return b.String()
}

// short is a time in seconds with three significant digits.
func short(seconds float64) string {
	switch {
	case seconds < 1e-3:
		return fmt.Sprintf("%.3g µs", seconds*1e6)
	case seconds < 1:
		return fmt.Sprintf("%.3g ms", seconds*1e3)
	}
	return fmt.Sprintf("%.3g s", seconds)
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprint(n, " bytes")
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
