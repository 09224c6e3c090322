package h3

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"golang.org/x/net/nettest"

	"github.com/twinws/ws/internal/tunnel"
)

// Both ends of a stream are what net.Conn says.
func TestStreamIsConn(t *testing.T) {
	s := (&scripted{}).start(t)
	tr := &Transport{}
	defer tr.Close()
	var mu sync.Mutex
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		mu.Lock()
		defer mu.Unlock()
		a, b := pipe(t, s, tr)
		return a, b, func() { a.Close(); b.Close() }, nil
	})
}

// trickle returns a byte at a time, and a deadline's error after each.
type trickle struct {
	data []byte
	late bool
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.late = !r.late; !r.late {
		return 0, os.ErrDeadlineExceeded
	}
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	p[0] = r.data[0]
	r.data = r.data[1:]
	return 1, nil
}

// RFC 9114 section 7.1: type and length are variable-length integers. However
// often a read of them fails, the next one continues; and no byte behind them
// is read.
func TestFrameHeaderContinues(t *testing.T) {
	for _, kind := range []uint64{0, 1, 0x3f, 0x40, 0xf0700, 1 << 40} {
		for _, length := range []uint64{0, 63, 64, 16383, 16384, 1<<30 - 1, 1 << 30, 1<<62 - 1} {
			data := append(appendFrame(nil, kind, length), "rest"...)
			r := &trickle{data: data}
			var h tunnel.FrameHeader
			for {
				k, l, err := h.Read(r)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					continue
				}
				if err != nil || k != kind || l != length || string(r.data) != "rest" {
					t.Fatalf("read %#x %d, %v, then %q, want %#x %d", k, l, err, r.data, kind, length)
				}
				break
			}
			whole := appendFrame(nil, kind, length)
			for i := range whole {
				want := io.ErrUnexpectedEOF
				if i == 0 {
					want = io.EOF
				}
				if _, _, err := new(tunnel.FrameHeader).Read(bytes.NewReader(whole[:i])); err != want {
					t.Errorf("%x: %v, want %v", whole[:i], err, want)
				}
			}
		}
	}
}

// A deadline between the bytes of a DATA frame's header loses nothing: what
// http3.RequestStream of quic-go cannot do.
func TestDeadlineWithinFrameHeader(t *testing.T) {
	client, server := pipe(t, (&scripted{}).start(t), &Transport{})
	defer client.Close()
	data := frame(frameData, string(make([]byte, 99))+"x") // a length of two bytes
	for i := range data[:4] {
		server.q.Write(data[i : i+1])
		client.SetReadDeadline(time.Time{})
		if err := client.AwaitRead(); err != nil {
			t.Fatal(err)
		}
		client.SetReadDeadline(time.Now().Add(time.Millisecond))
		n, err := client.Read(make([]byte, 1000))
		if i < 3 && (n != 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			t.Fatalf("Read = %d, %v after %d bytes of the header", n, err, i+1)
		}
		for i == 3 && n == 0 { // the first byte of the payload
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			client.SetReadDeadline(time.Time{})
			n, err = client.Read(make([]byte, 1000))
		}
	}
	client.SetReadDeadline(time.Time{})
	server.q.Write(data[4:])
	rest := make([]byte, 99)
	if _, err := io.ReadFull(client, rest); err != nil || rest[98] != 'x' {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// AwaitRead keeps to the read deadline, and returns when there is something.
func TestAwaitRead(t *testing.T) {
	client, server := pipe(t, (&scripted{}).start(t), &Transport{})
	defer client.Close()
	client.SetReadDeadline(time.Unix(1, 0))
	if err := client.AwaitRead(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("AwaitRead = %v", err)
	}
	client.SetReadDeadline(time.Time{})
	server.Write([]byte("hello"))
	if err := client.AwaitRead(); err != nil {
		t.Errorf("AwaitRead = %v", err)
	}
	p := make([]byte, 10)
	if n, err := client.Read(p); string(p[:n]) != "hello" || err != nil {
		t.Errorf("Read = %q, %v", p[:n], err)
	}
	server.Close()
	if err := client.AwaitRead(); err != nil {
		t.Errorf("AwaitRead at the end = %v", err)
	}
	if _, err := client.Read(p); err != io.EOF {
		t.Errorf("Read at the end = %v", err)
	}
}

// A Write that a deadline interrupts within a DATA frame is completed by the
// next one.
func TestWriteContinuesFrame(t *testing.T) {
	s := &scripted{quic: &quic.Config{InitialStreamReceiveWindow: 10_000, MaxStreamReceiveWindow: 10_000}}
	client, server := pipe(t, s.start(t), &Transport{})
	defer client.Close()
	sent := bytes.Repeat([]byte("0123456789"), 5000)
	client.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := client.Write(sent)
	if n == len(sent) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Write = %d, %v", n, err)
	}
	client.SetWriteDeadline(time.Time{})
	go func() {
		client.Write(sent[n:])
		client.Write([]byte("the end"))
		client.CloseWrite()
	}()
	got, err := io.ReadAll(server)
	if err != nil || string(got) != string(sent)+"the end" {
		t.Errorf("%d bytes arrived, %v", len(got), err)
	}
}

// RFC 9220 section 3: FIN is an orderly end, and the RST of TCP is a reset with
// H3_REQUEST_CANCELLED.
func TestEnds(t *testing.T) {
	s := (&scripted{}).start(t)
	tr := &Transport{}
	defer tr.Close()
	const cancelled = quic.StreamErrorCode(http3.ErrCodeRequestCanceled)
	for name, tt := range map[string]struct {
		end    func(*stream) error
		reads  bool // the server's Read ends with a reset
		writes bool // the server's Write does
	}{
		"CloseWrite": {(*stream).CloseWrite, false, false},
		"Close":      {(*stream).Close, false, true},
		"Abort":      {func(s *stream) error { return s.Abort() }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := pipe(t, s, tr)
			defer client.Close()
			client.Write([]byte("hello"))
			if p := make([]byte, 5); tt.reads {
				if _, err := io.ReadFull(server, p); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.end(client); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(server)
			e, reset := errors.AsType[*quic.StreamError](err)
			if reset != tt.reads || reset && e.ErrorCode != cancelled || !reset && string(got) != "hello" {
				t.Errorf("the server read %q, %v", got, err)
			}
			if !tt.writes {
				server.Write([]byte("bye"))
				p := make([]byte, 3)
				if _, err := io.ReadFull(client, p); err != nil || string(p) != "bye" {
					t.Errorf("the client read %q, %v", p, err)
				}
				if _, err := client.Write(p); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write after CloseWrite: %v", err)
				}
				return
			}
			for err = nil; err == nil; {
				_, err = server.Write(make([]byte, 1<<16))
			}
			if e, reset := errors.AsType[*quic.StreamError](err); !reset || e.ErrorCode != cancelled {
				t.Errorf("the server's Write: %v", err)
			}
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read after %s: %v", name, err)
			}
			if _, err := client.Write(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write after %s: %v", name, err)
			}
		})
	}
}

// A FIN within a DATA frame would violate HTTP/3 (RFC 9114 section 7.1).
func TestCloseWithinFrameResets(t *testing.T) {
	s := &scripted{quic: &quic.Config{InitialStreamReceiveWindow: 10_000, MaxStreamReceiveWindow: 10_000}}
	client, server := pipe(t, s.start(t), &Transport{})
	client.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := client.Write(make([]byte, 50_000)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	client.Close()
	_, err := io.Copy(io.Discard, server)
	if e, ok := errors.AsType[*quic.StreamError](err); !ok || e.ErrorCode != quic.StreamErrorCode(http3.ErrCodeRequestCanceled) {
		t.Errorf("the server read until %v", err)
	}
}

// What ends a stream without FIN says so, and is no timeout.
func TestLostStream(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(*stream)
		says string
	}{
		"reset":      {func(s *stream) { s.reset(http3.ErrCodeInternalError) }, "h3: the server reset the stream with H3_INTERNAL_ERROR"},
		"connection": {func(s *stream) { s.c.q.CloseWithError(0x100, "restart") }, "h3: the server closed the QUIC connection with H3_NO_ERROR: restart"},
		"silence":    {func(*stream) {}, "h3: the QUIC connection timed out: nothing arrived for its idle time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&scripted{quic: &quic.Config{MaxIdleTimeout: time.Second}}).start(t)
			tr := &Transport{KeepalivePeriod: -1}
			client, server := pipe(t, s, tr)
			tt.end(server)
			_, err := client.Read(make([]byte, 1))
			if err == nil || err.Error() != tt.says {
				t.Errorf("Read: %v, want %s", err, tt.says)
			}
			if e, ok := errors.AsType[net.Error](err); !ok || e.Timeout() {
				t.Errorf("%#v is a timeout", err)
			}
		})
	}
}
