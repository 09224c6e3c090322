package deflate

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzInflate holds what comes off the wire against the naive way.
func FuzzInflate(f *testing.F) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		f.Add(dicts[i], payload)
		f.Add(dicts[i], append(bytes.Clone(payload), tail...))
	}
	f.Add([]byte(nil), []byte{})
	f.Fuzz(func(t *testing.T, dict, payload []byte) {
		if len(dict) > 4096 || len(payload) > 2048 {
			return // the naive way takes too long
		}
		same(t, dict, payload)
	})
}

// FuzzRoundTrip sends a message in two parts, one of them in pieces, and has
// both received the naive way and our own.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("Hello"), []byte("Hello, Hello"), uint8(1), uint8(13), true, uint8(3))
	f.Add(jsonData(300, 1), jsonData(900, 2), uint8(9), uint8(8), true, uint8(130))
	f.Add(randomData(127, 1), textData(2000, 2), uint8(5), uint8(15), false, uint8(255))
	f.Fuzz(func(t *testing.T, a, b []byte, level, bits uint8, takeover bool, piece uint8) {
		if len(a)+len(b) > 16384 {
			return
		}
		w := minBits + int(bits)%(maxBits-minBits+1)
		c, p := NewCompressor(int(level)%10, w, takeover), newPeer(t, w, takeover)
		send(c, p, a)
		s := c.Stream()
		var payload []byte
		for rest := b; len(rest) > 0; rest = rest[min(len(rest), int(piece)+1):] {
			payload = s.Append(payload, rest[:min(len(rest), int(piece)+1)], false)
		}
		payload = s.Append(payload, nil, true)
		s.Close()
		c.Sent(b)
		m := p.d.Open(iotest.OneByteReader(bytes.NewReader(payload)))
		got, err := io.ReadAll(m)
		m.Close()
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("byte by byte: %d bytes, want %d; %v", len(got), len(b), err)
		}
		p.receive(payload, b)
		send(c, p, a)
	})
}
