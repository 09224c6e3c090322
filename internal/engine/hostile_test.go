package engine

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"sync"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// The tests of this file are rows of the list of hostile inputs that need the
// engine's insides; the others are in internal/hostile.

// TestRow06Poison sends all that is built from pooled buffers, whose every byte
// is poison (see TestMain): none of it reaches the wire, nor the reader of what
// is inflated.
func TestRow06Poison(t *testing.T) {
	cfg := Config{Deflate: &Deflate{Threshold: 200, SendBits: 15, ReceiveBits: 15, SendTakeover: true, ReceiveTakeover: true}}
	for n := range api.MaxReason + 1 {
		reason := strings.Repeat("r", n)
		bothRolesOnce(t, cfg, func(r *rig) {
			r.write(api.MessageText, []byte(strings.Repeat("t", n)))
			r.wantFrame(true, frame.OpText, []byte(strings.Repeat("t", n)))
			r.send(r.ping(reason), r.close(4000, reason))
			read := r.startRead(background)
			r.wantFrame(true, frame.OpPong, []byte(reason))
			r.wantClose(4000, "")
			r.p.Close()
			wantCloseError(r.T, "Read", read(), api.CloseError{Code: 4000, Reason: reason, Clean: true})
		})
		bothRolesOnce(t, cfg, func(r *rig) {
			end := start(func() error { return r.c.Close(4000, reason) })
			r.wantClose(4000, reason)
			r.send(r.close(4000, reason))
			r.p.Close()
			if err := end(); err != nil {
				r.Fatal(err)
			}
		})
		bothRolesOnce(t, cfg, func(r *rig) {
			end := start(func() error { r.c.Fail(1008, &api.ProtocolError{Code: 1008, Rule: reason}); return nil })
			r.wantClose(1008, reason)
			r.p.Close()
			end()
		})
	}
}

// TestRow06PoisonCompressed does so to compressed messages of all sizes,
// written whole and as streams, which must inflate to what was sent.
func TestRow06PoisonCompressed(t *testing.T) {
	cfg := Config{Deflate: &Deflate{Threshold: 1, SendBits: 15, ReceiveBits: 15, SendTakeover: true, ReceiveTakeover: true}}
	for _, streamed := range []bool{false, true} {
		bothRolesOnce(t, cfg, func(r *rig) {
			other := New(r.p, Config{Client: !r.client, ReadLimit: -1, Deflate: cfg.Deflate})
			for _, n := range []int{0, 1, 127, 128, 1000, 1024, 1025, middleBlock, middleBlock + 1, 60_000, 200_000} {
				p := []byte(strings.Repeat("0123456789", n/10+1))[:n]
				if !streamed {
					r.write(api.MessageText, p)
				} else {
					w, err := r.c.Writer(background, api.MessageText)
					if err != nil {
						r.Fatal(err)
					}
					if _, err := w.Write(p); err != nil {
						r.Fatal(err)
					}
					if err := w.Close(); err != nil {
						r.Fatal(err)
					}
				}
				if _, got, err := other.ReadAppend(background, nil); err != nil || !bytes.Equal(got, p) {
					r.Fatalf("%d bytes: %s, %v; poison at %d", n, brief(got), err, bytes.IndexByte(got, poisoned))
				}
			}
			other.CloseNow()
		})
	}
}

// counter is a source of random bytes that are not: four by four they are the
// numbers from 1 on.
type counter struct{ n uint32 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		if i%4 == 0 {
			c.n++
		}
		p[i] = byte(c.n >> (8 * (3 - i%4)))
	}
	return len(p), nil
}

// TestRow15Keys draws 100,000 mask keys from a source that repeats nothing:
// they come from crypto/rand, whole, and no byte is used twice. (Of as many
// random numbers of 32 bits one or two come twice by themselves.)
func TestRow15Keys(t *testing.T) {
	source, spoiler := rand.Reader, spoil
	spoil = nil // which takes its time
	defer func() {
		rand.Reader, spoil = source, spoiler
		keyBlocks = sync.Pool{New: func() any { return new(keyBlock) }}
	}()
	rand.Reader = &counter{}
	keyBlocks = sync.Pool{New: func() any { return new(keyBlock) }} // none that was filled before
	const frames = 100_000
	s := &tape{}
	c := New(s, Config{Client: true})
	seen := make(map[uint32]bool, frames)
	for range frames {
		if err := c.Write(background, api.MessageText, []byte("GET / HTTP/1.1")); err != nil {
			t.Fatal(err)
		}
		h, _, err := frame.ParseHeader(s.out)
		if err != nil || !h.Masked {
			t.Fatalf("sent %x: %v", s.out, err)
		}
		s.out = s.out[:0]
		key := binary.BigEndian.Uint32(h.Key[:])
		if key == 0 || key>>24 != 0 || seen[key] {
			t.Fatalf("the key %08x is not the source's, or came before", key)
		}
		seen[key] = true
	}
}
