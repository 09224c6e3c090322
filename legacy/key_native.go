//go:build !js

package legacy

import (
	"crypto/md5"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
)

const (
	// challengeBytes is how many bytes a client of hixie-76 sends behind its
	// head,
	challengeBytes = 8
	// and answerBytes what its server sends behind its own: an MD5 sum.
	answerBytes = md5.Size
)

// keyPart returns what a value of Sec-WebSocket-Key1 or Key2 hides: its digits,
// as one number, divided by how many spaces it has. A problem says which rule
// of hixie-76 section 5.2 the key violates.
func keyPart(key string) (part uint32, problem string) {
	var number uint64
	digits, spaces := 0, uint64(0)
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == ' ':
			spaces++
		case '0' <= c && c <= '9':
			digits++
			if number = number*10 + uint64(c-'0'); number > math.MaxUint32 {
				return 0, "its digits are a number over 4,294,967,295"
			}
		}
	}
	switch {
	case digits == 0:
		return 0, "it has no digit"
	case spaces == 0:
		return 0, "it has no space"
	case number%spaces != 0:
		return 0, "its number is not a multiple of its spaces"
	}
	return uint32(number / spaces), ""
}

// answerKeys returns the 16 bytes that prove that a server has read both keys
// and the 8 bytes behind the head (hixie-76 section 5.2).
func answerKeys(part1, part2 uint32, challenge [challengeBytes]byte) [answerBytes]byte {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], part1)
	binary.BigEndian.PutUint32(b[4:], part2)
	copy(b[8:], challenge[:])
	return md5.Sum(b[:])
}

// newKey returns a value of Sec-WebSocket-Key1 or Key2, and what it hides
// (hixie-76 section 4.1 items 16 to 24).
func newKey(random *rand.Rand) (key string, part uint32) {
	spaces := 1 + random.Uint32N(12)
	part = uint32(random.Uint64N(uint64(math.MaxUint32/spaces) + 1))
	b := strconv.AppendUint(nil, uint64(part)*uint64(spaces), 10)
	insert := func(at int, c byte) { b = append(b[:at], append([]byte{c}, b[at:]...)...) }
	for range 1 + random.IntN(12) {
		c := '!' + byte(random.IntN(15+69)) // U+0021 to U+002F, U+003A to U+007E
		if c >= '0' {
			c += 10
		}
		insert(random.IntN(len(b)+1), c)
	}
	for range spaces {
		insert(1+random.IntN(len(b)-1), ' ')
	}
	return string(b), part
}
