package session

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// A page is told at once, and at most ten times a second; of nothing, nothing.
func TestWatchIsBounded(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.pass(time.Minute)
		if len(r.updates) != 1 {
			t.Errorf("%d updates of nothing, want the first alone", len(r.updates))
		}
		begin := time.Now()
		r.do(connectCommand)
		if d := r.at[1].Sub(begin); d != 0 {
			t.Errorf("told %v late", d)
		}
		for range 5000 {
			r.s.Do(text("x"))
		}
		r.pass(10 * time.Second)
		for i := range r.at[1:] {
			if d := r.at[i+1].Sub(r.at[i]); d < Interval {
				t.Fatalf("two updates within %v", d)
			}
		}
		if n := len(r.updates); n < 100 || n > 110 {
			t.Errorf("%d updates in 10 s of an open connection", n)
		}
	})
}

// Of a burst the newest 200 lines are told, in portions, and how many are not.
func TestLogIsBounded(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		for i := range maxLines + 30 {
			r.s.problem(errors.New(strconv.Itoa(i)))
		}
		r.pass(2 * Interval * maxLines / linesAtOnce)
		all := r.lines(Problem)
		if len(all) != maxLines || all[0] != "30" || all[maxLines-1] != "229" {
			t.Errorf("%d lines: %q", len(all), all)
		}
		skipped := 0
		for _, u := range r.updates {
			skipped += u.Skipped
			if len(u.Lines) > linesAtOnce {
				t.Errorf("%d lines at once", len(u.Lines))
			}
		}
		if skipped != 30 {
			t.Errorf("%d are said to be left out", skipped)
		}
	})
}

func TestSampleTellsBuffered(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.conn.buffered = 12345
		r.do(connectCommand)
		if x := r.last().Sample; x == nil || x.Buffered != 12345 || x.Span != Interval {
			t.Errorf("sample %+v", x)
		}
		r.do(closeCommand)
		if x := r.last().Sample; x != nil {
			t.Errorf("sample %+v without a connection", x)
		}
	})
}

func TestBeginning(t *testing.T) {
	for _, tt := range []struct {
		typ  api.MessageType
		p    string
		want string
	}{
		{api.MessageText, "", ""},
		{api.MessageText, "two\nlines", "two\nlines"},
		{api.MessageText, strings.Repeat("a", maxText), strings.Repeat("a", maxText)},
		{api.MessageText, strings.Repeat("a", maxText+1), strings.Repeat("a", maxText) + "…"},
		{api.MessageText, strings.Repeat("a", maxText-1) + "水b", strings.Repeat("a", maxText-1) + "…"},
		{api.MessageBinary, "", ""},
		{api.MessageBinary, "\x00\x01", "0001"},
		{api.MessageBinary, "\x00\x01\x02\x03", "00010203"},
		{api.MessageBinary, "\x00\x01\x02\x03\x04", "00010203 04"},
		{api.MessageBinary, strings.Repeat("\xff", 201), strings.Repeat("ffffffff ", 50) + "…"},
	} {
		if got := beginning(tt.typ, []byte(tt.p)); got != tt.want {
			t.Errorf("%v %q: %q, want %q", tt.typ, tt.p, got, tt.want)
		}
	}
}

func TestParseHex(t *testing.T) {
	for _, tt := range []struct{ in, want, err string }{
		{"", "", ""}, {"00 ff", "\x00\xff", ""}, {"0xDEad\n be ef", "\xde\xad\xbe\xef", ""},
		{"0", "", "not hexadecimal: odd length hex string"}, {"0g", "", "not hexadecimal: invalid byte: U+0067 'g'"},
	} {
		got, err := ParseHex(tt.in)
		if msg := fmt.Sprint(err); err == nil && tt.err != "" || err != nil && msg != tt.err || err == nil && string(got) != tt.want {
			t.Errorf("%q: %q, %v; want %q, %s", tt.in, got, err, tt.want, tt.err)
		}
	}
}

func TestHistory(t *testing.T) {
	var h History
	if h.Recent(time.Second) != (Sample{}) {
		t.Error("a sum of nothing")
	}
	const tenth = 100 * time.Millisecond
	for i := range 400 {
		x := Sample{At: time.Duration(i) * tenth, Span: tenth, Received: 3, Buffered: int64(i)}
		if i == 395 {
			x.Echoes, x.Median, x.Worst = 2, time.Millisecond, time.Second
		}
		h.Add(x)
	}
	if h.Len() != 301 {
		t.Errorf("%d samples are kept, want 30 s and the one before", h.Len())
	}
	want := Sample{
		At: 399 * tenth, Span: time.Second, Received: 30, Buffered: 399,
		Echoes: 2, Median: time.Millisecond, Worst: time.Second,
	}
	if got := h.Recent(time.Second); got != want {
		t.Errorf("the last second: %+v, want %+v", got, want)
	}
	if r := want.Rate(30); r != 30 || (Sample{}).Rate(5) != 0 {
		t.Errorf("a rate of %v", r)
	}
	h.Add(Sample{At: tenth})
	if h.Len() != 1 {
		t.Error("the next connection goes on with the last one's history")
	}
}
