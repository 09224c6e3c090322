package session

import (
	"slices"
	"time"
)

// Kept is how long a History goes back.
const Kept = 30 * time.Second

// History is the last Samples of one connection, for a plot.
type History struct{ samples []Sample }

// Add adds the newest sample, and drops those that are too old. The first
// sample of another connection begins a new history.
func (h *History) Add(x Sample) {
	if n := len(h.samples); n > 0 && x.At < h.samples[n-1].At {
		h.samples = h.samples[:0]
	}
	old := slices.IndexFunc(h.samples, func(o Sample) bool { return x.At-o.At <= Kept })
	if old > 0 {
		h.samples = slices.Delete(h.samples, 0, old)
	}
	h.samples = append(h.samples, x)
}

// Clear removes all samples.
func (h *History) Clear() { h.samples = h.samples[:0] }

// Len returns how many samples there are.
func (h *History) Len() int { return len(h.samples) }

// Recent is At for the newest sample; without samples it is zero.
func (h *History) Recent(d time.Duration) Sample {
	if len(h.samples) == 0 {
		return Sample{}
	}
	return h.At(len(h.samples)-1, d)
}

// At sums up the samples of the time d that ends with sample i, which is
// smoother than that one alone: what was counted is added, and what was in some
// state is as in sample i. Median is that of the last sample with an echo.
func (h *History) At(i int, d time.Duration) Sample {
	sum := h.samples[i]
	for i--; i >= 0 && sum.At-h.samples[i].At < d; i-- {
		x := h.samples[i]
		sum.Span += x.Span
		sum.Sent += x.Sent
		sum.Received += x.Received
		sum.SentBytes += x.SentBytes
		sum.ReceivedBytes += x.ReceivedBytes
		sum.Worst = max(sum.Worst, x.Worst)
		if sum.Echoes == 0 {
			sum.Median = x.Median
		}
		sum.Echoes += x.Echoes
	}
	return sum
}

// Rate is n of something in the sample's span, per second.
func (s Sample) Rate(n int64) float64 {
	if s.Span <= 0 {
		return 0
	}
	return float64(n) / s.Span.Seconds()
}
