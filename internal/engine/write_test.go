package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestWriteGolden compares the bytes of what is sent, in both roles. The
// examples are those of RFC 6455 section 5.7, and more of their kind.
func TestWriteGolden(t *testing.T) {
	const key = "\x37\xfa\x21\x3d"
	zeros := func(n int) []byte { return make([]byte, n) }
	mask := func(n int) string { return strings.Repeat(key, n/4+1)[:n] } // of zeros
	for _, c := range []struct {
		name           string
		typ            api.MessageType
		payload        []byte
		server, client string
	}{
		{"text", 1, []byte("Hello"), "\x81\x05Hello", "\x81\x85" + key + "\x7f\x9f\x4d\x51\x58"},
		{"empty text", 1, nil, "\x81\x00", "\x81\x80" + key},
		{"empty binary", 2, nil, "\x82\x00", "\x82\x80" + key},
		{"125 bytes", 2, zeros(125), "\x82\x7d" + string(zeros(125)), "\x82\xfd" + key + mask(125)},
		{"126 bytes", 2, zeros(126), "\x82\x7e\x00\x7e" + string(zeros(126)), "\x82\xfe\x00\x7e" + key + mask(126)},
		{"65,535 bytes", 2, zeros(65535), "\x82\x7e\xff\xff" + string(zeros(65535)), "\x82\xfe\xff\xff" + key + mask(65535)},
		{"65,536 bytes", 2, zeros(65536), "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + string(zeros(65536)),
			"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00" + key + mask(65536)},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				want := c.server
				if r.client {
					want = c.client
				}
				before := slices.Clone(c.payload)
				r.write(c.typ, c.payload)
				got := make([]byte, len(want))
				if _, err := io.ReadFull(r.p, got); err != nil || string(got) != want {
					r.Fatalf("on the wire: %s, %v; want %s", brief(got), err, brief([]byte(want)))
				}
				if n := r.p.waiting(); n > 0 {
					r.Errorf("%d bytes more on the wire", n)
				}
				if !bytes.Equal(c.payload, before) {
					r.Error("Write changed its caller's bytes")
				}
			})
		})
	}
}

// TestWriteControlGolden compares the bytes of pings, pongs and closes.
func TestWriteControlGolden(t *testing.T) {
	for client, want := range map[bool]string{
		false: "\x8a\x05Hello" + "\x89\x08\x00\x00\x00\x00\x00\x00\x00\x01" + "\x88\x05\x03\xe8bye",
		true: "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" + "\x89\x88\x37\xfa\x21\x3d\x37\xfa\x21\x3d\x37\xfa\x21\x3c" +
			"\x88\x85\x37\xfa\x21\x3d\x34\x12\x43\x44\x52",
	} {
		bubble(t, role(client), func(t *testing.T) {
			r := newRig(t, Config{Client: client})
			r.send(r.ping("Hello"))
			read := r.startRead(background)
			synctest.Wait()
			ping := start(func() error { return r.c.Ping(background) })
			synctest.Wait()
			end := start(func() error { return r.c.Close(1000, "bye") })
			got := make([]byte, len(want))
			if _, err := io.ReadFull(r.p, got); err != nil || string(got) != want {
				t.Errorf("on the wire: %q, %v; want %q", got, err, want)
			}
			r.send(r.close(1000, ""))
			r.p.Close()
			wantCloseError(t, "Read", read(), api.CloseError{Code: 1000, Local: true, Clean: true})
			wantCloseError(t, "Ping", ping(), api.CloseError{Code: 1000, Local: true, Clean: true})
			if err := end(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// TestRandomKeys draws mask keys that differ (RFC 6455 section 5.3).
func TestRandomKeys(t *testing.T) {
	seen := map[[4]byte]bool{}
	const n = 2000
	for range n {
		seen[randomKey()] = true
	}
	// Of 2,000 keys out of 2^32 fewer than 0.0005 pairs are alike on average.
	if len(seen) < n-2 {
		t.Errorf("only %d of %d keys differ", len(seen), n)
	}
}

// TestWriteSizes writes messages of all sizes to streams of several kinds.
func TestWriteSizes(t *testing.T) {
	for _, kind := range []struct {
		name string
		most int
		set  func(s *end)
	}{
		{"all at once", 1 << 30, func(s *end) {}},
		{"one byte at a time, silently", 5_000, func(s *end) { s.mostWrite = 1 }},
		{"a thousand bytes at a time, silently", 1 << 30, func(s *end) { s.mostWrite = 1000 }},
		{"with room for 100 bytes", 20_000, func(s *end) { s.limit(100) }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				kind.set(r.s)
				for i, n := range edges() {
					if n > kind.most {
						continue
					}
					p := pattern(n, uint32(i))
					wait := start(func() error { return r.c.Write(background, api.MessageBinary, p) })
					r.wantFrame(true, frame.OpBinary, p)
					if err := wait(); err != nil {
						r.Fatalf("Write of %d bytes: %v", n, err)
					}
				}
				if n := r.c.BufferedAmount(); n != 0 {
					r.Errorf("BufferedAmount is %d", n)
				}
			})
		})
	}
}

// TestWriteConcurrent lets many writers write through a narrow stream: each
// message arrives whole, and those of one writer in order.
func TestWriteConcurrent(t *testing.T) {
	const writers, each = 8, 30
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(1000)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					p := binary.BigEndian.AppendUint16([]byte{byte(w)}, uint16(i))
					p = append(p, pattern(i*i*3, uint32(w*each+i))...)
					if err := r.c.Write(background, api.MessageBinary, p); err != nil {
						r.Errorf("Write: %v", err)
					}
				}
			})
		}
		var next [writers]int
		for range writers * each {
			_, p := r.next()
			w, i := int(p[0]), int(binary.BigEndian.Uint16(p[1:]))
			if i != next[w] || !bytes.Equal(p[3:], pattern(i*i*3, uint32(w*each+i))) {
				r.Fatalf("writer %d: message %d came broken or where %d was due", w, i, next[w])
			}
			next[w]++
		}
		all.Wait()
		synctest.Wait() // for whoever sent the last of them
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount is %d", n)
		}
	})
}

// TestWriteCancelledBefore cancels writes of which nothing was sent: the
// connection stays as it was.
func TestWriteCancelledBefore(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		if err := r.c.Write(gone(), api.MessageText, []byte("never")); err != context.Canceled {
			r.Errorf("with an ended context: %v", err)
		}
		for _, behind := range []string{"a full stream", "another writer"} {
			r.s.limit(0)
			ctx, cancel := context.WithTimeout(background, time.Second)
			var first func() error
			if behind == "another writer" {
				first = start(func() error { return r.c.Write(background, api.MessageText, []byte("first")) })
				synctest.Wait()
			}
			if n := r.c.BufferedAmount(); (n == 5) != (first != nil) {
				r.Errorf("BufferedAmount is %d", n)
			}
			tooMuch := make([]byte, gatherBytes) // to be gathered
			begun := time.Now()
			wantCtx(r.T, "Write behind "+behind, r.c.Write(ctx, api.MessageText, tooMuch), ctx)
			wantElapsed(r.T, "Write behind "+behind, begun, time.Second)
			cancel()
			r.s.limit(-1)
			if first != nil {
				r.wantFrame(true, frame.OpText, []byte("first"))
				if err := first(); err != nil {
					r.Errorf("the first writer: %v", err)
				}
			}
		}
		r.write(api.MessageText, []byte("second"))
		r.wantFrame(true, frame.OpText, []byte("second"))
	})
}

// TestWriteCancelledPartly cancels a write of which a part was sent: the
// connection fails, and says why. Two of the cuts are where the first write of
// each role ends.
func TestWriteCancelledPartly(t *testing.T) {
	for _, room := range []int{1, 2, 5, 300, middleBlock - 10, middleBlock - 6, middleBlock, middleBlock + 1, 40_000} {
		bothRoles(t, Config{}, func(r *rig) {
			r.s.limit(room)
			read := r.startRead(background)
			ctx, cancel := context.WithCancel(background)
			wait := start(func() error { return r.c.Write(ctx, api.MessageBinary, make([]byte, 50_000)) })
			synctest.Wait()
			cancel()
			want := api.CloseError{Code: -1, Local: true, Cause: context.Canceled}
			err := wait()
			wantCloseError(r.T, "Write", err, want)
			if !strings.Contains(err.Error(), "a message was truncated while it was sent") {
				r.Errorf("the text does not say what happened: %v", err)
			}
			wantIs(r.T, "Write", err, context.Canceled)
			// The other calls' contexts have not ended: a loop that goes on
			// after an ended context must not go on for ever.
			for what, err := range map[string]error{"Read": read(), "the next Write": r.c.Write(background, 1, nil), "Ping": r.c.Ping(background)} {
				wantCloseError(r.T, what, err, want)
				if errors.Is(err, context.Canceled) {
					r.Errorf("%s: %v matches the ended context of another call", what, err)
				}
			}
			if n := r.c.BufferedAmount(); n != 0 || !r.s.over() {
				r.Errorf("BufferedAmount is %d, the stream is closed: %v", n, r.s.over())
			}
		})
	}
}

// TestCutOffBreaks checks that a stream which cannot go on after a deadline is
// ended with the write that met one, though nothing of it was sent. A write
// that still waited for another one does no harm.
func TestCutOffBreaks(t *testing.T) {
	bothRoles(t, Config{CutOffBreaks: true}, func(r *rig) {
		r.s.limit(0)
		ctx, cancel := context.WithCancel(background)
		first := start(func() error { return r.c.Write(ctx, api.MessageText, []byte("first")) })
		synctest.Wait()
		short, stop := context.WithTimeout(background, time.Second)
		defer stop()
		wantCtx(r.T, "a Write that waits", r.c.Write(short, api.MessageText, make([]byte, gatherBytes)), short)
		if r.s.over() {
			r.Fatal("a Write that never met the stream ended it")
		}
		cancel()
		wantCloseError(r.T, "Write", first(), api.CloseError{Code: -1, Local: true, Cause: context.Canceled})
	})
}
