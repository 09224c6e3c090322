//go:build js && wasm

package main

import (
	"math"
	"time"

	"github.com/twinws/ws/examples/page/figure"
	"github.com/twinws/ws/examples/page/session"
)

// The drawing's own units; the page stretches it to its size.
const (
	width  = 300.0
	height = 100.0
)

// smooth is the time over which each point of a curve is a mean.
const smooth = 500 * time.Millisecond

// chart is one figure of the page: a number, and its curve over the last 30 s.
type chart struct {
	value, more, top *element
	curve, area      *element

	line    func(session.Sample) float64 // not a number for nothing measured
	filled  func(session.Sample) float64 // under it the area is filled
	ceiling func(float64) float64
	unit    func(float64) string // of the scale
	say     func(recent session.Sample) (value, more string)
}

func newCharts() []*chart {
	count := func(v float64) float64 { return figure.Ceiling(v, 10) }
	perSecond := func(x session.Sample) float64 { return x.Rate(int64(x.Received)) }
	buffered := func(x session.Sample) float64 { return float64(x.Buffered) }
	unread := func(x session.Sample) float64 { return float64(x.Unread) }
	millis := func(ms float64) string { return figure.Duration(time.Duration(ms * float64(time.Millisecond))) }
	return []*chart{
		newChart("rate-chart", chart{line: perSecond, filled: perSecond, ceiling: count, unit: figure.Count, say: sayRate}),
		newChart("latency-chart", chart{
			line:    func(x session.Sample) float64 { return latency(x, x.Median) },
			filled:  func(x session.Sample) float64 { return latency(x, x.Worst) },
			ceiling: func(v float64) float64 { return figure.Ceiling(v, 1) }, unit: millis, say: sayLatency,
		}),
		newChart("buffered-chart", chart{
			line: buffered, filled: buffered, ceiling: figure.CeilingBytes, unit: figure.Bytes,
			say: func(x session.Sample) (string, string) { return figure.Bytes(buffered(x)), "" },
		}),
		newChart("unread-chart", chart{
			line: unread, filled: unread, ceiling: figure.CeilingBytes, unit: figure.Bytes,
			say: func(x session.Sample) (string, string) { return figure.Bytes(unread(x)), "" },
		}),
	}
}

func newChart(id string, c chart) *chart {
	e := byID(id)
	c.value, c.more, c.top = e.child(".value"), e.child(".more"), e.child(".top")
	c.curve, c.area = e.child(".curve"), e.child(".area")
	return &c
}

func latency(x session.Sample, d time.Duration) float64 {
	if x.Echoes == 0 {
		return math.NaN()
	}
	return float64(d) / float64(time.Millisecond)
}

func sayRate(x session.Sample) (value, more string) {
	return figure.Count(x.Rate(int64(x.Received))), figure.Count(x.Rate(int64(x.Sent))) + " sent"
}

func sayLatency(x session.Sample) (value, more string) {
	if x.Median == 0 {
		return "–", ""
	}
	return figure.Duration(x.Median), figure.Duration(x.Worst) + " worst"
}

// show draws the history, whose newest sample stands at the right edge.
func (c *chart) show(h *session.History) {
	value, more := c.say(h.Recent(time.Second))
	c.value.setText(value)
	c.more.setText(more)
	curve, _ := points(h, c.line)
	area, highest := points(h, c.filled)
	top := c.ceiling(highest)
	c.top.setText(c.unit(top))
	c.curve.setAttribute("d", figure.Curve(scale(curve, top)))
	c.area.setAttribute("d", figure.Area(scale(area, top), height))
}

// points are the values over time, and the highest of them.
func points(h *session.History, value func(session.Sample) float64) (all []figure.Point, highest float64) {
	now := h.Recent(0).At
	for i := range h.Len() {
		x := h.At(i, smooth)
		p := figure.Point{X: width * (1 - (now-x.At).Seconds()/session.Kept.Seconds()), Y: value(x)}
		if p.Y > highest { // which not a number is not
			highest = p.Y
		}
		all = append(all, p)
	}
	return all, highest
}

// scale turns values from 0 to top into heights, from the bottom upwards.
func scale(all []figure.Point, top float64) []figure.Point {
	for i := range all {
		all[i].Y = height * (1 - all[i].Y/top)
	}
	return all
}
