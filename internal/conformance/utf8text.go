package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// validText is text that RFC 3629 allows, some of it rarely seen.
func validText() []sample {
	all := []sample{
		{"nothing", ""},
		{"ascii", "plain ASCII: ~!{}"},
		{"mixed", "Grüße, κόσμε, 世界, \U0001F30D!"},
		{"combining", "e\u0301 a\u0308\u0323"},
		{"byte-order-mark", "\uFEFFtext\uFEFF"},
		{"controls", "\x00\x01\x1F\x7F\u0080\u009F\u2028\u200D"},
		{"longest-only", strings.Repeat("\U0010FFFF", 5)},
	}
	for _, edge := range []struct {
		name  string
		runes []rune
	}{
		{"1-byte", []rune{0x00, 0x7F}},
		{"2-bytes", []rune{0x80, 0x7FF}},
		{"3-bytes", []rune{0x800, 0xFFF, 0x1000, 0xFFFF}},
		{"4-bytes", []rune{0x10000, 0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFF}},
		{"beside-surrogates", []rune{0xD7FF, 0xE000}},
		{"replacement", []rune{0xFFFD}},
	} {
		for _, r := range edge.runes {
			all = append(all, sample{fmt.Sprintf("%s/U+%04X", edge.name, r), string(r)})
		}
	}
	for plane := rune(0); plane <= 16; plane++ { // the last two code points of each plane are no characters
		a, b := plane<<16|0xFFFE, plane<<16|0xFFFF
		all = append(all, sample{fmt.Sprintf("noncharacters/U+%04X", a), string(a) + string(b)})
	}
	return append(all, sample{"noncharacters/U+FDD0", "\uFDD0\uFDDF\uFDEF"})
}

// invalidText is what looks like UTF-8 and is none.
func invalidText() []sample {
	return slices.Concat(
		hexSamples("stray-continuation", "\x80", "\xBF", "\x80\xBF", "\x80\xBF\x80", "\x80\xBF\x80\xBF\x80\xBF\x80"),
		hexSamples("continuation-missing", "\xC2", "\xDF", "\xE0\xA0", "\xE1\x80", "\xED\x9F", "\xEF\xBF",
			"\xF0\x90\x80", "\xF1\x80\x80", "\xF3\xBF\xBF", "\xF4\x8F\xBF", "\xF4\x8F", "\xF4",
			"\xC2\xE0\xA0\xF0\x90\x80", "\xE4\xB8\xE4\xB8\x96"),
		hexSamples("overlong-slash", "\xC0\xAF", "\xE0\x80\xAF", "\xF0\x80\x80\xAF", "\xF8\x80\x80\x80\xAF", "\xFC\x80\x80\x80\x80\xAF"),
		hexSamples("overlong-largest", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF8\x87\xBF\xBF\xBF", "\xFC\x83\xBF\xBF\xBF\xBF"),
		hexSamples("overlong-zero", "\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF8\x80\x80\x80\x80", "\xFC\x80\x80\x80\x80\x80"),
		hexSamples("surrogate", "\xED\xA0\x80", "\xED\xAD\xBF", "\xED\xAE\x80", "\xED\xAF\xBF", "\xED\xB0\x80", "\xED\xBE\x80", "\xED\xBF\xBF"),
		hexSamples("surrogate-pair", "\xED\xA0\x80\xED\xB0\x80", "\xED\xA0\x80\xED\xBF\xBF", "\xED\xAD\xBF\xED\xB0\x80",
			"\xED\xAE\x80\xED\xB0\x80", "\xED\xAF\xBF\xED\xBF\xBF"),
		hexSamples("above-U+10FFFF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF7\xBF\xBF\xBF"),
		hexSamples("5-bytes", "\xF8\x88\x80\x80\x80", "\xFB\xBF\xBF\xBF\xBF"),
		hexSamples("6-bytes", "\xFC\x84\x80\x80\x80\x80", "\xFD\xBF\xBF\xBF\xBF\xBF"),
		hexSamples("impossible", "\xFE", "\xFF", "\xFE\xFE\xFF\xFF"),
		hexSamples("one-bad-in-a-series", "\xF0\x9F\x8C\x8D\xF0\x9F\x8C\xED", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80"),
	)
}

// strayBytes are all bytes that do not stand alone: continuations, and starts
// of characters that a space cuts off.
func strayBytes() []sample {
	var all []sample
	for b := 0x80; b <= 0xFF; b++ {
		group := "lone-start"
		if b < 0xC0 {
			group = "lone-continuation"
		}
		all = append(all, hexSamples(group, string([]byte{byte(b)}))...)
	}
	return all
}

// brokenOff are characters whose last bytes are missing.
func brokenOff() []sample {
	var all []sample
	for _, r := range []rune{0x80, 0x7FF, 0x800, 0xD7FF, 0xFFFF, 0x10000, 0x10FFFF} {
		for s := string(r); len(s) > 1; {
			s = s[:len(s)-1]
			all = append(all, sample{fmt.Sprintf("U+%04X/%d", r, len(s)), s})
		}
	}
	return all
}
