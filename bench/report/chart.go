package report

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Series is what is drawn in one colour, one value for each group or x.
type Series struct {
	Name   string // stands in the legend
	Values []float64
}

// The size of a chart. Bars makes it wider for many groups.
const (
	chartWidth  = 20 * vg.Centimeter
	chartHeight = 11 * vg.Centimeter
)

var (
	ink  = color.Gray{0x22}
	rule = color.Gray{0xd8}

	// colours can be told apart by people who do not see all colours, too, and
	// stand out from white: dark and light ones alternate.
	colours = []color.Color{
		color.NRGBA{0x33, 0x41, 0x55, 0xff},
		color.NRGBA{0xe6, 0x9f, 0x00, 0xff},
		color.NRGBA{0x0f, 0x76, 0x6e, 0xff},
		color.NRGBA{0xd5, 0x5e, 0x00, 0xff},
		color.NRGBA{0x56, 0xa4, 0xd9, 0xff},
		color.NRGBA{0x8b, 0x2f, 0x97, 0xff},
		color.NRGBA{0x9a, 0xa5, 0x3b, 0xff},
	}
)

// colourOf returns the colour of the series i; they repeat after seven.
func colourOf(i int) color.Color { return colours[i%len(colours)] }

// newPlot returns an empty chart in this package's style.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Color = ink
	p.Title.TextStyle.Font.Size = vg.Points(14)
	p.Title.Padding = vg.Points(8)
	p.Legend.TextStyle.Color = ink
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(3)
	p.Legend.XOffs = -vg.Points(4)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Label.TextStyle.Color, a.Tick.Color, a.Tick.Label.Color = ink, ink, ink, ink
		a.Label.TextStyle.Font.Size = vg.Points(11)
		a.Tick.Label.Font.Size = vg.Points(10)
		a.Padding = vg.Points(2)
	}
	return p
}

// writeSVG writes p as an SVG file.
func writeSVG(w io.Writer, p *plot.Plot, width, height vg.Length) error {
	svg, err := p.WriterTo(width, height, "svg")
	if err != nil {
		return err
	}
	_, err = svg.WriteTo(w)
	return err
}

// check returns why series cannot be drawn over n groups.
func check(n int, series []Series, positive bool) error {
	if n == 0 || len(series) == 0 {
		return errors.New("report: a chart needs a series and a value in it")
	}
	for _, s := range series {
		if len(s.Values) != n {
			return fmt.Errorf("report: series %q has %d values, want %d", s.Name, len(s.Values), n)
		}
		for i, v := range s.Values {
			if math.IsNaN(v) {
				continue // a gap
			}
			if math.IsInf(v, 0) || positive && v <= 0 {
				return fmt.Errorf("report: series %q: value %d cannot be drawn: %v", s.Name, i, v)
			}
		}
	}
	return nil
}
