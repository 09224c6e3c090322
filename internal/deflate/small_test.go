package deflate

import (
	"bytes"
	"strings"
	"testing"
)

// collision returns two texts of four bytes that begin alike, go on differently
// and have the same hash.
func collision(t *testing.T) (x, y string) {
	t.Helper()
	seen := map[uint32]string{}
	for i := range 26 * 26 * 26 {
		y := "a" + string([]byte{'a' + byte(i/26/26), 'a' + byte(i/26%26), 'a' + byte(i%26)})
		m := &matcher{}
		copy(m.text[:], y)
		h := m.hash(0)
		if x, ok := seen[h]; ok && x[1] != y[1] {
			return x, y
		}
		seen[h] = y
	}
	t.Fatal("no collision")
	return "", ""
}

// A match that begins before the bytes whose hash found it may end right behind
// their first one. The position there was looked at already, as the beginning of
// a later match: it is no match of itself (RFC 1951 section 3.2.5: distances
// begin at 1).
func TestSmallMatchOfItself(t *testing.T) {
	x, y := collision(t)
	// The dictionary has QRSa at an odd place, which is not looked up, and y at an
	// even one. The message has QRSa too, and then goes on as x does.
	dict := "." + "QRS" + y + strings.Repeat("-", 9)
	for _, behind := range []string{"", "b", "1234", "more of it, and more of it", strings.Repeat("z", 300)} {
		msg := "QRS" + x + behind
		payload := appendSmall(nil, []byte(dict), []byte(msg))
		if got, _, err := naiveInflate([]byte(dict), payload, 1<<maxBits); err != nil || string(got) != msg {
			t.Errorf("%q became % x: %q, %v", msg, payload, got, err)
		}
		c, d := NewCompressor(1, maxBits, true), NewDecompressor(maxBits, true)
		c.Sent([]byte(dict))
		d.received.add([]byte(dict))
		if got, err := inflate(d, bytes.NewReader(c.Append(nil, []byte(msg)))); err != nil || string(got) != msg {
			t.Errorf("%q arrives as %q, %v", msg, got, err)
		}
	}
}
