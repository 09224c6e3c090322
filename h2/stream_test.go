package h2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
)

// A Read whose deadline has passed goes on when the deadline is taken back.
func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{PingAfter: -1}, connects)
		nc, p, id := rig.connected()
		p.data(id, false, "one")
		mustRead(t, nc, "one")
		start := time.Now()
		nc.SetReadDeadline(start.Add(time.Second))
		for range 2 {
			_, err := nc.Read(make([]byte, 1))
			if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("the error is %v, want os.ErrDeadlineExceeded", err)
			}
			if got := time.Since(start); got != time.Second {
				t.Errorf("Read returned after %v, want 1 s", got)
			}
		}
		p.data(id, false, "two")
		nc.SetReadDeadline(time.Time{})
		mustRead(t, nc, "two")

		nc.SetReadDeadline(time.Now().Add(time.Second))
		nc.SetReadDeadline(time.Now().Add(time.Hour)) // the first must not fire
		time.Sleep(time.Minute)
		p.data(id, false, "three")
		mustRead(t, nc, "three")

		go func() {
			time.Sleep(time.Second)
			nc.SetReadDeadline(time.Unix(1, 0)) // interrupts a Read that waits
		}()
		if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the error is %v, want os.ErrDeadlineExceeded", err)
		}
	})
}

// A Write that waits for the window returns at its deadline how many bytes were
// accepted; they are sent, in order, and the next Write goes on (RFC 9113
// section 6.9).
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		nc, p, id := rig.connected()
		text := "0123456789abcdefghij"
		nc.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := nc.Write([]byte(text))
		if n != 10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Write returned %d, %v, want 10 and os.ErrDeadlineExceeded", n, err)
		}
		if n, err := nc.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Write returned %d, %v, want 0 and os.ErrDeadlineExceeded", n, err)
		}
		nc.SetWriteDeadline(time.Time{})
		wrote := make(chan error, 1)
		go func() {
			_, err := nc.Write([]byte(text[10:]))
			wrote <- err
		}()
		synctest.Wait()
		got := string(p.expect(http2.FrameData).payload)
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(id, 3) })
		got += string(p.expect(http2.FrameData).payload)
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(id, 100) })
		got += string(p.expect(http2.FrameData).payload)
		if err := <-wrote; err != nil || got != text {
			t.Errorf("the peer got %q, %v, want %q", got, err, text)
		}
	})
}

// SETTINGS_INITIAL_WINDOW_SIZE changes the windows of open streams, and may
// make them negative (RFC 9113 section 6.9.2).
func TestWindowShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		nc, p, id := rig.connected()
		nc.Write([]byte("0123456789"))
		p.expect(http2.FrameData)
		p.Write(func(f *http2.Framer) { f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 4}) })
		go nc.Write([]byte("abc")) // the window is -6
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(id, 6) })
		synctest.Wait()
		for len(p.frames) > 0 {
			if f := <-p.frames; f.Type == http2.FrameData {
				t.Fatalf("got %s with a window of 0", describe(f))
			}
		}
		p.Write(func(f *http2.Framer) { f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 6}) })
		if got := string(p.expect(http2.FrameData).payload); got != "ab" {
			t.Errorf("the peer got %q with a window of 2, want ab", got)
		}
	})
}

// Streams that are not read keep what their windows allow, and stall no other
// (RFC 9113 section 5.2.2): the connection's window is much smaller here.
func TestStalledStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 1 << 20
		rig := newRig(t, &Transport{StreamWindow: window, ConnWindow: initialWindow}, connects)
		lazy, p, id := rig.connected()
		other, otherID := rig.next(p)
		full := strings.Repeat("0123456789abcdef", window/16)
		left := int64(initialWindow) // what p may send
		send := func(id uint32, s string) {
			for len(s) > 0 {
				k := min(len(s), maxFrame)
				for left < int64(k) {
					f := <-p.frames
					if f.Type == http2.FrameWindowUpdate && f.StreamID == 0 {
						left += int64(f.payload[0])<<24 | int64(f.payload[1])<<16 | int64(f.payload[2])<<8 | int64(f.payload[3])
					}
				}
				left -= int64(k)
				p.data(id, false, s[:k])
				s = s[k:]
			}
		}
		send(id, full)
		for range 10 {
			send(otherID, full[:maxFrame])
			mustRead(t, other, full[:maxFrame])
		}
		mustRead(t, lazy, full)
	})
}

// A stream's window is returned as the program reads, in halves (RFC 9113
// section 6.9).
func TestWindowReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{StreamWindow: 32_768}, connects)
		nc, p, id := rig.connected()
		text := strings.Repeat("x", maxFrame)
		for range 10 {
			p.data(id, false, text)
			mustRead(t, nc, text)
			for {
				f := p.expect(http2.FrameWindowUpdate)
				if f.StreamID == id {
					if want := "\x00\x00\x40\x00"; string(f.payload) != want {
						t.Fatalf("WINDOW_UPDATE of %q, want %q", f.payload, want)
					}
					break
				}
			}
		}
	})
}

// Padding counts for the windows and is returned without a Read (RFC 9113
// section 6.1).
func TestPaddingReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{StreamWindow: maxFrame}, connects)
		nc, p, id := rig.connected()
		for range 200 { // of 256 bytes each: three times the window
			p.Write(func(f *http2.Framer) { f.WriteDataPadded(id, false, nil, make([]byte, 255)) })
		}
		p.data(id, false, "text")
		mustRead(t, nc, "text")
	})
}

// Frames of many streams that are written while another write is in progress
// leave in one write.
func TestBatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		nc, p, _ := rig.connected()
		streams := []net.Conn{nc}
		for range 63 {
			nc, _ := rig.next(p)
			streams = append(streams, nc)
		}
		synctest.Wait()
		counted := &counting{Conn: nc.(*stream).c.nc}
		nc.(*stream).c.nc = counted
		p.stop() // a write will be in progress
		for range 2 {
			for _, nc := range streams {
				if n, err := nc.Write(make([]byte, 125)); n != 125 || err != nil {
					t.Fatal(n, err)
				}
			}
		}
		p.resume()
		for range 2 * 64 {
			p.expect(http2.FrameData)
		}
		if counted.writes > 3 {
			t.Errorf("128 messages left in %d writes, want at most 3: one that was in progress, and the rest", counted.writes)
		}
	})
}

// counting counts Writes.
type counting struct {
	net.Conn
	writes int
}

func (c *counting) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// Streams take turns, a frame each: a long message does not make the others
// wait until it is sent.
func TestFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
		a, p, _ := rig.connected()
		b, _ := rig.next(p)
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(0, 1<<30) })
		synctest.Wait()
		p.stop()
		go a.Write(make([]byte, 1<<20))
		go b.Write(make([]byte, 1<<20))
		synctest.Wait()
		p.resume()
		turns := 0
		last := uint32(0)
		for range 40 {
			f := p.expect(http2.FrameData)
			if f.StreamID != last {
				turns++
			}
			last = f.StreamID
		}
		if turns < 30 {
			t.Errorf("40 frames of two long messages in %d turns, want at least 30", turns)
		}
	})
}

// Bytes that came before the end are read before it: END_STREAM is io.EOF,
// RST_STREAM an error that stands for a reset connection (RFC 8441 section 5).
func TestEnds(t *testing.T) {
	t.Run("END_STREAM", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			nc, p, id := rig.connected()
			p.data(id, true, "last")
			synctest.Wait()
			mustRead(t, nc, "last")
			if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the error is %v, want io.EOF", err)
			}
			if _, err := nc.Write([]byte("half")); err != nil { // its own half is open
				t.Error(err)
			}
			// A server that ends its response before the request resets it with
			// NO_ERROR (RFC 9113 section 8.1).
			p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeNo) })
			synctest.Wait()
			if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the error is %v, want io.EOF", err)
			}
			var e *StreamError
			if _, err := nc.Write([]byte("x")); !errors.As(err, &e) || e.Code != http2.ErrCodeNo || !e.Remote {
				t.Errorf("the error is %v, want a *StreamError with NO_ERROR", err)
			}
		})
	})
	t.Run("RST_STREAM", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			nc, p, id := rig.connected()
			p.data(id, false, "last")
			p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeCancel) })
			synctest.Wait()
			mustRead(t, nc, "last")
			_, rerr := nc.Read(make([]byte, 1))
			_, werr := nc.Write([]byte("x"))
			for _, err := range []error{rerr, werr} {
				e, ok := errors.AsType[*StreamError](err)
				if !ok || e.Code != http2.ErrCodeCancel || !e.Remote || !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the error is %v, want a *StreamError that matches ECONNRESET", err)
				}
			}
		})
	})
	t.Run("the connection", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			a, p, id := rig.connected()
			b, _ := rig.next(p)
			p.data(id, false, "last")
			synctest.Wait()
			p.nc.Close()
			synctest.Wait()
			mustRead(t, a, "last")
			_, first := a.Read(make([]byte, 1))
			_, second := b.Read(make([]byte, 1))
			e, ok := errors.AsType[*ConnError](first)
			if !ok || first != second || !errors.Is(e, io.ErrUnexpectedEOF) {
				t.Errorf("the errors are %v and %v, want the same *ConnError", first, second)
			}
		})
	})
}

// How a stream is closed.
func TestClose(t *testing.T) {
	// next returns the type of the next frame but WINDOW_UPDATE, and its code.
	next := func(p *peer) (string, http2.ErrCode) {
		synctest.Wait()
		for len(p.frames) > 0 {
			f := <-p.frames
			switch {
			case f.Type == http2.FrameData && f.Flags.Has(http2.FlagDataEndStream):
				return "END_STREAM", 0
			case f.Type == http2.FrameRSTStream:
				return "RST_STREAM", f.code()
			case f.Type == http2.FrameData:
				return "DATA", 0
			}
		}
		return "", 0
	}
	for name, test := range map[string]func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)){
		"Close, and the peer ends": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Close()
			want("END_STREAM", 0)
			p.data(id, true, "")
			time.Sleep(time.Minute)
			want("", 0)
		},
		"Close, and the peer sends more": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Close()
			want("END_STREAM", 0)
			p.data(id, false, "more")
			want("RST_STREAM", http2.ErrCodeCancel)
		},
		"Close, and the peer does nothing": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Close()
			want("END_STREAM", 0)
			time.Sleep(closeWait)
			want("RST_STREAM", http2.ErrCodeCancel)
		},
		"Close with unread bytes": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			p.data(id, false, "unread")
			synctest.Wait()
			nc.Close()
			want("RST_STREAM", http2.ErrCodeCancel)
		},
		"Close after the peer's end": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			p.data(id, true, "unread")
			synctest.Wait()
			nc.Close()
			want("END_STREAM", 0)
			time.Sleep(time.Minute)
			want("", 0)
		},
		"Close after both ends": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.CloseWrite()
			want("END_STREAM", 0)
			p.data(id, true, "")
			synctest.Wait()
			nc.Close()
			nc.Abort()
			want("", 0)
		},
		"Close after a reset": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeCancel) })
			synctest.Wait()
			nc.Close()
			want("", 0)
		},
		"Abort": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Abort()
			want("RST_STREAM", http2.ErrCodeCancel)
		},
		"Abort after Close": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Close()
			want("END_STREAM", 0)
			nc.Abort()
			want("RST_STREAM", http2.ErrCodeCancel)
		},
		"CloseWrite": func(t *testing.T, nc *stream, p *peer, id uint32, want func(string, http2.ErrCode)) {
			nc.Write([]byte("before"))
			nc.CloseWrite()
			nc.CloseWrite()
			want("DATA", 0)
			want("END_STREAM", 0)
			want("", 0)
			if _, err := nc.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
				t.Errorf("Write after CloseWrite: %v, want EPIPE", err)
			}
			p.data(id, false, "still")
			mustRead(t, nc, "still")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, &Transport{PingAfter: -1, IdleTimeout: -1}, connects)
				nc, p, id := rig.connected()
				test(t, nc.(*stream), p, id, func(frame string, code http2.ErrCode) {
					t.Helper()
					if f, c := next(p); f != frame || c != code {
						t.Errorf("the peer got %q with %v, want %q with %v", f, c, frame, code)
					}
				})
				nc.Close()
				time.Sleep(closeWait)
				if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Read after Close: %v, want net.ErrClosed", err)
				}
				synctest.Wait()
				c := nc.(*stream).c
				c.mu.Lock()
				defer c.mu.Unlock()
				if n := len(c.streams); n != 0 {
					t.Errorf("%d streams are left", n)
				}
			})
		})
	}
}

// Close ends what waits.
func TestCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
		nc, _, _ := rig.connected()
		errs := make(chan error, 3)
		go func() { _, err := nc.Read(make([]byte, 1)); errs <- err }()
		go func() { _, err := nc.Write([]byte("x")); errs <- err }()
		go func() { errs <- nc.(*stream).AwaitRead() }()
		synctest.Wait()
		nc.Close()
		for range 3 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("the error is %v, want net.ErrClosed", err)
			}
		}
	})
}

// AwaitRead returns as soon as Read would not block, and reads nothing.
func TestAwaitRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		nc, p, id := rig.connected()
		s := nc.(*stream)
		nc.SetReadDeadline(time.Now().Add(time.Second))
		if err := s.AwaitRead(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the error is %v, want os.ErrDeadlineExceeded", err)
		}
		nc.SetReadDeadline(time.Time{})
		p.data(id, true, "x")
		for range 2 {
			if err := s.AwaitRead(); err != nil {
				t.Error(err)
			}
		}
		mustRead(t, nc, "x")
		if err := s.AwaitRead(); err != nil {
			t.Errorf("at the end AwaitRead returns %v, want nil: Read does not block", err)
		}
		if s.HTTPVersion() != "HTTP/2.0" || nc.LocalAddr() == nil || nc.RemoteAddr() == nil {
			t.Error("HTTPVersion or an address is wrong")
		}
	})
}

// Concurrent Writes do not mix their bytes, however the windows cut them.
func TestConcurrentWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 7})
		nc, p, id := rig.connected()
		for i := range 5 {
			go nc.Write(bytes.Repeat([]byte{byte('a' + i)}, 100))
		}
		var got []byte
		for len(got) < 500 {
			f := p.expect(http2.FrameData)
			got = append(got, f.payload...)
			p.Write(func(w *http2.Framer) { w.WriteWindowUpdate(id, uint32(len(f.payload))) })
		}
		for i := 0; i < 500; i += 100 {
			if !bytes.Equal(got[i:i+100], bytes.Repeat(got[i:i+1], 100)) {
				t.Fatalf("a Write was interrupted by another: %q", got[i:i+100])
			}
		}
	})
}

// Frames of one byte each do not make a stream hold much more memory than its
// window says.
func TestBufferMemory(t *testing.T) {
	var b buffer
	for range 1 << 20 {
		b.add([]byte("x"))
	}
	memory := 0
	for c := b.head; c != nil; c = c.next {
		memory += len(c.mem)
	}
	if memory > 1<<20+2*maxFrame {
		t.Errorf("1 MiB in frames of one byte takes %d bytes", memory)
	}
	p := make([]byte, 1<<20)
	if n := b.take(p); n != len(p) || b.n != 0 || b.head != nil || b.tail != nil || bytes.Count(p, []byte("x")) != n {
		t.Errorf("took %d bytes, %d are left", n, b.n)
	}
}

// The end of the context resets a request that was not answered.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		ctx, cancel := context.WithCancel(t.Context())
		got := rig.open(ctx, "/")
		p := <-rig.peers
		id := p.expect(http2.FrameHeaders).StreamID
		cancel()
		if f := p.expect(http2.FrameRSTStream); f.StreamID != id || f.code() != http2.ErrCodeCancel {
			t.Errorf("got %s, want RST_STREAM with CANCEL", describe(f))
		}
		if x := <-got; x.err != context.Canceled {
			t.Errorf("the error is %v, want context.Canceled", x.err)
		}
		p.respond(id, false, ":status", "200") // too late, and harmless
		rig.next(p)
	})
}
