package main

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	histogramWidth  = 20 * vg.Centimeter
	histogramHeight = 10 * vg.Centimeter
	// binsPerDecade is how many bars a factor of ten has: the axis of time is
	// logarithmic.
	binsPerDecade = 20
)

// writeHistogram draws how many messages had which latency, with quantiles, to
// an SVG file.
func writeHistogram(file, url string, s *stats) error {
	s.mu.Lock()
	bins := bins(s)
	quantiles := s.latency()
	s.mu.Unlock()
	p := plot.New()
	p.Title.Text = "Latency of " + url
	p.X.Label.Text = "latency, ms"
	p.Y.Label.Text = "messages"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Y.Min = 0
	bars := &plotter.Histogram{Bins: bins, Width: 1, FillColor: color.RGBA{R: 0x4C, G: 0x78, B: 0xA8, A: 0xFF}, LineStyle: draw.LineStyle{}}
	p.Add(bars)
	top := 0.0
	for _, b := range bins {
		top = max(top, b.Weight)
	}
	for i, q := range []struct {
		name    string
		seconds float64
	}{{"p50", quantiles.P50}, {"p90", quantiles.P90}, {"p99", quantiles.P99}, {"p99.9", quantiles.P999}} {
		x := q.seconds * 1e3
		line, err := plotter.NewLine(plotter.XYs{{X: x, Y: 0}, {X: x, Y: top * 1.05}})
		if err != nil {
			return err
		}
		line.Color = color.Gray{Y: uint8(40 * i)}
		line.Dashes = []vg.Length{vg.Points(1 + 2*vg.Length(i).Points()), vg.Points(2)}
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("%s %s", q.name, short(q.seconds)), line)
	}
	// On the left of its own text, whose width depends on the viewer's fonts.
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs = true, true, histogramWidth-6*vg.Centimeter
	c := vgsvg.New(histogramWidth, histogramHeight)
	p.Draw(draw.New(c))
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = c.WriteTo(f)
	return errors.Join(err, f.Close())
}

// bins are the bars: from the least latency to the largest, in ms, as wide as
// each other on a logarithmic axis. It is called with mu held.
func bins(s *stats) []plotter.HistogramBin {
	width := func(i int) float64 { return math.Pow(10, float64(i)/binsPerDecade) }
	index := func(ms float64) int { return int(math.Floor(math.Log10(ms) * binsPerDecade)) }
	ms := func(ns int64) float64 { return float64(ns) / 1e6 }
	h := s.latencies
	first, last := index(ms(max(h.Min(), leastLatency))), index(ms(max(h.Max(), leastLatency)))
	all := make([]plotter.HistogramBin, last-first+1)
	for i := range all {
		all[i].Min, all[i].Max = width(first+i), width(first+i+1)
	}
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			i := min(max(index(ms(max(bar.From, leastLatency)))-first, 0), len(all)-1)
			all[i].Weight += float64(bar.Count)
		}
	}
	return all
}
