package main

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"unicode/utf8"
)

// counter counts messages.
type counter struct{ n atomic.Int64 }

func (c *counter) add()       { c.n.Add(1) }
func (c *counter) count() int { return int(c.n.Load()) }

// quoted is data for a note: as text if it is, else in hexadecimal, and at most
// 64 bytes of it.
func quoted(data []byte) string {
	const most = 64
	cut := ""
	if len(data) > most {
		data, cut = data[:most], fmt.Sprintf("... (%d bytes)", len(data))
		for i := 1; i < utf8.UTFMax && !utf8.Valid(data); i++ {
			data = data[:len(data)-1]
		}
	}
	if utf8.Valid(data) {
		return strconv.Quote(string(data)) + cut
	}
	return fmt.Sprintf("%x", data) + cut
}
