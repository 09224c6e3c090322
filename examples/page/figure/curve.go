// Package figure formats measurements for a page: numbers with units, and
// curves as the data of SVG paths.
package figure

import (
	"math"
	"strconv"
)

// Point is a point of a curve, in the units of the drawing.
type Point struct{ X, Y float64 }

// Curve returns the data of an SVG path through points, whose X must rise. It
// is smooth and yet shows no value that was not measured: between two points it
// never leaves the range of their Y (monotone cubic interpolation after Fritsch
// and Carlson). Where Y is not a number, the curve is broken; a point alone is
// a dot, which a round line cap shows.
func Curve(points []Point) string {
	return string(draw(nil, points, func(dst []byte, run []Point) []byte {
		return appendRun(dst, run)
	}))
}

// Area is Curve closed down to floor, for filling.
func Area(points []Point, floor float64) string {
	return string(draw(nil, points, func(dst []byte, run []Point) []byte {
		dst = appendRun(dst, run)
		dst = appendPoint(append(dst, 'L'), Point{run[len(run)-1].X, floor})
		dst = appendPoint(append(dst, 'L'), Point{run[0].X, floor})
		return append(dst, 'Z')
	}))
}

// draw calls run for each stretch of points that are all numbers.
func draw(dst []byte, points []Point, run func([]byte, []Point) []byte) []byte {
	begin := 0
	for i := range len(points) + 1 {
		if i < len(points) && !math.IsNaN(points[i].Y) {
			continue
		}
		if i > begin {
			dst = run(dst, corners(points[begin:i]))
		}
		begin = i + 1
	}
	return dst
}

// corners leaves out the points in the middle of what is level, which is most
// of a curve when nothing happens.
func corners(p []Point) []Point {
	var keep []Point
	for i := range p {
		if i == 0 || i == len(p)-1 || p[i-1].Y != p[i].Y || p[i].Y != p[i+1].Y {
			keep = append(keep, p[i])
		}
	}
	return keep
}

func appendRun(dst []byte, p []Point) []byte {
	dst = appendPoint(append(dst, 'M'), p[0])
	if len(p) == 1 {
		return append(dst, "h0"...)
	}
	slopes := tangents(p)
	for i, a := range p[:len(p)-1] {
		b := p[i+1]
		third := (b.X - a.X) / 3
		dst = appendPoint(append(dst, 'C'), Point{a.X + third, a.Y + third*slopes[i]})
		dst = appendPoint(append(dst, ' '), Point{b.X - third, b.Y - third*slopes[i+1]})
		dst = appendPoint(append(dst, ' '), b)
	}
	return dst
}

// tangents are the slopes at the points: the harmonic mean of the slopes on
// both sides, and level at a peak, which keeps the curve between its points.
func tangents(p []Point) []float64 {
	n := len(p)
	t := make([]float64, n)
	slope := func(i int) float64 { return (p[i+1].Y - p[i].Y) / (p[i+1].X - p[i].X) }
	t[0], t[n-1] = slope(0), slope(n-2)
	for i := 1; i < n-1; i++ {
		if l, r := slope(i-1), slope(i); l*r > 0 {
			t[i] = 2 * l * r / (l + r)
		}
	}
	return t
}

// appendPoint writes coordinates to a hundredth: finer than any screen.
func appendPoint(dst []byte, p Point) []byte {
	dst = appendNumber(dst, p.X)
	return appendNumber(append(dst, ' '), p.Y)
}

func appendNumber(dst []byte, x float64) []byte {
	return strconv.AppendFloat(dst, math.Round(x*100)/100, 'f', -1, 64)
}
