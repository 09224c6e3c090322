package deflate

import (
	"bytes"
	"testing"
)

// Messages that are compressed as small ones behind a dictionary hold matches
// of every length, up to all of a message, and at every distance (RFC 1951
// section 3.2.5).
func TestToldMatches(t *testing.T) {
	for bits := minBits; bits <= maxBits; bits++ {
		c, p := NewCompressor(1, bits, true), newPeer(t, bits, true)
		for i := range 3 {
			send(c, p, randomData(toldBefore, uint64(i)))
		}
		for n := smallMessage; n <= toldMessage; n += 64 {
			send(c, p, bytes.Repeat([]byte{byte(n)}, n))
			send(c, p, randomData(n, uint64(n)))
			said := c.sent.buf
			send(c, p, said[len(said)-min(n, len(said)):])
		}
	}
}

// They take the quick way where it pays, and only there.
func TestTold(t *testing.T) {
	for _, test := range []struct {
		why         string
		level, bits int
		said, n     int
		want        bool
	}{
		{"behind a dictionary", 1, 13, toldBefore, toldMessage, true},
		{"the default level", 0, 15, toldBefore, 500, true},
		{"with too little said before", 1, 13, toldBefore - 1, 500, false},
		{"too long", 1, 13, toldBefore, toldMessage + 1, false},
		{"where smaller was asked for", 2, 13, toldBefore, 500, false},
		{"most of the window", 1, 11, toldBefore, toldMessage, true},
		{"more of the window", 1, 10, toldBefore, toldMessage, false},
	} {
		c := NewCompressor(test.level, test.bits, true)
		c.Sent(make([]byte, test.said))
		if got := c.told(test.n); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}
