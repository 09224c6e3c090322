package conformance

import (
	"math/rand/v2"
	"sync"
	"unicode/utf8"
)

// A pool of bytes is cut into payloads, so that thousands of big ones cost no
// memory. The period is no power of two, so that no two parts of one are alike.
const (
	poolSize   = 17 << 20
	poolPeriod = 1_000_036
)

// binaryPool is random.
var binaryPool = sync.OnceValue(func() []byte {
	r := rand.New(rand.NewPCG(6455, 1))
	return repeat(func(dst []byte) []byte {
		return append(dst, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
	})
})

// textPool is UTF-8, ASCII for the most part, whose characters never cross a
// multiple of 4 bytes.
var textPool = sync.OnceValue(func() []byte {
	r := rand.New(rand.NewPCG(6455, 2))
	ascii := func(dst []byte, n int) []byte {
		for range n {
			dst = append(dst, byte(' '+r.IntN('~'-' ')))
		}
		return dst
	}
	return repeat(func(dst []byte) []byte {
		switch r.IntN(2048) {
		case 0:
			return utf8.AppendRune(dst, rune(0x10000+r.IntN(0x100000)))
		case 1:
			return ascii(utf8.AppendRune(dst, rune(0x800+r.IntN(0xD000))), 1)
		case 2:
			return ascii(utf8.AppendRune(dst, rune(0x80+r.IntN(0x780))), 2)
		}
		return ascii(dst, 4)
	})
})

// repeat fills a pool with a period made of groups of 4 bytes.
func repeat(group func(dst []byte) []byte) []byte {
	p := make([]byte, 0, poolSize)
	for len(p) < poolPeriod {
		p = group(p)
	}
	for len(p) < poolSize {
		p = append(p, p[:min(len(p), poolSize-len(p))]...)
	}
	return p
}

// message is a whole message of size bytes, another one for each n. Text of a
// size that is no multiple of 4 ends in ASCII.
func message(op byte, size, n int) Frame {
	start := n * 4 % (256 << 10)
	if op == OpBinary {
		return Frame{Fin: true, Op: op, Payload: binaryPool()[start : start+size]}
	}
	p := textPool()[start : start+size]
	if !utf8.Valid(p[size&^3:]) {
		p = append(append([]byte(nil), p[:size&^3]...), "end"[:size&3]...)
	}
	return Frame{Fin: true, Op: op, Payload: p}
}

// types are the two kinds of messages.
var types = []struct {
	name string
	op   byte
}{{"text", OpText}, {"binary", OpBinary}}
