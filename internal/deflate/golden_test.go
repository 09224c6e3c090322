package deflate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// golden are the examples of RFC 7692 section 7.2.3.
var golden = []struct {
	section  string
	before   string // said before in the same window
	payload  string
	message  string
	written  bool // our own writer makes the same of it
	smallest int  // or else may take this many bytes at most
}{
	{"7.2.3.1, a block with fixed codes", "", "f2 48 cd c9 c9 07 00", "Hello", true, 7},
	{"7.2.3.2, sharing the window", "Hello", "f2 00 11 00 00", "Hello", false, 5},
	{"7.2.3.3, a stored block", "", "00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello", false, 11},
	{"7.2.3.4, BFINAL set", "", "f3 48 cd c9 c9 07 00 00", "Hello", false, 8},
	{"7.2.3.5, two blocks", "", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello", false, 13},
	{"7.2.3.6, an empty message", "", "00", "", true, 1},
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		t.Run(g.section, func(t *testing.T) {
			payload := unhex(t, g.payload)
			for _, way := range ways {
				d := NewDecompressor(8, true)
				d.received.add([]byte(g.before))
				if got, err := inflate(d, way.of(payload)); err != nil || string(got) != g.message {
					t.Errorf("%s: inflated to %q, %v", way.name, got, err)
				}
			}
			if got, _, err := naiveInflate([]byte(g.before), payload, 1<<8); err != nil || string(got) != g.message {
				t.Errorf("the naive way: %q, %v", got, err)
			}
			c := NewCompressor(0, 15, true)
			c.Sent([]byte(g.before))
			out := c.Append(nil, []byte(g.message))
			if g.written && !bytes.Equal(out, payload) || len(out) > g.smallest {
				t.Errorf("compressed to % x", out)
			}
		})
	}
}

// TestLastBlocks: any block may say that it is the last, and others follow at
// the next byte, which refer to what was before (RFC 7692 section 7.2.1).
func TestLastBlocks(t *testing.T) {
	for _, c := range []struct{ name, payload, want string }{
		{"nothing after it", "f3 48 cd c9 c9 07 00", "Hello"},
		{"the byte of section 7.2.3.4 after it", "f3 48 cd c9 c9 07 00 00", "Hello"},
		{"an empty one alone", "03 00", ""},
		{"a stored one, and one that points into it", "01 05 00 fa ff 48 65 6c 6c 6f f2 00 11 00 00", "HelloHello"},
		{"three in a row", "f3 48 cd c9 c9 07 00 03 00 f3 00 11 00 00", "HelloHello"},
		{"a block that points before the message", "f3 00 11 00 f2 00 11 00 00", "HelloHello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, way := range ways {
				d := NewDecompressor(15, true)
				d.received.add([]byte("Hello"))
				if got, err := inflate(d, way.of(unhex(t, c.payload))); err != nil || string(got) != c.want {
					t.Errorf("%s: %q, %v; want %q", way.name, got, err, c.want)
				}
			}
		})
	}
}

// Last blocks cost more than others, so there is a limit.
func TestTooManyLastBlocks(t *testing.T) {
	empty := "\x03\x00"
	for extra, want := range []error{nil, ErrCorrupt} {
		payload := strings.Repeat(empty, maxLastBlocks+extra) + "\x00"
		if _, err := inflate(NewDecompressor(15, true), strings.NewReader(payload)); !errors.Is(err, want) {
			t.Errorf("%d last blocks: %v, want %v", maxLastBlocks+extra, err, want)
		}
	}
}

// After more than a window a last block leaves the newest 32 KiB behind.
func TestLastBlockKeepsTheWindow(t *testing.T) {
	said := jsonData(100000, 1)
	var payload []byte
	for p := said; len(p) > 0; p = p[min(len(p), 50000):] {
		n := min(len(p), 50000)
		payload = append(payload, 1, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		payload = append(payload, p[:n]...)
	}
	again := said[len(said)-1<<maxBits:][:100]
	b := bitWriter{dst: payload}
	b.write(0b010, 3)
	b.match(len(again), 1<<maxBits)
	b.symbol(endOfBlock)
	b.write(0b000, 3)
	got, err := inflate(NewDecompressor(15, false), bytes.NewReader(b.close()))
	if want := append(said, again...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d; %v", len(got), len(want), err)
	}
}
