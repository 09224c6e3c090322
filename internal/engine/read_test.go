package engine

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// edges are payload sizes around every length encoding and every buffer.
func edges() []int {
	sizes := []int{0, 1, 2, 124, 125, 126, 127, 128}
	for _, at := range []int{smallBlock, middleBlock, 65535} {
		for _, d := range []int{-15, -14, -13, -5, -4, -1, 0, 1, 4, 13, 14, 15} {
			sizes = append(sizes, at+d)
		}
	}
	return append(sizes, stride-1, stride, stride+middleBlock)
}

// TestReadSizes reads messages of all sizes, one after the other, from streams
// of several kinds (RFC 6455 section 5.2: three encodings of the length).
func TestReadSizes(t *testing.T) {
	for _, kind := range []struct {
		name string
		most int // the largest message, since small steps are slow
		set  func(s *end)
	}{
		{"all at once", 1 << 30, func(s *end) {}},
		{"one byte at a time", 5_000, func(s *end) { s.mostRead = 1 }},
		{"seven bytes at a time", 20_000, func(s *end) { s.mostRead = 7 }},
		{"every second read is empty", 1 << 30, func(s *end) { s.lazy, s.mostRead = true, 1000 }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				kind.set(r.s)
				for i, n := range edges() {
					if n > kind.most {
						continue
					}
					p := pattern(n, uint32(i))
					r.send(r.binary(p))
					r.wantRead(api.MessageBinary, p)
				}
			})
		})
	}
}

// TestReadExact checks that Read returns no more memory than it has to.
func TestReadExact(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for _, n := range edges() {
			r.send(r.binary(make([]byte, n)))
			if _, p, err := r.c.ReadAppend(background, nil); err != nil || len(p) != n || cap(p) > n+n/8+16 {
				r.Fatalf("%d bytes: got %d in memory of %d, %v", n, len(p), cap(p), err)
			}
		}
	})
}

// TestReadFragments cuts one message in many ways, with control frames between
// the fragments (RFC 6455 section 5.4).
func TestReadFragments(t *testing.T) {
	message := []byte("héllo, wörld: " + strings.Repeat("水🌊", 40))
	for _, c := range []struct {
		name string
		cuts func() [][]byte
	}{
		{"whole", func() [][]byte { return [][]byte{message} }},
		{"one byte each", func() [][]byte { return slices.Collect(slices.Chunk(message, 1)) }},
		{"three bytes each", func() [][]byte { return slices.Collect(slices.Chunk(message, 3)) }},
		{"empty first", func() [][]byte { return [][]byte{nil, message} }},
		{"empty last", func() [][]byte { return [][]byte{message, nil} }},
		{"empty all", func() [][]byte { return [][]byte{nil, nil, nil} }},
		{"empty between", func() [][]byte { return [][]byte{message[:9], nil, nil, message[9:]} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				cuts := c.cuts()
				for i, p := range cuts {
					op := frame.OpContinuation
					if i == 0 {
						op = frame.OpText
					}
					r.send(r.frame(i == len(cuts)-1, op, p))
					if i < len(cuts)-1 {
						r.send(r.pong("nobody asked"))
					}
				}
				r.send(r.binary([]byte("next")))
				r.wantRead(api.MessageText, bytes.Join(cuts, nil))
				r.wantRead(api.MessageBinary, []byte("next"))
			})
		})
	}
}

// TestReadPingsBetween answers pings between fragments, in order.
func TestReadPingsBetween(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.frame(false, frame.OpText, []byte("a")), r.ping("1"), r.frame(false, 0, []byte("b")),
			r.ping(""), r.ping(strings.Repeat("x", 125)), r.frame(true, 0, []byte("c")))
		r.wantRead(api.MessageText, []byte("abc"))
		for _, s := range []string{"1", "", strings.Repeat("x", 125)} {
			r.wantFrame(true, frame.OpPong, []byte(s))
		}
	})
}

// TestReadAdopted begins with bytes that came with the handshake: whole
// messages, more than the read buffer holds, cut at every place.
func TestReadAdopted(t *testing.T) {
	for _, client := range []bool{true, false} {
		t.Run(role(client), func(t *testing.T) {
			big := pattern(3*smallBlock, 1)
			r := &rig{T: t, client: client}
			all := slices.Concat(r.text("first"), r.ping("p"), r.binary(big), r.text("last"))
			cuts := []int{len(all), len(all) - 1, smallBlock, smallBlock + 1, 2 * smallBlock}
			for i := range 40 {
				cuts = append(cuts, i, len(all)-i)
			}
			for _, cut := range cuts {
				r := newRig(t, Config{Client: client, Buffered: slices.Clone(all[:cut])})
				r.send(all[cut:])
				r.wantRead(api.MessageText, []byte("first"))
				r.wantRead(api.MessageBinary, big)
				r.wantRead(api.MessageText, []byte("last"))
				r.wantFrame(true, frame.OpPong, []byte("p"))
			}
		})
	}
}

// TestReadGolden reads the examples of RFC 6455 section 5.7.
func TestReadGolden(t *testing.T) {
	big := func(n int) string { return strings.Repeat("z", n) }
	for _, c := range []struct {
		name   string
		client bool // who reads
		bytes  string
		typ    api.MessageType
		want   string
	}{
		{"a single-frame unmasked text message", true, "\x81\x05Hello", 1, "Hello"},
		{"a single-frame masked text message", false, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 1, "Hello"},
		{"a fragmented unmasked text message", true, "\x01\x03Hel\x80\x02lo", 1, "Hello"},
		{"256 bytes binary message", true, "\x82\x7e\x01\x00" + big(256), 2, big(256)},
		{"64 KiB binary message", true, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + big(65536), 2, big(65536)},
	} {
		bubble(t, c.name, func(t *testing.T) {
			r := newRig(t, Config{Client: c.client})
			r.send([]byte(c.bytes))
			r.wantRead(c.typ, []byte(c.want))
		})
	}
}
