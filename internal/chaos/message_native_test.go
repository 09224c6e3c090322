//go:build !js

package chaos

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"unicode/utf8"

	"github.com/twinws/ws"
)

// label is what a message carries besides its payload: where it belongs.
type label struct {
	conn         uint64
	side, writer int
	seq          int
}

// digits are how long the hexadecimal numbers are that begin a message: the
// label's, the payload's length, and the checksum over all of it.
var digits = [...]int{8, 1, 2, 6, 6, 8}

const (
	sum      = 5 // the checksum's place
	labelLen = 8 + 1 + 2 + 6 + 6 + 8
)

// largest is the size of the largest payload in bytes.
const largest = 200 << 10

// words are what text is made of: some of one byte a character, some of four.
var words = []string{`{"name": "`, "chaos", `", "value": `, "12345", "naïve", "Überraschung", "日本語", "🙂", "\x00", " ", "\n", "the ", "of "}

// Payloads are cut from these: text, and bytes that do not compress.
var prose, noise = corpus()

func corpus() (prose, noise []byte) {
	r := rand.New(rand.NewPCG(6455, 7692))
	for len(prose) < largest+utf8.UTFMax {
		prose = append(prose, words[r.IntN(len(words))]...)
	}
	for len(noise) < largest {
		noise = append(noise, byte(r.Uint32()))
	}
	return prose, noise
}

// size draws how long a payload is: mostly short.
func size(r *rand.Rand) int {
	most := [...]int{1, 8, 60, 60, 60, 60, 130, 130, 300, 1000}[r.IntN(10)]
	switch r.IntN(1000) {
	case 0:
		most = largest
	case 1, 2, 3, 4:
		most = 40 << 10
	case 5, 6, 7, 8, 9, 10, 11, 12, 13, 14:
		most = 5 << 10
	}
	return r.IntN(most + 1)
}

// compose returns a message of type typ, appended to dst.
func compose(dst []byte, typ ws.MessageType, l label, r *rand.Rand) []byte {
	n := size(r)
	from := prose
	if typ == ws.MessageBinary && r.IntN(2) == 0 {
		from = noise
	}
	start := r.IntN(len(from) - n + 1)
	p := from[start : start+n]
	if typ == ws.MessageText {
		p = characters(p)
	}
	begin := len(dst)
	for i, v := range [...]uint32{uint32(l.conn), uint32(l.side), uint32(l.writer), uint32(l.seq), uint32(len(p))} {
		dst = appendHex(dst, v, digits[i])
	}
	dst = appendHex(dst, crc32.Update(crc32.ChecksumIEEE(dst[begin:]), crc32.IEEETable, p), digits[sum])
	return append(dst, p...)
}

// appendHex appends v as a hexadecimal number of n digits.
func appendHex(dst []byte, v uint32, n int) []byte {
	for n--; n >= 0; n-- {
		dst = append(dst, "0123456789abcdef"[v>>(4*n)&15])
	}
	return dst
}

// characters leaves out what is of p at its ends a part of a character only.
func characters(p []byte) []byte {
	for len(p) > 0 && !utf8.RuneStart(p[0]) {
		p = p[1:]
	}
	for len(p) > 0 {
		if r, n := utf8.DecodeLastRune(p); r != utf8.RuneError || n != 1 {
			break
		}
		p = p[:len(p)-1]
	}
	return p
}

// decompose takes a message apart, and says what is wrong with one that is not
// whole.
func decompose(p []byte) (l label, problem string) {
	if len(p) < labelLen {
		return l, fmt.Sprintf("it has %d bytes, not even a label", len(p))
	}
	var v [6]uint64
	rest := p
	for i, n := range digits {
		number, err := strconv.ParseUint(string(rest[:n]), 16, 32)
		if err != nil {
			return l, fmt.Sprintf("its label is %q", p[:labelLen])
		}
		v[i], rest = number, rest[n:]
	}
	l = label{conn: v[0], side: int(v[1]), writer: int(v[2]), seq: int(v[3])}
	got := crc32.Update(crc32.ChecksumIEEE(p[:labelLen-digits[sum]]), crc32.IEEETable, rest)
	switch {
	case uint64(len(rest)) != v[4]:
		return l, fmt.Sprintf("its label %q promises %d bytes, and %d came", p[:labelLen], v[4], len(rest))
	case uint64(got) != v[sum]:
		return l, fmt.Sprintf("its label is %q and its checksum %08x", p[:labelLen], got)
	}
	return l, ""
}

// wrongText is text that is not UTF-8.
var wrongText = bytes.Join([][]byte{[]byte("chaos "), {0xC3, 0x28}}, nil)
