package deflate

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// alike returns texts of four bytes, one of them for each second byte, that
// begin with the same byte and have the same hash.
func alike(t *testing.T) (all []string) {
	t.Helper()
	byHash := map[uint32]map[byte]string{}
	for i := range 26 * 26 * 26 {
		text := "a" + string([]byte{'a' + byte(i/26/26), 'a' + byte(i/26%26), 'a' + byte(i%26)})
		m := &matcher{}
		copy(m.text[:], text)
		h := m.hash(0)
		if byHash[h] == nil {
			byHash[h] = map[byte]string{}
		}
		byHash[h][text[1]] = text
		if len(byHash[h]) > len(all) {
			all = slices.Sorted(maps.Values(byHash[h]))
		}
	}
	if len(all) < 3 {
		t.Fatalf("only %q have the same hash", all)
	}
	return all
}

// A match that begins before the bytes whose hash found it may end right behind
// their first one. The position there was looked at already, as the beginning
// of a later match: it is no match of itself (RFC 1951 section 3.2.5: distances
// begin at 1).
func TestSmallMatchOfItself(t *testing.T) {
	same := alike(t)
	x, y := same[0], same[1]
	// The dictionary has QRSa at an odd place, which is not looked up, and y at
	// an even one. The message has QRSa too, and then goes on as x does.
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

// TestSmallAlike has messages and dictionaries of texts with the same hash, and
// pieces of them.
func TestSmallAlike(t *testing.T) {
	same := alike(t)
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int) (p []byte) {
		for len(p) < n {
			text := same[r.IntN(len(same))]
			p = append(p, "RSTU"[r.IntN(4):]...)
			p = append(p, text[:1+r.IntN(len(text))]...)
		}
		return p
	}
	for range 3000 {
		dict, msg := some(r.IntN(300)), some(1+r.IntN(100))
		payload := appendSmall(nil, dict, msg)
		if got, _, err := naiveInflate(dict, payload, 1<<maxBits); err != nil || !bytes.Equal(got, msg) {
			t.Fatalf("%q behind %q became % x: %q, %v", msg, dict, payload, got, err)
		}
	}
}
