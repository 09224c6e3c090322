//go:build !js

package legacytest

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/twinws/ws"
	"github.com/twinws/ws/legacy"
)

// message is a unit many times: text, or bytes in hexadecimal.
type message struct {
	Unit   string `json:"unit"`
	Times  int    `json:"times"`
	Binary bool   `json:"binary,omitempty"`
}

func (m message) typ() ws.MessageType {
	if m.Binary {
		return ws.MessageBinary
	}
	return ws.MessageText
}

func (m message) data() []byte {
	unit := m.Unit
	if m.Binary {
		b, err := hex.DecodeString(unit)
		if err != nil {
			panic(err)
		}
		unit = string(b)
	}
	return []byte(strings.Repeat(unit, m.Times))
}

// units are characters of every class of UTF-8: of 1 to 4 bytes, the first and
// the last of each length, both sides of the surrogates, the byte order mark,
// one with a combining mark, and what programs take for something special.
var units = []string{
	"a", "\x00", "\x7f", "\r\n", "%00", "0",
	"\u0080", "ß", "\u07ff",
	"\u0800", "日本語", "\ud7ff", "\ue000", "\ufeff", "\ufffd",
	"\U00010000", "🙂", "\U0010fffd", "e\u0301", "{\"aß日🙂\":\"\x00\"}",
}

// noncharacters are characters as good as others (Unicode, corrigendum 9).
var noncharacters = []string{"\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0010ffff"}

// bytes of binary messages: what hixie's frames are made of among them.
var binaries = []string{"00", "ff", "00ff80", "ff00", "c3", "8005"}

// lengths where something may change: a header (RFC 6455 section 5.2), a
// buffer's size, the read limit.
var lengths = []int{0, 1, 2, 125, 126, 127, 128, 4095, 4096, 16383, 16384, 65535, 65536, 65537, 1<<20 - 1, 1 << 20}

// inFlight bounds how many bytes and messages a client has sent and not seen
// again: little enough for the buffers of TCP, so that no side that reads and
// writes in turn waits for the other for ever.
const inFlight, inFlightMessages = 32 << 10, 16

// plan makes n messages, 0 B to 1 MiB, most of them short, in batches.
func plan(p peer, d legacy.Draft, n int, seed uint64) [][]message {
	r := rand.New(rand.NewPCG(seed, uint64(d)))
	texts := units
	if !p.noNoncharacters {
		texts = slices.Concat(units, noncharacters)
	}
	var messages []message
	add := func(m message) { messages = append(messages, m) }
	for _, length := range lengths {
		add(message{Unit: "x", Times: length})
	}
	for _, unit := range texts { // in each class a short one, and one of several segments
		add(message{Unit: unit, Times: 1})
		add(message{Unit: unit, Times: 20_000 / len(unit)})
	}
	add(message{Unit: "aß日🙂", Times: 1 << 20 / 10})
	if !isHixie(d) {
		for _, unit := range binaries {
			add(message{Unit: unit, Times: 3_000, Binary: true})
		}
	}
	for len(messages) < n {
		m := message{Unit: texts[r.IntN(len(texts))], Times: r.IntN(60)}
		if !isHixie(d) && r.IntN(3) == 0 {
			m = message{Unit: binaries[r.IntN(len(binaries))], Times: r.IntN(60), Binary: true}
		}
		add(m)
	}
	r.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	return batches(messages)
}

func batches(messages []message) (all [][]message) {
	var batch []message
	size := 0
	for _, m := range messages {
		n := len(m.Unit) * m.Times
		if len(batch) > 0 && (size+n > inFlight || len(batch) == inFlightMessages) {
			all, batch, size = append(all, batch), nil, 0
		}
		batch, size = append(batch, m), size+n
	}
	return append(all, batch)
}

func count(batches [][]message) (n int) {
	for _, b := range batches {
		n += len(b)
	}
	return n
}
