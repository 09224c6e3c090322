package million

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

func TestHold(t *testing.T) {
	for _, kind := range []string{Engine, Bare} {
		var b bytes.Buffer
		if err := Hold(&b, kind, 100); err != nil {
			t.Fatal(err)
		}
		var r Report
		if err := json.Unmarshal(b.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Conns != 100 || r.Seconds <= 0 {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	if err := Hold(io.Discard, "nothing", 1); err == nil {
		t.Error("nothing was held")
	}
}

func TestStream(t *testing.T) {
	s := newStream([]byte("hello"))
	p := make([]byte, 3)
	for _, want := range []string{"hel", "lo"} {
		if n, err := s.Read(p); err != nil || string(p[:n]) != want {
			t.Fatalf("read %q, %v", p[:n], err)
		}
	}
	s.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := s.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("at the deadline: %v", err)
	}
	s.SetReadDeadline(time.Time{})
	s.Close()
	if _, err := s.Read(p); err != io.ErrClosedPipe {
		t.Errorf("read after the end: %v", err)
	}
	if _, err := s.Write(p); err != io.ErrClosedPipe {
		t.Errorf("write after the end: %v", err)
	}
}
