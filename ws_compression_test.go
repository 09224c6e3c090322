package ws

import (
	"errors"
	"testing"
)

func TestCompressionCheck(t *testing.T) {
	for _, c := range []struct {
		why  string
		c    *Compression
		name string // of the option that is wrong; "": none
	}{
		{"off", nil, ""},
		{"the defaults", &Compression{}, ""},
		{"every option at its least", &Compression{Level: 1, Threshold: 1, ServerMaxWindowBits: 8, ClientMaxWindowBits: 8}, ""},
		{"every option at its most", &Compression{9, 1 << 30, true, true, 15, 15}, ""},
		{"a negative level", &Compression{Level: -1}, "Compression.Level"},
		{"a level over 9", &Compression{Level: 10}, "Compression.Level"},
		{"a negative threshold", &Compression{Threshold: -1}, "Compression.Threshold"},
		{"RFC 7692 section 7.1.2.1: under 8 bits", &Compression{ServerMaxWindowBits: 7}, "Compression.ServerMaxWindowBits"},
		{"RFC 7692 section 7.1.2.1: over 15 bits", &Compression{ServerMaxWindowBits: 16}, "Compression.ServerMaxWindowBits"},
		{"RFC 7692 section 7.1.2.2: under 8 bits", &Compression{ClientMaxWindowBits: -1}, "Compression.ClientMaxWindowBits"},
		{"RFC 7692 section 7.1.2.2: over 15 bits", &Compression{ClientMaxWindowBits: 999}, "Compression.ClientMaxWindowBits"},
	} {
		err := c.c.check()
		wrong, is := errors.AsType[*ArgumentError](err)
		if c.name == "" && err != nil || c.name != "" && (!is || wrong.Name != c.name) {
			t.Errorf("%s: %v, want an error of %q", c.why, err, c.name)
		}
	}
}

func TestCompressionThreshold(t *testing.T) {
	for _, c := range []struct {
		c             Compression
		with, without int
	}{
		{Compression{}, 32, 128},
		{Compression{Threshold: 1}, 1, 1},
		{Compression{Threshold: 4096}, 4096, 4096},
	} {
		if with, without := c.c.threshold(true), c.c.threshold(false); with != c.with || without != c.without {
			t.Errorf("%+v: %d with takeover and %d without, want %d and %d", c.c, with, without, c.with, c.without)
		}
	}
}
