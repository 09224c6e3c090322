package report

import (
	"errors"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lines is a line chart whose axes are both logarithmic.
type Lines struct {
	Title          string
	XLabel, YLabel string
	X              []float64              // positive and rising
	Series         []Series               // a positive value for each X; NaN leaves a gap
	XName          func(x float64) string // what stands under an X, nil for the number
}

// WriteSVG writes the chart as an SVG file. It returns an error when a series
// has not one value for each X, or a number that has no logarithm.
func (l *Lines) WriteSVG(w io.Writer) error {
	if err := l.check(); err != nil {
		return err
	}
	p := newPlot(l.Title, l.XLabel, l.YLabel)
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(l.xTicks()), plot.TickerFunc(decades)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = rule, rule
	p.Add(grid)
	for i, s := range l.Series {
		if err := l.draw(p, i, s); err != nil {
			return err
		}
	}
	p.Y.Min, p.Y.Max = decadeRange(p.Y.Min, p.Y.Max)
	p.Legend.ThumbnailWidth = vg.Points(24)
	p.Legend.Left = true
	p.Legend.XOffs = vg.Points(4)
	return writeSVG(w, p, chartWidth, chartHeight)
}

func (l *Lines) check() error {
	for i, x := range l.X {
		if x <= 0 || i > 0 && x <= l.X[i-1] {
			return errors.New("report: X must be positive and rising")
		}
	}
	return check(len(l.X), l.Series, true)
}

// draw adds the series i, a line for each run of values without a gap.
func (l *Lines) draw(p *plot.Plot, i int, s Series) error {
	shape := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}}[i%4]
	named := false
	for _, run := range runs(l.X, s.Values) {
		line, points, err := plotter.NewLinePoints(run)
		if err != nil {
			return err
		}
		line.Color, line.Width = colourOf(i), vg.Points(1.8)
		points.Color, points.Shape, points.Radius = colourOf(i), shape, vg.Points(3)
		p.Add(line, points)
		if !named {
			p.Legend.Add(s.Name, line, points)
			named = true
		}
	}
	return nil
}

// runs splits a series at its gaps.
func runs(x, values []float64) (all []plotter.XYs) {
	gap := true
	for i, v := range values {
		if math.IsNaN(v) {
			gap = true
			continue
		}
		if gap {
			all = append(all, nil)
		}
		gap = false
		all[len(all)-1] = append(all[len(all)-1], plotter.XY{X: x[i], Y: v})
	}
	return all
}

func (l *Lines) xTicks() (ticks []plot.Tick) {
	name := l.XName
	if name == nil {
		name = Number
	}
	for _, x := range l.X {
		ticks = append(ticks, plot.Tick{Value: x, Label: name(x)})
	}
	return ticks
}

// decadeRange widens a range to whole powers of ten, at least one.
func decadeRange(low, high float64) (float64, float64) {
	a, b := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if a == b {
		b++
	}
	return math.Pow(10, a), math.Pow(10, b)
}

// decades labels the powers of ten, with small ticks between.
func decades(low, high float64) (ticks []plot.Tick) {
	for d := math.Floor(math.Log10(low)); d <= math.Ceil(math.Log10(high)); d++ {
		for m := range 9 {
			if v := math.Pow(10, d) * float64(m+1); v >= low && v <= high*(1+1e-9) {
				t := plot.Tick{Value: v}
				if m == 0 {
					t.Label = power(v)
				}
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

// power formats a power of ten, from 1000 on with k and M.
func power(v float64) string {
	unit := ""
	switch {
	case v >= 1e6:
		v, unit = v/1e6, "M"
	case v >= 1e3:
		v, unit = v/1e3, "k"
	}
	return strconv.FormatFloat(v, 'g', -1, 64) + unit
}
