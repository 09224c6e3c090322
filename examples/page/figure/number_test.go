package figure

import (
	"testing"
	"time"
)

func TestCeiling(t *testing.T) {
	for _, tt := range []struct{ v, least, want float64 }{
		{0, 10, 10}, {10, 10, 10}, {10.1, 10, 20}, {20, 10, 20}, {21, 10, 50}, {51, 10, 100}, {999, 10, 1000}, {0.2, 0.1, 0.2}, {123456, 1, 200000},
	} {
		if got := Ceiling(tt.v, tt.least); got != tt.want {
			t.Errorf("Ceiling(%v, %v) = %v, want %v", tt.v, tt.least, got, tt.want)
		}
	}
	for _, tt := range []struct{ v, want float64 }{
		{0, 1024}, {1024, 1024}, {1025, 2048}, {3 << 20, 4 << 20}, {16 << 20, 16 << 20}, {1<<20 + 0.5, 2 << 20},
	} {
		if got := CeilingBytes(tt.v); got != tt.want {
			t.Errorf("CeilingBytes(%v) = %v, want %v", tt.v, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(9.6), "10"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(1234567.4), "1,234,567"},
		{Bytes(0), "0 B"}, {Bytes(1023), "1023 B"}, {Bytes(1023.6), "1.0 KiB"}, {Bytes(1536), "1.5 KiB"}, {Bytes(16 << 20), "16 MiB"},
		{Bytes(5 << 40), "5120 GiB"},
		{Duration(0), "0.0 ms"}, {Duration(300 * time.Microsecond), "0.3 ms"}, {Duration(9960 * time.Microsecond), "10 ms"},
		{Duration(999 * time.Millisecond), "999 ms"}, {Duration(999600 * time.Microsecond), "1.0 s"}, {Duration(90 * time.Second), "90 s"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
