//go:build !js

package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/twinws/ws"
)

// message is what must come back as it was sent.
type message struct {
	typ  ws.MessageType
	data []byte
}

func (m message) equal(want message) bool {
	return m.typ == want.typ && bytes.Equal(m.data, want.data)
}

// difference says where two messages differ first.
func (m message) difference(want message) string {
	at := 0
	for at < min(len(m.data), len(want.data)) && m.data[at] == want.data[at] {
		at++
	}
	return fmt.Sprintf("%v of %d bytes, want %v of %d; the same up to byte %d",
		m.typ, len(m.data), want.typ, len(want.data), at)
}

// ceilings say how large messages are: share of a thousand have at most max
// bytes. Most are small, below what needs a compressor from a pool: under the
// race detector those are many times as slow. The peers' scripts have the same
// table.
var ceilings = []struct{ share, max int }{
	{2, 128 << 10},
	{18, 16 << 10},
	{60, 2 << 10},
	{120, 300},
	{400, 130}, // from 126 on a header is longer
	{400, 40},
}

// words are what texts are made of: characters of 1 to 4 bytes.
var words = []string{"a", `{"name":`, "0123456789", " the same again,", "ß", "Ω≈ç√", "日本語", "🙂", "\x00", "\U0010FFFF", "é\u0301"}

// generator makes messages and cuts them up, all following from its seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0))}
}

// size is 0 to 128 KiB.
func (g generator) size() int {
	n := g.IntN(1000)
	for _, c := range ceilings {
		if n -= c.share; n < 0 {
			return g.IntN(c.max + 1)
		}
	}
	return 0
}

// message makes text of one to four bytes a character, bytes that repeat, or
// bytes that do not: shorter ones, or whether compression is on could not be
// seen.
func (g generator) message() message {
	n := g.size()
	switch g.IntN(4) {
	case 0:
		return message{ws.MessageBinary, g.noise(n / 4)}
	case 1:
		unit := g.noise(1 + g.IntN(40))
		return message{ws.MessageBinary, slices.Repeat(unit, n/len(unit)+1)[:n]}
	}
	var text []byte
	for len(text) < n {
		text = append(text, words[g.IntN(len(words))]...)
	}
	return message{ws.MessageText, text}
}

func (g generator) noise(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(g.Uint32())
	}
	return p
}

// pieces cuts half of the messages into 2 to 7 pieces, anywhere, and leaves the
// others whole. Pieces may be empty, and end inside a character.
func (g generator) pieces(p []byte) [][]byte {
	if g.IntN(2) == 0 {
		return [][]byte{p}
	}
	var cuts []int
	for range 1 + g.IntN(6) {
		cuts = append(cuts, g.IntN(len(p)+1))
	}
	slices.Sort(cuts)
	var pieces [][]byte
	from := 0
	for _, to := range append(cuts, len(p)) {
		pieces = append(pieces, p[from:to])
		from = to
	}
	return pieces
}
