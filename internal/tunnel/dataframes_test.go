package tunnel

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"
)

// trickle returns a byte at a time, and a deadline's error after each.
type trickle struct {
	data string
	late bool
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.late = !r.late; !r.late {
		return 0, os.ErrDeadlineExceeded
	}
	if r.data == "" {
		return 0, io.EOF
	}
	n := copy(p[:1], r.data)
	r.data = r.data[n:]
	return n, nil
}

// RFC 9114 sections 7 and 9: the payloads of DATA frames, however often reading
// them fails; empty frames, and frames of unknown types, are nothing.
func TestDataFrames(t *testing.T) {
	const sent = "\x00\x02he" + "\x00\x00" + "\x21\x03xyz" + "\x00\x40\x03llo" + "\x40\x54\x00" + "\x00\x80\x00\x00\x01!"
	for i := range len(sent) + 1 {
		var d DataFrames
		r := &trickle{data: sent[:i]}
		var got []byte
		var err error
		for p := make([]byte, 8); err == nil || errors.Is(err, os.ErrDeadlineExceeded); {
			var n int
			n, err = d.Read(r, p)
			got = append(got, p[:n]...)
		}
		want := io.ErrUnexpectedEOF
		if slices.Contains([]int{0, 4, 6, 11, 17, 20, 26}, i) { // between frames
			want = io.EOF
		}
		if err != want || i == len(sent) && string(got) != "hello!" {
			t.Errorf("%q: %q, %v, want %v", sent[:i], got, err, want)
		}
	}
}

// RFC 9114 sections 4.4 and 7.1: after a CONNECT other frames, and an end
// within one, are violations, which reset the stream.
func TestTakenViolated(t *testing.T) {
	for data, code := range map[string]string{
		"\x01\x02xx":  "0x105",
		"\x04\x02xx":  "0x105",
		"\x00\x05hal": "0x106",
		"\x00":        "0x106",
	} {
		f := &fake3{httptest.NewRecorder(), &stream3{data: data, fault: io.EOF}, nil}
		c, err := Open(f, request3(), http.Header{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = c.Read(make([]byte, 8))
		}
		if err == io.EOF || !slices.Equal(f.calls, []string{"CancelWrite " + code, "CancelRead " + code}) {
			t.Errorf("%q: %v, %q, want %s", data, err, f.calls, code)
		}
	}
}
