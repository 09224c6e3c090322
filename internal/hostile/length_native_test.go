//go:build !js

package hostile

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws"
)

// TestRow01Lengths announces lengths that nobody can mean. No panic, and
// nothing is allocated from the announced length: 1002 for the top bit (RFC
// 6455 section 5.2), 1009 for what is over the limit, fragments whose sum
// overflows included.
func TestRow01Lengths(t *testing.T) {
	const limit = ws.DefaultReadLimit
	for _, c := range []struct {
		name  string
		limit int64
		sent  func(p *peer) []byte
		code  int
	}{
		{"2^64-1", 0, func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<64-1) }, 1002},
		{"2^63", 0, func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<63) }, 1002},
		{"2^63 without a limit", -1, func(p *peer) []byte { return p.header(fin|text, 64, 1<<63) }, 1002},
		{"2^63-1", 0, func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<63-1) }, 1009},
		{"2^62", 0, func(p *peer) []byte { return p.header(fin|text, 64, 1<<62) }, 1009},
		{"2^32", 0, func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<32) }, 1009},
		{"limit+1", 0, func(p *peer) []byte { return p.header(fin|binaryFrame, 64, limit+1) }, 1009},
		{"a limit of 5, 6", 5, func(p *peer) []byte { return p.header(fin|binaryFrame, 7, 6) }, 1009},
		{"fragments of limit and 1", 100, func(p *peer) []byte {
			return slices.Concat(p.frame(binaryFrame, make([]byte, 100)), p.frame(continuation, nil), p.header(fin, 7, 1))
		}, 1009},
		{"fragments whose sum overflows", 0, func(p *peer) []byte {
			return slices.Concat(p.frame(binaryFrame, make([]byte, 10)), p.header(fin, 64, 1<<63-1))
		}, 1009},
		{"fragments whose sum overflows, without a limit", -1, func(p *peer) []byte {
			return slices.Concat(p.frame(binaryFrame, make([]byte, 10)), p.header(fin, 64, 1<<63-1))
		}, 1009},
		{"a ping of 2^63-1", 0, func(p *peer) []byte { return p.header(fin|ping, 64, 1<<63-1) }, 1002},
		{"a ping of 2^64-1", 0, func(p *peer) []byte { return p.header(fin|ping, 64, 1<<64-1) }, 1002},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, settings{limit: c.limit}, func(t *testing.T, conn *ws.Conn, p *peer) {
				used := allocated(func() {
					if got := p.wantFailure(conn, c.code, c.sent(p)); len(got) > 0 {
						t.Errorf("%d messages were delivered", len(got))
					}
				})
				wantMemory(t, "allocated", used, 256<<10)
			})
		})
	}
}

// TestRow01LengthsCompressed does the same to compressed messages, whose limit
// holds for what they inflate to.
func TestRow01LengthsCompressed(t *testing.T) {
	for _, d := range sides {
		for length, code := range map[uint64]int{1<<64 - 1: 1002, 1<<63 - 1: 1009, 1 << 32: 1009, 100 << 20: 1009} {
			t.Run(d.name, func(t *testing.T) {
				leavesNothing(t)
				c, p := d.pair(t, tcp, deflated(d.client, 0))
				used := allocated(func() { p.wantFailure(c, code, p.header(fin|rsv1|text, 64, length)) })
				wantMemory(t, "allocated", used, 256<<10)
			})
		}
	}
}

// TestRow02Announced announces 100 MB on 1,000 connections and then says little
// or nothing: memory grows with the bytes received, not with those announced.
func TestRow02Announced(t *testing.T) {
	const connections, announced = 1000, 100 << 20
	for _, d := range sides {
		for _, first := range []byte{fin | binaryFrame, fin | text, fin | text | rsv1} {
			for _, sent := range []int{0, 1, 5000} {
				t.Run(d.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := settings{limit: 2 * announced}
						if first&rsv1 != 0 {
							s = deflated(d.client, 2*announced)
						}
						var peers []*peer
						for range connections {
							c, p := d.pair(t, memory, s)
							reading(c)
							peers = append(peers, p)
						}
						synctest.Wait()
						payload := bytes.Repeat([]byte("a"), 5000)
						if first&rsv1 != 0 {
							copy(payload, "\x00\xFF\xFF\x00\x00") // a stored block (RFC 1951 section 3.2.4)
						}
						before := heap()
						for _, p := range peers {
							if err := p.send(p.header(first, 64, announced), masked(p, payload[:sent])); err != nil {
								t.Fatal(err)
							}
						}
						synctest.Wait()
						most := 8<<10 + 4*sent
						if first&rsv1 != 0 {
							most += 128 << 10 // the inflater's window and tables
						}
						wantMemory(t, "per connection", (heap()-before)/connections, most)
					})
				})
			}
		}
	}
}

// masked returns a payload as the peer has to send it, from its beginning.
func masked(p *peer, payload []byte) []byte {
	b := bytes.Clone(payload)
	if !p.client {
		for i := range b {
			b[i] ^= key[i%4]
		}
	}
	return b
}
