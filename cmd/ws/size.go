package main

import (
	"errors"
	"strconv"
	"strings"
)

// bytesFlag is a flag's value in bytes: a number, or one with the suffix K, M
// or G for powers of 1024.
type bytesFlag int64

func (b *bytesFlag) String() string {
	n := int64(*b)
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "K"}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// Set parses s.
func (b *bytesFlag) Set(s string) error {
	digits, shift := strings.TrimRight(strings.ToUpper(s), "IB"), 0
	if n := len(digits); n > 0 {
		switch digits[n-1] {
		case 'K':
			shift = 10
		case 'M':
			shift = 20
		case 'G':
			shift = 30
		}
		if shift > 0 {
			digits = digits[:n-1]
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return errors.New("want a number of bytes, such as 65536, 64K or 1M")
	}
	*b = bytesFlag(n << shift)
	return nil
}

// Type is the name of the value in the help.
func (b *bytesFlag) Type() string { return "bytes" }
