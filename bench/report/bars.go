package report

import (
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars is a chart of grouped bars from zero upwards.
type Bars struct {
	Title  string
	YLabel string
	Groups []string // names under the groups; "\n" breaks a line
	Series []Series // a bar in each group; NaN leaves it out
	// Marks are drawn across a group as a line, such as a target; NaN, and what
	// is beyond the end, is none.
	Marks    []float64
	MarkName string
}

const (
	barWidth = 13 // points
	groupGap = 20 // points between two groups
)

// WriteSVG writes the chart as an SVG file. It returns an error when a series
// has not one value for each group.
func (b *Bars) WriteSVG(w io.Writer) error {
	if err := check(len(b.Groups), b.Series, false); err != nil {
		return err
	}
	p := newPlot(b.Title, "", b.YLabel)
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal.Color = rule
	p.Add(grid)
	for i, s := range b.Series {
		bars, err := plotter.NewBarChart(plotter.Values(finite(s.Values)), vg.Points(barWidth))
		if err != nil {
			return err
		}
		bars.Color = colourOf(i)
		bars.LineStyle.Width = 0
		bars.Offset = vg.Points(barWidth * (float64(i) - float64(len(b.Series)-1)/2))
		p.Add(bars)
		p.Legend.Add(s.Name, bars)
	}
	group := float64(len(b.Series)*barWidth + groupGap)
	if m := b.marks(float64(len(b.Series)*barWidth+6) / group / 2); len(m.at) > 0 {
		p.Add(m)
		p.Legend.Add(b.MarkName, m)
	}
	p.NominalX(b.Groups...)
	p.X.Tick.Label.Font.Size = vg.Points(9)
	p.X.Min, p.X.Max = -0.5, float64(len(b.Groups))-0.5
	p.Y.Min = 0
	if p.Y.Max *= 1.12; p.Y.Max <= 0 { // room for the legend
		p.Y.Max = 1
	}
	p.Y.Tick.Marker = plot.TickerFunc(steps)
	p.Legend.ThumbnailWidth = vg.Points(12)
	return writeSVG(w, p, max(chartWidth, vg.Points(group*float64(len(b.Groups))+70)), chartHeight)
}

// steps labels four to eight round numbers from zero on.
func steps(_, high float64) (ticks []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10(high/4)))
	for _, m := range []float64{5, 2} {
		if high/(step*m) >= 4 {
			step *= m
			break
		}
	}
	for i := 0; float64(i)*step <= high; i++ {
		v := float64(i) * step
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
	}
	return ticks
}

// finite draws nothing where there is no value.
func finite(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			out[i] = v
		}
	}
	return out
}

// marks are short lines across groups.
type marks struct {
	at   plotter.XYs
	half float64 // of a line's length, in groups
	line draw.LineStyle
}

func (b *Bars) marks(half float64) *marks {
	m := &marks{half: half, line: draw.LineStyle{
		Color: color.NRGBA{0xc0, 0x1c, 0x28, 0xff}, Width: vg.Points(1.6), Dashes: []vg.Length{vg.Points(4), vg.Points(2)},
	}}
	for i, v := range b.Marks {
		if i < len(b.Groups) && !math.IsNaN(v) {
			m.at = append(m.at, plotter.XY{X: float64(i), Y: v})
		}
	}
	return m
}

// Plot implements plot.Plotter.
func (m *marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range m.at {
		c.StrokeLine2(m.line, x(at.X-m.half), y(at.Y), x(at.X+m.half), y(at.Y))
	}
}

// DataRange implements plot.DataRanger.
func (m *marks) DataRange() (xmin, xmax, ymin, ymax float64) { return plotter.XYRange(m.at) }

// Thumbnail implements plot.Thumbnailer.
func (m *marks) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(m.line, c.Min.X, y, c.Max.X, y)
}
