package deflate

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	stdflate "compress/flate"
)

// kinds are what messages are made of, each n bytes that follow from seed.
var kinds = []struct {
	name string
	make func(n int, seed uint64) []byte
}{
	{"json", jsonData},
	{"text", textData},
	{"random", randomData},
}

func jsonData(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"user":"u%05x","price":%d.%02d,"side":%q,"tags":["alpha","beta"],"ok":%t},`,
			r.IntN(1e6), r.IntN(1<<20), r.IntN(1000), r.IntN(100), []string{"buy", "sell"}[r.IntN(2)], r.IntN(2) == 0)
	}
	return b.Bytes()[:n]
}

func textData(n int, seed uint64) []byte {
	words := strings.Fields("the of a window is what both sides remember, and no more than that; " +
		"whoever says again what was said may point back at it, if it was said lately")
	r := rand.New(rand.NewPCG(seed, 2))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))] + " ")
	}
	return b.Bytes()[:n]
}

func randomData(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// ways are how a payload may come.
var ways = []struct {
	name string
	of   func([]byte) io.Reader
}{
	{"whole", func(p []byte) io.Reader { return bytes.NewReader(p) }},
	{"one byte at a time", func(p []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(p)) }},
	{"the last bytes with io.EOF", func(p []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(p)) }},
	{"nothing, now and then", func(p []byte) io.Reader { return &hesitant{r: iotest.OneByteReader(bytes.NewReader(p))} }},
}

// hesitant returns 0, nil every other time.
type hesitant struct {
	r    io.Reader
	turn bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.turn = !h.turn; h.turn {
		return 0, nil
	}
	return h.r.Read(p)
}

// inflate reads a whole message.
func inflate(d *Decompressor, src io.Reader) ([]byte, error) {
	m := d.Open(src)
	defer m.Close()
	return io.ReadAll(m)
}

// peer is a receiver that believes nothing: every message must inflate the
// naive way with a window of bits, by the standard library, and by this
// package.
type peer struct {
	t        *testing.T
	bits     int
	takeover bool
	said     []byte
	d        *Decompressor
}

func newPeer(t *testing.T, bits int, takeover bool) *peer {
	return &peer{t: t, bits: bits, takeover: takeover, d: NewDecompressor(bits, takeover)}
}

func (p *peer) receive(payload, want []byte) {
	p.t.Helper()
	if got, _, err := naiveInflate(p.said, payload, 1<<p.bits); err != nil || !bytes.Equal(got, want) {
		p.t.Fatalf("the naive way: %d bytes, want %d; %v", len(got), len(want), err)
	}
	std := stdflate.NewReaderDict(io.MultiReader(bytes.NewReader(payload), strings.NewReader(end)), p.said)
	if got, err := io.ReadAll(std); err != nil || !bytes.Equal(got, want) {
		p.t.Fatalf("compress/flate: %d bytes, want %d; %v", len(got), len(want), err)
	}
	m := p.d.Open(bytes.NewReader(payload))
	defer m.Close()
	if got, err := io.ReadAll(m); err != nil || !bytes.Equal(got, want) {
		p.t.Fatalf("this package: %d bytes, want %d; %v", len(got), len(want), err)
	}
	m.Received()
	if p.takeover {
		p.said = append(p.said, want...)
		p.said = p.said[max(len(p.said)-1<<p.bits, 0):]
	}
}
