package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

// agreed is what the tests agree on: windows of 15 bits, every message.
func agreed() *Deflate {
	return &Deflate{Threshold: 1, SendBits: 15, ReceiveBits: 15, SendTakeover: true, ReceiveTakeover: true}
}

// zipped returns a frame of a compressed message as the peer sends it.
func (r *rig) zipped(fin bool, op frame.Opcode, payload []byte) []byte {
	b := r.frame(fin, op, payload)
	b[0] |= 0x40 // RSV1
	return b
}

// hello are the payloads of RFC 7692 section 7.2.3 that inflate to "Hello".
var hello = []struct {
	section string
	payload string
}{
	{"7.2.3.1: a fixed block", "\xf2\x48\xcd\xc9\xc9\x07\x00"},
	{"7.2.3.3: a stored block", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"},
	{"7.2.3.4: a last block", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"},
	{"7.2.3.5: two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"},
	{"7.2.1: the tail left on", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"},
	{"7.2.1: the tail left on, behind an empty block", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00\x00\x00\xff\xff"},
	{"7.2.1: the tail left on, behind a last block", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00\x00\xff\xff"},
}

func TestInflateGolden(t *testing.T) {
	for _, g := range hello {
		for _, way := range fetches {
			t.Run(g.section+"/"+way.name, func(t *testing.T) {
				bothRoles(t, Config{Deflate: agreed(), ReadLimit: 5}, func(r *rig) {
					whole := []byte(g.payload)
					r.send(r.zipped(true, frame.OpText, whole))
					for i := range whole { // in two fragments, cut everywhere
						r.send(r.zipped(false, frame.OpText, whole[:i]), r.ping("p"), r.frame(true, 0, whole[i:]))
					}
					for range len(whole) + 1 {
						var got bytes.Buffer
						typ, err := way.f(r.c, background, &got)
						if err != nil || typ != api.MessageText || got.String() != "Hello" {
							r.Fatalf("%v %q, %v", typ, got.String(), err)
						}
					}
				})
			})
		}
	}
}

// TestInflateTakeover is RFC 7692 section 7.2.3.2: the second Hello refers to
// the first, past a message that came as it is.
func TestInflateTakeover(t *testing.T) {
	bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
		r.send(r.zipped(true, frame.OpText, []byte(hello[0].payload)), r.text("not in the window"),
			r.zipped(true, frame.OpText, []byte("\xf2\x00\x11\x00\x00")))
		r.wantRead(api.MessageText, []byte("Hello"))
		r.wantRead(api.MessageText, []byte("not in the window"))
		r.wantRead(api.MessageText, []byte("Hello"))
	})
}

// TestInflateResume cancels a read after every byte of compressed messages that
// refer to each other. Nothing is lost, and nothing given twice.
func TestInflateResume(t *testing.T) {
	zip := deflate.NewCompressor(1, 15, true)
	text := strings.Repeat("häuser und bäume, ", 12)
	var payloads [][]byte
	for range 2 {
		s := zip.Stream()
		payloads = append(payloads, s.Append(nil, []byte(text), false), s.Append(nil, []byte(text), true))
		s.Close()
		zip.Sent([]byte(text + text))
	}
	for _, way := range fetches {
		t.Run(way.name, func(t *testing.T) {
			bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
				all := slices.Concat(
					r.zipped(false, frame.OpText, payloads[0]), r.ping("between"), r.frame(true, 0, payloads[1]),
					r.zipped(false, frame.OpText, payloads[2]), r.frame(true, 0, payloads[3]))
				var got bytes.Buffer
				messages := 0
				for i := range all {
					r.send(all[i : i+1])
					ctx, cancel := context.WithCancel(background)
					wait := start(func() error {
						_, err := way.f(r.c, ctx, &got)
						return err
					})
					synctest.Wait()
					cancel()
					switch err := wait(); {
					case err == nil:
						if got.String() != text+text {
							r.Fatalf("after byte %d: got %s", i, brief(got.Bytes()))
						}
						messages++
						got.Reset()
					case err != ctx.Err():
						r.Fatalf("after byte %d: %v", i, err)
					}
				}
				if messages != 2 {
					r.Fatalf("%d messages of 2", messages)
				}
			})
		})
	}
}

// TestInflateLimit counts inflated bytes, exactly: at the limit all is well,
// one byte more is 1009 and never given out.
func TestInflateLimit(t *testing.T) {
	const limit = 10_000
	bomb := func(n int) []byte { return deflate.NewCompressor(9, 15, false).Append(nil, make([]byte, n)) }
	for _, n := range []int{limit + 1, limit + 2, 100 * limit, 1000 * limit} {
		for _, way := range fetches {
			bothRoles(t, Config{Deflate: agreed(), ReadLimit: limit}, func(r *rig) {
				good, bad := bomb(limit), bomb(n)
				r.send(r.zipped(true, frame.OpBinary, good), r.zipped(true, frame.OpBinary, bad))
				var got bytes.Buffer
				if _, err := way.f(r.c, background, &got); err != nil || got.Len() != limit {
					r.Fatalf("at the limit: %d bytes, %v", got.Len(), err)
				}
				got.Reset()
				var err error
				wait := start(func() error {
					_, err = way.f(r.c, background, &got)
					return err
				})
				r.wantClose(1009, "")
				r.p.finish()
				wantIs(r.T, "the error", wait(), api.ErrMessageTooBig)
				if got.Len() > limit {
					r.Errorf("%d bytes were given out under a limit of %d", got.Len(), limit)
				}
			})
		}
	}
}

// TestInflateEmptyBlocks sends a payload that goes on and gives nothing.
func TestInflateEmptyBlocks(t *testing.T) {
	bothRoles(t, Config{Deflate: agreed(), ReadLimit: 1000}, func(r *rig) {
		empty := bytes.Repeat([]byte("\x00\x00\x00\xff\xff"), 1000)
		r.send(r.zipped(false, frame.OpBinary, empty), r.frame(false, 0, empty))
		wait := r.startRead(background)
		r.wantClose(1009, "")
		r.p.finish()
		wantIs(r.T, "the error", wait(), api.ErrMessageTooBig)
	})
}

// TestInflateBad fails what does not inflate, and text that is not UTF-8 as
// soon as the inflater gives it out (RFC 6455 section 8.1).
func TestInflateBad(t *testing.T) {
	zip := func(p string, last bool) []byte {
		s := deflate.NewCompressor(1, 15, false).Stream()
		defer s.Close()
		return s.Append(nil, []byte(p), last)
	}
	corrupt := &api.ProtocolError{Code: 1007, Rule: errInflate.Rule}
	for _, c := range []struct {
		name    string
		typ     frame.Opcode
		fin     bool
		payload []byte
		want    *api.ProtocolError
	}{
		{"block type 3", frame.OpBinary, true, []byte("\x07"), corrupt},
		{"a distance before the beginning", frame.OpBinary, true, []byte("\xf2\x00\x11\x00\x00"), corrupt},
		{"truncated", frame.OpBinary, true, []byte(hello[1].payload[:7]), corrupt},
		{"the tail twice", frame.OpBinary, true, []byte(hello[0].payload + "\x00\x00\xff\xff\x00\x00\xff\xff"), corrupt},
		{"the tail behind a last block", frame.OpBinary, true, []byte("\xf3" + hello[0].payload[1:] + "\x00\x00\xff\xff"), corrupt},
		{"the tail and nothing else", frame.OpBinary, true, []byte("\x00\x00\xff\xff"), corrupt},
		{"not UTF-8, and more to come", frame.OpText, false, zip(strings.Repeat("a", 200)+"\xff", false), errText},
		{"ends inside a character", frame.OpText, true, zip(strings.Repeat("a", 200)+"\xc3", true), errTextEnd},
	} {
		for _, way := range fetches {
			t.Run(c.name+"/"+way.name, func(t *testing.T) {
				bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
					r.send(r.zipped(c.fin, c.typ, c.payload))
					wait := start(func() error {
						_, err := way.f(r.c, background, new(bytes.Buffer))
						return err
					})
					r.wantClose(1007, failReason(c.want))
					r.p.finish()
					err := wait()
					e, ok := errors.AsType[*api.ProtocolError](err)
					if !ok || *e != *c.want {
						r.Fatalf("%v, want %v", err, c.want)
					}
					r.wantEOF()
				})
			})
		}
	}
}

// TestInflateContextNotAgreedOn lets the peer refer to the message before, as
// some do that were told not to: the error tells what to look for (RFC 7692
// section 7.1.1).
func TestInflateContextNotAgreedOn(t *testing.T) {
	d := agreed()
	d.ReceiveTakeover = false
	bothRoles(t, Config{Deflate: d}, func(r *rig) {
		r.send(r.zipped(true, frame.OpText, []byte(hello[0].payload)), r.zipped(true, frame.OpText, []byte("\xf2\x00\x11\x00\x00")))
		r.wantRead(api.MessageText, []byte("Hello"))
		wait := r.startRead(background)
		r.wantClose(1007, failReason(errInflateAlone))
		r.p.finish()
		if e, ok := errors.AsType[*api.ProtocolError](wait()); !ok || *e != *errInflateAlone {
			r.Errorf("%v, want %v", e, errInflateAlone)
		}
	})
}

// TestDeflateGolden is what is sent: RSV1 on the first frame alone, the tail
// cut off, what does not shrink as it is.
func TestDeflateGolden(t *testing.T) {
	random := make([]byte, 2000)
	rand.Read(random)
	long := []byte(strings.Repeat("one and two and ", 3000))
	bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
		unzip := deflate.NewDecompressor(15, true)
		want := func(fin, rsv1 bool, op frame.Opcode, got *[]byte) {
			r.Helper()
			h, p := r.next()
			if h.Fin != fin || h.RSV1 != rsv1 || h.Opcode != op || h.RSV2 || h.RSV3 {
				r.Fatalf("frame %+v, want fin=%v rsv1=%v %v", h, fin, rsv1, op)
			}
			if bytes.HasSuffix(p, []byte("\x00\x00\xff\xff")) && fin && rsv1 {
				r.Fatal("the tail was not cut off (RFC 7692 section 7.2.1)")
			}
			*got = append(*got, p...)
		}
		inflated := func(payload, msg []byte) {
			r.Helper()
			m := unzip.Open(bytes.NewReader(payload))
			defer m.Close()
			if p, err := io.ReadAll(m); err != nil || !bytes.Equal(p, msg) {
				r.Fatalf("it inflates to %s, %v", brief(p), err)
			}
			m.Received()
		}
		sent := start(func() error {
			err := errors.Join(r.c.Write(background, 1, long), r.c.Write(background, 2, random), r.c.Write(background, 1, []byte("x")))
			w, _ := r.c.Writer(background, api.MessageText)
			_, errW := w.Write(long)
			return errors.Join(err, errW, w.Close(), r.c.Ping(gone()), r.c.Write(background, 1, long))
		})
		var p []byte
		want(true, true, frame.OpText, &p)
		inflated(p, long)
		p = nil
		want(true, false, frame.OpBinary, &p)
		if !bytes.Equal(p, random) {
			r.Fatal("what does not shrink is not sent as it is")
		}
		want(true, false, frame.OpText, new([]byte)) // "x" does not shrink either
		p = nil
		want(false, true, frame.OpText, &p)
		want(false, false, frame.OpContinuation, &p)
		want(true, false, frame.OpContinuation, &p)
		inflated(p, long)
		p = nil
		want(true, true, frame.OpText, &p)
		inflated(p, long)
		if len(p) > 400 {
			r.Errorf("what was said before costs %d bytes", len(p))
		}
		if err := sent(); !errors.Is(err, context.Canceled) {
			r.Error(err)
		}
	})
}

// TestDeflateThreshold sends small messages as they are, in a stream too.
func TestDeflateThreshold(t *testing.T) {
	d := agreed()
	d.Threshold = 64
	bothRoles(t, Config{Deflate: d}, func(r *rig) {
		for n, rsv1 := range map[int]bool{63: false, 64: true} {
			msg := make([]byte, n)
			r.write(api.MessageBinary, msg)
			if h, _ := r.next(); h.RSV1 != rsv1 {
				r.Errorf("%d bytes: RSV1 %v", n, h.RSV1)
			}
			w, _ := r.c.Writer(background, api.MessageBinary)
			w.Write(msg)
			if err := w.Close(); err != nil {
				r.Error(err)
			}
			if h, _ := r.next(); h.RSV1 != rsv1 || !h.Fin {
				r.Errorf("%d bytes in a stream: %+v", n, h)
			}
		}
	})
}

// TestDeflateNotSent gives up a message of which nothing was sent. What the
// peer did not get, later messages must not refer to.
func TestDeflateNotSent(t *testing.T) {
	msg := []byte(strings.Repeat("some words that are said again ", 10))
	bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
		r.s.limit(0)
		ctx, cancel := context.WithCancel(background)
		write := start(func() error { return r.c.Write(ctx, api.MessageText, msg) })
		stream := start(func() error {
			w, err := r.c.Writer(ctx, api.MessageText)
			if err != nil {
				return err
			}
			_, err = w.Write(bytes.Repeat(msg, 100))
			return errors.Join(err, w.Close())
		})
		synctest.Wait()
		cancel()
		wantIs(r.T, "Write", write(), context.Canceled)
		wantIs(r.T, "Writer", stream(), context.Canceled)
		r.s.limit(-1)
		r.write(api.MessageText, msg)
		h, p := r.next()
		m := deflate.NewDecompressor(15, true).Open(bytes.NewReader(p))
		defer m.Close()
		if got, err := io.ReadAll(m); !h.RSV1 || err != nil || !bytes.Equal(got, msg) {
			r.Fatalf("%+v: %s, %v", h, brief(got), err)
		}
	})
}
