package report

import (
	"math"
	"slices"
	"testing"
)

var nan = math.NaN()

// same is equality in which NaN equals NaN.
func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{nil, nan},
		{[]float64{4}, 4},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 3, 2, 1}, 2.5},
		{[]float64{1, 1000, 2, 3, 2}, 2},
	} {
		before := slices.Clone(tt.values)
		if got := Median(tt.values); !same(got, tt.want) {
			t.Errorf("Median(%v) = %v, want %v", tt.values, got, tt.want)
		}
		if !slices.Equal(tt.values, before) {
			t.Errorf("Median changed %v to %v", before, tt.values)
		}
	}
}

func TestRatios(t *testing.T) {
	for _, tt := range []struct {
		name         string
		values, base []float64
		want         []float64
		median       float64
	}{
		{"none", nil, []float64{1}, nil, nan},
		{"pairs, not medians", []float64{2, 300, 4}, []float64{1, 100, 2}, []float64{2, 3, 2}, 2},
		{"the shorter counts", []float64{2, 3}, []float64{1}, []float64{2}, 2},
		{"no base", []float64{2, 3}, []float64{1, 0}, []float64{2, nan}, nan},
	} {
		got := Ratios(tt.values, tt.base)
		if !slices.EqualFunc(got, tt.want, same) {
			t.Errorf("%s: Ratios = %v, want %v", tt.name, got, tt.want)
		}
		if got := MedianRatio(tt.values, tt.base); !same(got, tt.median) {
			t.Errorf("%s: MedianRatio = %v, want %v", tt.name, got, tt.median)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		values    []float64
		low, high float64
	}{
		{nil, nan, nan},
		{[]float64{7}, 7, 7},
		{[]float64{5, 1, 3, 2, 4}, 2, 4},
		{[]float64{1, 2}, 1.25, 1.75},
	} {
		if low, high := Spread(tt.values); !same(low, tt.low) || !same(high, tt.high) {
			t.Errorf("Spread(%v) = %v, %v, want %v, %v", tt.values, low, high, tt.low, tt.high)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Number(0), "0.00"},
		{Number(1.234), "1.23"},
		{Number(9.994), "9.99"},
		{Number(9.996), "10.0"},
		{Number(12.34), "12.3"},
		{Number(99.96), "100"},
		{Number(123456.7), "123457"},
		{Number(-3.456), "-3.46"},
		{Number(nan), "?"},
		{Factor(1.699), "1.70x"},
		{Factor(nan), "?"},
		{Size(0), "0 B"},
		{Size(16), "16 B"},
		{Size(1 << 10), "1 KiB"},
		{Size(64 << 10), "64 KiB"},
		{Size(1 << 20), "1 MiB"},
		{Size(1<<10 + 1), "1025 B"},
		{Size(1<<20 + 1<<10), "1025 KiB"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
