package figure

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

var gap = math.NaN()

func TestCurve(t *testing.T) {
	for _, tt := range []struct {
		name   string
		points []Point
		curve  string
		area   string // to 10
	}{
		{"nothing", nil, "", ""},
		{"gaps alone", []Point{{0, gap}, {1, gap}}, "", ""},
		{"a point", []Point{{1, 2}}, "M1 2h0", "M1 2h0L1 10L1 10Z"},
		{"a line", []Point{{0, 0}, {3, 6}}, "M0 0C1 2 2 4 3 6", "M0 0C1 2 2 4 3 6L3 10L0 10Z"},
		{"a gap", []Point{{0, 1}, {1, gap}, {2, 3}}, "M0 1h0M2 3h0", "M0 1h0L0 10L0 10ZM2 3h0L2 10L2 10Z"},
		{"level at a peak", []Point{{0, 0}, {3, 3}, {6, 0}}, "M0 0C1 1 2 3 3 3C4 3 5 1 6 0", "M0 0C1 1 2 3 3 3C4 3 5 1 6 0L6 10L0 10Z"},
		{"level parts keep their corners", []Point{{0, 3}, {1, 3}, {2, 3}, {3, 3}}, "M0 3C1 3 2 3 3 3", "M0 3C1 3 2 3 3 3L3 10L0 10Z"},
		{"hundredths", []Point{{1.0 / 3, 2.0 / 3}}, "M0.33 0.67h0", "M0.33 0.67h0L0.33 10L0.33 10Z"},
	} {
		if got := Curve(tt.points); got != tt.curve {
			t.Errorf("%s: curve %s, want %s", tt.name, got, tt.curve)
		}
		if got := Area(tt.points, 10); got != tt.area {
			t.Errorf("%s: area %s, want %s", tt.name, got, tt.area)
		}
	}
}

// A Bézier curve stays within its four points. So it is enough that the two in
// the middle lie between the ends, for it to show nothing that was not
// measured.
func TestCurveNeverOvershoots(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		points := make([]Point, 2+r.IntN(20))
		x := 0.0
		for i := range points {
			x += 0.5 + 5*r.Float64()
			points[i] = Point{x, math.Round(r.Float64()*100*r.Float64()) / 100 * 100}
		}
		path := Curve(points)
		from := numbers(t, path[1:strings.IndexByte(path, 'C')])
		for _, c := range strings.Split(path, "C")[1:] {
			n := append(from, numbers(t, c)...)
			low, high := min(n[1], n[7])-0.02, max(n[1], n[7])+0.02 // what rounding adds
			if n[3] < low || n[3] > high || n[5] < low || n[5] > high {
				t.Fatalf("from %v to %v by %v and %v", n[1], n[7], n[3], n[5])
			}
			from = n[6:]
		}
	}
}

func numbers(t *testing.T, s string) []float64 {
	var all []float64
	for _, f := range strings.Fields(s) {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}
