package deflate

import (
	"bytes"
	"fmt"
	"testing"
)

// TestStream: a message in pieces is a message like others, before and after
// which others refer to each other; and each piece can be inflated at once.
func TestStream(t *testing.T) {
	pieces := [][]int{{}, {0}, {1}, {0, 0, 0}, {1, 1, 1}, {127, 128, 129}, {5000, 0, 1}, {300, 8193, 40, 700}, {33000, 3}, {4096, 4096, 4096, 4096}}
	for bits := minBits; bits <= maxBits; bits++ {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("bits=%d/takeover=%t", bits, takeover), func(t *testing.T) {
				c, p := NewCompressor(1+bits%9, bits, takeover), newPeer(t, bits, takeover)
				for i, sizes := range pieces {
					send(c, p, textData(90, uint64(i)))
					streamed(c, p, sizes)
				}
			})
		}
	}
}

// streamed sends a message in pieces of sizes, and then its empty end.
func streamed(c *Compressor, p *peer, sizes []int) {
	p.t.Helper()
	s := c.Stream()
	defer s.Close()
	var payload, msg []byte
	for i, n := range sizes {
		piece := textData(n, uint64(i))
		payload = s.Append(payload, piece, false)
		c.Sent(piece)
		msg = append(msg, piece...)
		// What has come ends at a block's end: another empty block may follow.
		if got, _, err := naiveInflate(p.said, append(payload[:len(payload):len(payload)], 0), 1<<p.bits); err != nil || !bytes.Equal(got, msg) {
			p.t.Fatalf("after piece %d: %d of %d bytes: %v", i, len(got), len(msg), err)
		}
	}
	payload = s.Append(payload, nil, true)
	p.receive(payload, msg)
}

// The last piece may carry bytes.
func TestStreamLastPiece(t *testing.T) {
	c, p := NewCompressor(0, 13, true), newPeer(t, 13, true)
	for i := range 5 {
		msg := jsonData(3000, uint64(i))
		s := c.Stream()
		payload := s.Append(nil, msg[:1000], false)
		payload = s.Append(payload, msg[1000:], true)
		c.Sent(msg)
		s.Close()
		s.Close() // once more does nothing
		p.receive(payload, msg)
	}
}
