package session

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// The bounds of what is told of messages.
const (
	maxLines    = 200 // not told yet; of more, the oldest are left out
	linesAtOnce = 25  // in one Update: who reads faster than 250 lines a second?
	maxText     = 400 // bytes of one message
)

// Kind is the kind of a Line.
type Kind byte

// The kinds of lines.
const (
	Sent Kind = iota + 1
	Received
	Note    // something has happened
	Problem // something has failed
)

// Line is one line of the log: a message, or a text of the session.
type Line struct {
	Kind Kind
	At   time.Time
	Text string // the message's beginning, in hexadecimal if it is binary

	Type    api.MessageType // of a message
	Size    int             // of a message, in bytes
	Latency time.Duration   // of an echo, 0 for other messages
}

// log is what Watch has not yet reported.
type log struct {
	lines   []Line
	skipped int // older ones, of which there were too many
}

// take returns the oldest lines, and how many were left out before them.
func (l *log) take() (lines []Line, skipped int) {
	n := min(len(l.lines), linesAtOnce)
	lines, skipped = slices.Clone(l.lines[:n]), l.skipped
	l.lines, l.skipped = l.lines[n:], 0
	return lines, skipped
}

// note logs a line with the current time. The caller holds s.mu.
func (s *Session) note(l Line) {
	l.At = time.Now()
	if len(s.log.lines) == maxLines {
		s.log.lines = s.log.lines[1:]
		s.log.skipped++
	}
	s.log.lines = append(s.log.lines, l)
	s.touch()
}

// problem logs an error that did not affect the connection.
func (s *Session) problem(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(Line{Kind: Problem, Text: err.Error()})
}

// beginning shows the first bytes of a message.
func beginning(typ api.MessageType, p []byte) string {
	if typ == api.MessageBinary {
		return hexBeginning(p)
	}
	if len(p) <= maxText {
		return string(p)
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(p[n]) { // a character stays whole
		n--
	}
	return string(p[:n]) + "…"
}

// hexBeginning is beginning for bytes, in groups of four.
func hexBeginning(p []byte) string {
	const group, digits = 4, 2 // of a byte
	more := ""
	if len(p) > maxText/digits {
		p, more = p[:maxText/digits], " …"
	}
	var b strings.Builder
	for len(p) > group {
		b.WriteString(hex.EncodeToString(p[:group]))
		b.WriteByte(' ')
		p = p[group:]
	}
	b.WriteString(hex.EncodeToString(p))
	return b.String() + more
}
