//go:build !js

package hostile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/twinws/ws"
)

// TestRow18Flood sends 10^6 pings, a tenth under the race detector, to a
// connection whose peer reads: they are answered in bounded memory, in their
// order, some by the newest alone (RFC 6455 section 5.5.3), and the last one in
// any case.
func TestRow18Flood(t *testing.T) {
	pings := uint32(less(1_000_000))
	everywhere(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
		read := reading(c)
		before := heap()
		go func() {
			var batch []byte
			payload := make([]byte, 64)
			for i := range pings {
				batch = append(batch, p.frame(fin|ping, binary.BigEndian.AppendUint32(payload[:0], i)[:len(payload)])...)
				if len(batch) > 32<<10 || i == pings-1 {
					p.send(batch)
					batch = batch[:0]
				}
			}
		}()
		next, most := uint32(0), 0
		for answered := 0; next < pings; answered++ {
			f := p.mustNext()
			if f.first != fin|pong || len(f.payload) != 64 || binary.BigEndian.Uint32(f.payload) < next {
				t.Fatalf("a frame %#x with %x, want the pong of ping %d or later", f.first, f.payload, next)
			}
			next = binary.BigEndian.Uint32(f.payload) + 1
			if answered%100_000 == 0 {
				most = max(most, heap()-before)
			}
		}
		wantMemory(t, "held meanwhile, what is not collected included", most, 8<<20)
		p.send(p.frames(fin|text, "still there"), p.close(1000, ""))
		p.wantClose(1000)
		p.conn.Close()
		if got, err := read(); len(got) != 1 || string(got[0]) != "still there" {
			t.Errorf("delivered %q, %v", got, err)
		}
	})
}

// TestRow18Illegal sends pings of 126 bytes and more, and fragmented ones:
// 1002, without their payload having been waited for.
func TestRow18Illegal(t *testing.T) {
	for name, sent := range map[string]func(p *peer) []byte{
		"126 bytes":    func(p *peer) []byte { return p.header(fin|ping, 16, 126) },
		"65,536 bytes": func(p *peer) []byte { return p.header(fin|pong, 64, 65536) },
		"half a ping":  func(p *peer) []byte { return p.frames(ping, "half") },
		"half a ping, then its end": func(p *peer) []byte {
			return slices.Concat(p.frames(ping, "half"), p.frames(fin|continuation, "half"))
		},
		"a compressed ping": func(p *peer) []byte { return p.frame(fin|rsv1|ping, newDeflater().message([]byte("p"))) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range sides {
				for _, s := range []settings{{}, deflated(d.client, 0)} {
					t.Run(d.name, func(t *testing.T) {
						leavesNothing(t)
						c, p := d.pair(t, tcp, s)
						p.wantFailure(c, 1002, sent(p))
					})
				}
			}
		})
	}
}

// TestRow18InsideCompressed sends pings between the fragments of compressed
// messages, and of plain ones, that refer to those before: each is answered, as
// there are no more than 32 of them at a time, and the inflating goes on
// untouched.
func TestRow18InsideCompressed(t *testing.T) {
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, deflated(d.client, 0))
			read := reading(c)
			z := newDeflater()
			random := rand.New(rand.NewPCG(1, 2))
			var want [][]byte
			for i := range 100 {
				body := make([]byte, 3000)
				for j := range body {
					body[j] = byte('a' + random.IntN(4))
				}
				if i%3 == 1 {
					body = want[i-1] // all of it is a reference
				}
				want = append(want, body)
				payload, first := body, byte(binaryFrame)
				if i%5 != 4 {
					payload, first = z.message(body), rsv1|binaryFrame
				}
				pings := 0
				for piece := range slices.Chunk(payload, 1+len(payload)/20+random.IntN(len(payload))) {
					p.send(p.frame(first, piece), p.frames(fin|ping, "in between"))
					first = continuation
					pings++
				}
				p.send(p.frame(fin|continuation, nil))
				for range pings {
					p.wantFrame(fin|pong, "in between")
				}
			}
			p.send(p.close(1000, ""))
			p.wantClose(1000)
			p.conn.Close()
			if got, err := read(); !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%d messages of %d came as they were sent, %v", len(got), len(want), err)
			}
		})
	}
}
