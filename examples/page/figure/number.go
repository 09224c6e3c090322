package figure

import (
	"math"
	"math/bits"
	"strconv"
	"time"
)

// Ceiling is the end of a scale for values up to v: the next of 1, 2 and 5
// times a power of ten, from least on.
func Ceiling(v, least float64) float64 {
	v = max(v, least)
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range [...]float64{1, 2, 5} {
		if v <= step*power {
			return step * power
		}
	}
	return 10 * power
}

// CeilingBytes is Ceiling for bytes: the next power of two, from 1 KiB on.
func CeilingBytes(v float64) float64 {
	n := max(uint64(math.Ceil(v)), 1<<10)
	return float64(uint64(1) << bits.Len64(n-1))
}

// Count is a number of things: "12,345".
func Count(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes is a number of bytes with its unit: "512 B", "1.5 KiB".
func Bytes(n float64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB"}
	i := 0
	for n >= 1023.5 && i < len(units)-1 {
		n /= 1024
		i++
	}
	if i == 0 {
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
	return short(n) + " " + units[i]
}

// Duration is a time with its unit: "0.3 ms", "12 ms", "2.0 s".
func Duration(d time.Duration) string {
	if ms := float64(d) / float64(time.Millisecond); ms < 999.5 {
		return short(ms) + " ms"
	}
	return short(d.Seconds()) + " s"
}

// short has a decimal below 10, always, so that a number that changes stays in
// its place.
func short(v float64) string {
	if v < 9.95 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}
