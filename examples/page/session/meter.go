package session

import (
	"slices"
	"time"
)

// maxTimes is how many latencies of one sample are kept at most; more would not
// move the median.
const maxTimes = 4096

// Sample is what was measured in one stretch of time.
type Sample struct {
	At   time.Duration // of its end, since the connection opened
	Span time.Duration // its length

	Sent, Received           int   // messages
	SentBytes, ReceivedBytes int64 // of payload

	Echoes        int           // messages that came back
	Median, Worst time.Duration // how long they took

	Buffered int64 // bytes that Write accepted and the network has not
	Unread   int64 // bytes that arrived and nobody has read
	InFlight int   // messages of a flood
}

// meter counts for the next Sample.
type meter struct {
	begin, last time.Time
	now         Sample
	times       []time.Duration
}

func newMeter(now time.Time) meter { return meter{begin: now, last: now} }

func (m *meter) sent(n int) {
	m.now.Sent++
	m.now.SentBytes += int64(n)
}

func (m *meter) received(n int) {
	m.now.Received++
	m.now.ReceivedBytes += int64(n)
}

func (m *meter) echoed(took time.Duration) {
	m.now.Echoes++
	m.now.Worst = max(m.now.Worst, took)
	if len(m.times) < maxTimes {
		m.times = append(m.times, took)
	}
}

// take returns what was counted since the last take, and resets the counters.
func (m *meter) take(now time.Time) Sample {
	x := m.now
	x.At, x.Span = now.Sub(m.begin), now.Sub(m.last)
	if len(m.times) > 0 {
		slices.Sort(m.times)
		x.Median = m.times[len(m.times)/2]
	}
	m.now, m.times, m.last = Sample{}, m.times[:0], now
	return x
}
