package report

import (
	"math"
	"slices"
	"strconv"
)

// Median returns the middle of values, the mean of both middle ones when their
// number is even, and NaN when there is none. It leaves values as they are.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	if n%2 == 1 {
		return v[n/2]
	}
	return v[n/2-1] + (v[n/2]-v[n/2-1])/2
}

// Ratios divides values by base, pair by pair: two contestants' figures of the
// same rounds. It is as long as the shorter of them. A pair without a positive
// base gives NaN.
func Ratios(values, base []float64) []float64 {
	r := make([]float64, min(len(values), len(base)))
	for i := range r {
		r[i] = math.NaN()
		if base[i] > 0 {
			r[i] = values[i] / base[i]
		}
	}
	return r
}

// MedianRatio returns the median of Ratios, NaN when there is none or one of
// them is NaN. What disturbs a whole round, such as a busy neighbour, is in
// both figures of a pair and so in neither ratio.
func MedianRatio(values, base []float64) float64 {
	r := Ratios(values, base)
	if slices.ContainsFunc(r, math.IsNaN) {
		return math.NaN()
	}
	return Median(r)
}

// Spread returns the values at a quarter and at three quarters of the sorted
// values, NaN when there is none. Half of the values lie between them.
func Spread(values []float64) (low, high float64) {
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	return quantile(v, 0.25), quantile(v, 0.75)
}

// quantile interpolates between the two neighbours of place q*(len(v)-1).
func quantile(v []float64, q float64) float64 {
	place := q * float64(len(v)-1)
	i := int(place)
	if i+1 >= len(v) {
		return v[i]
	}
	return v[i] + (v[i+1]-v[i])*(place-float64(i))
}

// Number formats v for a table: three significant digits, and never fewer than
// the digits before the point. A value that could not be measured, NaN, is "?".
func Number(v float64) string {
	if math.IsNaN(v) {
		return "?"
	}
	decimals := 0
	if a := math.Abs(v); a < 9.995 {
		decimals = 2
	} else if a < 99.95 {
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Factor formats a ratio for a table, such as "1.70x".
func Factor(v float64) string {
	if math.IsNaN(v) {
		return "?"
	}
	return strconv.FormatFloat(v, 'f', 2, 64) + "x"
}

// Size formats a number of bytes, such as "16 B", "64 KiB", "1 MiB".
func Size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + " MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + " KiB"
	}
	return strconv.Itoa(n) + " B"
}
