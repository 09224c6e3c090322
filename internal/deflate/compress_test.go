package deflate

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

var (
	smallSizes = []int{0, 1, 2, 3, 4, 5, 12, 13, 31, 32, 33, 64, 100, 126, 127, 128, 129, 130, 255, 256, 257, 511, 512, 513, 700, 1023, 1024, 1025}
	largeSizes = []int{4095, 4096, 4097, 8191, 8192, 8193, 16384, 32767, 32768, 32769, 65535, 65536, 65537}
)

// everyWay runs f for every window, level and kind of takeover.
func everyWay(t *testing.T, f func(t *testing.T, level, bits int, takeover bool)) {
	for bits := minBits; bits <= maxBits; bits++ {
		for level := range 10 {
			for _, takeover := range []bool{false, true} {
				t.Run(fmt.Sprintf("bits=%d/level=%d/takeover=%t", bits, level, takeover), func(t *testing.T) {
					f(t, level, bits, takeover)
				})
			}
		}
	}
}

// send compresses a message behind something else, and has it received.
func send(c *Compressor, p *peer, msg []byte) {
	p.t.Helper()
	const before = "before"
	got := c.Append([]byte(before), msg)
	if string(got[:len(before)]) != before {
		p.t.Fatalf("Append changed what was there: %q", got[:len(before)])
	}
	p.receive(got[len(before):], msg)
	c.Sent(msg)
}

// RFC 7692 sections 7.1.2 and 7.2.1: no distance is over the agreed window, be
// it into the message or into those before it.
func TestSmallMessages(t *testing.T) {
	everyWay(t, func(t *testing.T, level, bits int, takeover bool) {
		c, p := NewCompressor(level, bits, takeover), newPeer(t, bits, takeover)
		for i, n := range smallSizes {
			for _, k := range kinds {
				send(c, p, k.make(n, uint64(i)))
			}
		}
	})
}

// The same for messages around the sizes of windows and blocks.
func TestLargeMessages(t *testing.T) {
	for bits := minBits; bits <= maxBits; bits++ {
		for _, takeover := range []bool{false, true} {
			// One kind of data each, in turn: the naive way takes its time.
			k := kinds[bits%2]
			t.Run(fmt.Sprintf("bits=%d/takeover=%t/%s", bits, takeover, k.name), func(t *testing.T) {
				c, p := NewCompressor(1, bits, takeover), newPeer(t, bits, takeover)
				for i, n := range largeSizes {
					send(c, p, k.make(n, uint64(i)))
				}
				send(c, p, randomData(8193, 1))
			})
		}
	}
}

// Every level alone at the largest window, with a megabyte for three of them.
func TestLevels(t *testing.T) {
	for level := range 10 {
		t.Run(fmt.Sprint(level), func(t *testing.T) {
			c, p := NewCompressor(level, maxBits, true), newPeer(t, maxBits, true)
			for i, n := range []int{40000, 700, 33000} {
				send(c, p, jsonData(n, uint64(i)))
			}
			if level%4 == 1 {
				send(c, p, jsonData(1<<20, 9))
			}
		})
	}
}

// Takeover pays: what was said before costs next to nothing the second time,
// for every size class that is compressed in its own way.
func TestTakeoverIsUsed(t *testing.T) {
	for bits := minBits; bits <= maxBits; bits++ {
		for _, n := range []int{40, 100, 127, 128, 129, 1 << bits / 2, 1<<bits/2 + 1} {
			msg := randomData(n, 7) // nothing in it repeats
			if n > 1<<takeoverBits || 2*n > 1<<bits {
				continue // the window has no room for it twice
			}
			c := NewCompressor(1, bits, true)
			first := len(c.Append(nil, msg))
			c.Sent(msg)
			if again := len(c.Append(nil, msg)); again > first/2 {
				t.Errorf("bits %d: %d bytes took %d, and again %d", bits, n, first, again)
			}
		}
	}
}

// A level is more than a name, at the default window as well.
func TestLevelMatters(t *testing.T) {
	for _, bits := range []int{13, 15} {
		msg := jsonData(4096, 3)
		fast, small := len(NewCompressor(1, bits, false).Append(nil, msg)), len(NewCompressor(9, bits, false).Append(nil, msg))
		if small >= fast {
			t.Errorf("bits %d: level 9 made %d bytes, level 1 %d", bits, small, fast)
		}
	}
}

// The naive way must see a window that is not honoured, or the tests above
// would prove nothing.
func TestNaiveSeesTheWindow(t *testing.T) {
	for bits := minBits; bits < maxBits; bits++ {
		msg := bytes.Repeat(randomData(1<<bits+1, 1), 2)
		payload := NewCompressor(1, maxBits, false).Append(nil, msg)
		if _, _, err := naiveInflate(nil, payload, 1<<bits); !errors.Is(err, errWindow) {
			t.Errorf("bits %d: %v", bits, err)
		}
		dict := jsonData(1<<bits+64, 1)
		payload = appendSmall(nil, dict[max(len(dict)-1<<takeoverBits, 0):], dict[:64])
		if _, _, err := naiveInflate(dict, payload, 1<<bits); len(dict) <= 1<<takeoverBits && !errors.Is(err, errWindow) {
			t.Errorf("bits %d, a small message: %v", bits, err)
		}
	}
}

// A message that is sent uncompressed is no part of the window (RFC 7692
// section 7.2.3.2 counts what was compressed), on neither side.
func TestUncompressedMessagesAreNotRemembered(t *testing.T) {
	c, p := NewCompressor(1, 13, true), newPeer(t, 13, true)
	send(c, p, jsonData(300, 1))
	for i, n := range []int{50, 500, 9000} {
		raw := randomData(n, uint64(i))
		if out := c.Append(nil, raw); len(out) <= len(raw) {
			t.Fatalf("%d random bytes became %d", n, len(out))
		}
		// Sent raw: neither Sent nor Received hears of it. The next message
		// holds some of it, to which nothing may point.
		send(c, p, append(jsonData(90, uint64(i)), raw[:min(n, 400)]...))
	}
}

// TestHeld: the documented bytes, and no more, whatever was said in whatever
// pieces.
func TestHeld(t *testing.T) {
	for bits := minBits; bits <= maxBits; bits++ {
		for _, sizes := range [][]int{{1}, {100, 5000, 8192}, {5000, 8192}, {300, 300, 70000}, {70000, 1}, {40, 41, 42, 511, 513, 9000}} {
			c, d := NewCompressor(1, bits, true), NewDecompressor(bits, true)
			for _, n := range sizes {
				c.Sent(randomData(n, 1))
				d.received.add(randomData(n, 1))
				if most := 1 << min(bits, takeoverBits); c.Held() > most {
					t.Errorf("bits %d, %v: the compressor holds %d bytes, over %d", bits, sizes, c.Held(), most)
				}
				if most := 1 << bits; d.Held() > most {
					t.Errorf("bits %d, %v: the decompressor holds %d bytes, over %d", bits, sizes, d.Held(), most)
				}
			}
		}
		c, d := NewCompressor(1, bits, false), NewDecompressor(bits, false)
		c.Sent(jsonData(9000, 1))
		d.received.add(jsonData(9000, 1))
		if c.Held() != 0 || d.Held() != 0 {
			t.Errorf("bits %d: without takeover %d and %d bytes are held", bits, c.Held(), d.Held())
		}
	}
}

// TestHistory holds add against the plain way.
func TestHistory(t *testing.T) {
	for _, most := range []int{256, 512, 8192} {
		h, all := history{max: most}, []byte(nil)
		for i, n := range []int{0, 1, 255, 256, 257, 3, 511, 512, 513, 700, 8191, 8192, 8193, 1, 20000, 0, 5} {
			p := randomData(n, uint64(i))
			h.add(p)
			all = append(all, p...)
			if want := all[max(len(all)-most, 0):]; !bytes.Equal(h.buf, want) {
				t.Fatalf("max %d: wrong after %d bytes more", most, n)
			}
			if want := all[max(len(all)-100, 0):]; !bytes.Equal(h.last(100), want) {
				t.Fatalf("max %d: wrong last 100 bytes", most)
			}
		}
	}
}
