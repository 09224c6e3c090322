package conformance

import (
	"fmt"
	"slices"
)

// rfc7692 is section of the standard of compression.
func rfc7692(section string, c Case) Case {
	c.Section = "RFC 7692 section " + section
	return c
}

// compression is about messages that are compressed.
func compression(scale Scale) []Case {
	return of(Compression, slices.Concat(compressedBodies(scale), compressedForms(), compressedTails(), compressedFragments(), compressedBits(),
		compressedBroken(), compressedText(), compressedLimits(), compressedOptions())...)
}

// raceSize is the largest message under the race detector, but for one kind
// and one way of taking contexts over.
const raceSize = 4 << 10

// inflatedBytes is about how many bytes a case of bodies sends.
func inflatedBytes(scale Scale) int {
	switch scale {
	case Raced:
		return 2 << 10
	case Short:
		return 64 << 10
	}
	return 512 << 10
}

// compressedBodies sends each kind in each size by each way of taking contexts
// over; whole, and in fragments, which the target then makes too.
func compressedBodies(scale Scale) []Case {
	const why = "what is compressed arrives as it was, whether or not messages refer to those before them"
	forms := []struct{ size, cut int }{
		{16, 0}, {64, 0}, {256, 0}, {1 << 10, 0}, {4 << 10, 0}, {8 << 10, 0}, {16 << 10, 0}, {32 << 10, 0}, {64 << 10, 0}, {128 << 10, 0},
		{64, 1}, {4 << 10, 64}, {8 << 10, 256}, {16 << 10, 1000}, {32 << 10, 256}, {64 << 10, 4 << 10}, {128 << 10, 1 << 10}, {128 << 10, 16 << 10},
	}
	var all []Case
	for k, kind := range bodies {
		for _, t := range takeovers {
			for _, f := range forms {
				if scale == Raced && f.size > raceSize && (k > 0 || t.serverNo || t.clientNo) {
					continue
				}
				n := min(max(inflatedBytes(scale)/f.size, 1), 1000)
				c := well("", fmt.Sprintf("%s/%s/%d", kind.name, t.name, f.size), why, exchange(k, n, f.cut, f.size))
				if f.cut > 0 {
					c.Name += fmt.Sprintf("-by-%d", f.cut)
					c.Do = Stream
				}
				d := largest
				d.ServerNoContextTakeover, d.ClientNoContextTakeover = t.serverNo, t.clientNo
				c = rfc7692("7.1.1", c.agreeing(d))
				c.Bulk = true
				all = append(all, c)
			}
		}
	}
	return all
}

// compressedOptions is about the options that the other side does not see.
func compressedOptions() []Case {
	var all []Case
	for k, kind := range bodies {
		for level := 1; level <= 9; level++ {
			d := largest
			d.Level = level
			c := well("", fmt.Sprintf("level/%d/%s", level, kind.name), "how hard a sender looks for matches is its own affair",
				exchange(k, 2, 0, 100, 1000, 10_000))
			c.Bulk = true
			all = append(all, rfc7692("7.2.1", c.agreeing(d)))
		}
	}
	d := largest
	d.Threshold = 1
	short := text("aaaaaaaaaaaaaaaaaaaa").compressed()
	all = append(all, rfc7692("6.1", well("", "threshold", "which messages to compress is the sender's choice, and this one was told to",
		send(short, short).echoed()).agreeing(d)))
	return all
}
