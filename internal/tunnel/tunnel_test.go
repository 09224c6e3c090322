package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// The bodies of net/http's HTTP/2 wait in a Read of 0 bytes, and return once
// there is something to read, or the end. Read relies on that, for the types
// that waitsForNothing knows.
func TestWaitsForNothing(t *testing.T) {
	t.Run("net/http", func(t *testing.T) { testWaits(t, nil) })
	t.Run("golang.org/x/net", func(t *testing.T) {
		testWaits(t, func(s *http.Server) {
			if err := http2.ConfigureServer(s, nil); err != nil {
				t.Fatal(err)
			}
		})
	})
	for _, other := range []io.Reader{nil, http.NoBody, strings.NewReader(""), http.MaxBytesReader(nil, http.NoBody, 1)} {
		if waitsForNothing(other) {
			t.Errorf("%T waits for nothing", other)
		}
	}
}

func testWaits(t *testing.T, configure func(*http.Server)) {
	waits := make(chan string, 8)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !waitsForNothing(r.Body) {
			t.Errorf("%T is not known", r.Body)
		}
		w.WriteHeader(http.StatusOK)
		http.NewResponseController(w).Flush()
		for {
			n, err := r.Body.Read(nil)
			if n != 0 || err != nil {
				waits <- fmt.Sprint(n, err)
				return
			}
			p := make([]byte, 100)
			n, err = r.Body.Read(p)
			waits <- fmt.Sprint(string(p[:n]), err)
		}
	}))
	s.EnableHTTP2 = true
	if configure != nil {
		configure(s.Config)
	}
	s.StartTLS()
	defer s.Close()
	body, in := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, p := range []string{"one", "two"} {
		if len(waits) > 0 {
			t.Errorf("a Read of 0 bytes has returned: %q", <-waits)
		}
		io.WriteString(in, p)
		if got, want := <-waits, p+"<nil>"; strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	in.Close()
	if got := <-waits; got != "0 EOF" {
		t.Errorf("at the end: %q", got)
	}
}

// code is an error code of a type of its own, as in quic-go.
type code uint64

// fake3 is a ResponseWriter as that of quic-go.
type fake3 struct {
	*httptest.ResponseRecorder
	*stream3
	err error
}

func (f *fake3) FlushError() error                { return nil }
func (f *fake3) SetReadDeadline(time.Time) error  { return nil }
func (f *fake3) SetWriteDeadline(time.Time) error { return nil }
func (f *fake3) Write(p []byte) (int, error)      { return f.ResponseRecorder.Write(p) }
func (f *fake3) HTTPStream() (*stream3, error)    { return f.stream3, f.err }

// stream3 is a stream as that of quic-go.
type stream3 struct {
	calls []string
	data  string // what Read returns,
	fault error  // and then this
}

func (s *stream3) take(n int) string {
	p := s.data[:min(n, len(s.data))]
	s.data = s.data[len(p):]
	return p
}

func (s *stream3) end() error {
	if s.data == "" {
		return s.fault
	}
	return nil
}

func (s *stream3) note(format string, a ...any) { s.calls = append(s.calls, fmt.Sprintf(format, a...)) }

func (s *stream3) QUICStream() *stream3             { return s }
func (s *stream3) Peek([]byte) (int, error)         { return 0, s.fault }
func (s *stream3) Read(p []byte) (int, error)       { return copy(p, s.take(len(p))), s.end() }
func (s *stream3) Write(p []byte) (int, error)      { return 0, s.fault }
func (s *stream3) Close() error                     { s.note("Close"); return nil }
func (s *stream3) CancelRead(c code)                { s.note("CancelRead %#x", uint64(c)) }
func (s *stream3) CancelWrite(c code)               { s.note("CancelWrite %#x", uint64(c)) }
func (s *stream3) SetReadDeadline(time.Time) error  { s.note("SetReadDeadline"); return nil }
func (s *stream3) SetWriteDeadline(time.Time) error { s.note("SetWriteDeadline"); return nil }

// error3 has the fields of an error of quic-go.
type error3 struct {
	Remote    bool
	ErrorCode code
}

func (error3) Error() string { return "code" }

func request3() *http.Request {
	r := httptest.NewRequest("CONNECT", "/", nil)
	r.ProtoMajor, r.RemoteAddr = 3, "192.0.2.1:7"
	return r
}

// Over HTTP/3 the handler takes over the stream.
func TestTake(t *testing.T) {
	f := &fake3{httptest.NewRecorder(), &stream3{}, nil}
	c, err := Open(f, request3(), http.Header{"A": {"b"}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Code != 200 || f.Header().Get("A") != "b" {
		t.Errorf("status %d, %v", f.Code, f.Header())
	}
	if c.HTTPVersion() != "HTTP/3.0" || c.RemoteAddr().Network() != "udp" || c.RemoteAddr().String() != "192.0.2.1:7" || c.LocalAddr() != nil {
		t.Errorf("%s from %v to %v", c.HTTPVersion(), c.RemoteAddr(), c.LocalAddr())
	}
	c.SetReadDeadline(time.Time{})
	c.SetWriteDeadline(time.Time{})
	c.(interface{ CloseWrite() error }).CloseWrite()
	c.Close()
	c.Abort()
	want := []string{"SetReadDeadline", "SetWriteDeadline", "Close", "Close", "CancelRead 0x100", "CancelWrite 0x10c", "CancelRead 0x10c"}
	if !slices.Equal(f.calls, want) {
		t.Errorf("%q, want %q", f.calls, want)
	}
	for fault, is := range map[error]error{
		error3{true, 0x10c}:                          syscall.ECONNRESET,
		fmt.Errorf("wrapped: %w", error3{true, 256}): syscall.ECONNRESET,
		io.EOF:                 io.EOF,
		os.ErrDeadlineExceeded: os.ErrDeadlineExceeded,
	} {
		f.fault = fault
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, is) {
			t.Errorf("Read = %v, want %v", err, is)
		}
		if _, err := c.Write(nil); !errors.Is(err, is) {
			t.Errorf("Write = %v, want %v", err, is)
		}
	}
	f.fault = error3{false, 256}
	if _, err := c.Read(make([]byte, 1)); errors.Is(err, syscall.ECONNRESET) {
		t.Error("a reset by this side is taken for the peer's")
	}
	f.err = io.ErrClosedPipe
	if _, err := Open(f, request3(), nil, time.Time{}); err == nil {
		t.Error("a stream that cannot be taken over was")
	}
}

// other3 has a method HTTPStream that is not quic-go's.
type other3 struct{ *fake3 }

func (other3) HTTPStream() int { return 7 }

func TestTakeNotOthers(t *testing.T) {
	f := &fake3{httptest.NewRecorder(), &stream3{}, nil}
	if taker(other3{f}) != nil {
		t.Error("taken")
	}
	if taker(f) == nil {
		t.Error("not taken")
	}
	r := request3()
	r.RemoteAddr = "@"
	c, err := Open(other3{f}, r, nil, time.Now().Add(time.Hour))
	if _, ok := c.(*Stream); !ok || err != nil {
		t.Errorf("%T, %v", c, err)
	}
	if a := c.RemoteAddr(); a.Network() != "http" || a.String() != "@" {
		t.Errorf("address %v", a)
	}
}

// panicking is net/http's ResponseWriter after the handler has returned.
type panicking struct{ *fake3 }

func (panicking) HTTPStream()                      {}
func (p panicking) FlushError() error              { panic("Flush called after Handler finished") }
func (panicking) SetWriteDeadline(time.Time) error { panic("nil pointer") }

// A use that comes too late returns an error.
func TestLate(t *testing.T) {
	f := &fake3{httptest.NewRecorder(), &stream3{}, nil}
	r := request3()
	s := &Stream{w: panicking{f}, body: http.NoBody, ctx: r.Context()}
	s.cond.L = &s.mu
	if _, err := s.Write([]byte("a")); !errors.Is(err, errOver) {
		t.Errorf("Write = %v", err)
	}
	if err := s.SetWriteDeadline(time.Time{}); !errors.Is(err, errOver) {
		t.Errorf("SetWriteDeadline = %v", err)
	}
	if err := s.Abort(); err != nil {
		t.Errorf("Abort = %v", err)
	}
	if _, err := s.Write(nil); !errors.Is(err, errOver) {
		t.Errorf("Write = %v", err)
	}
	if err := s.Close(); err == nil {
		t.Error("Close after Abort = nil")
	}
}
