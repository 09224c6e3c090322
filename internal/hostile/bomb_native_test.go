//go:build !js

package hostile

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/twinws/ws"
)

// deflater compresses messages as a peer does (RFC 7692 section 7.2.1), each
// with what came before it in mind.
type deflater struct {
	out bytes.Buffer
	w   *flate.Writer
}

func newDeflater() *deflater {
	d := &deflater{}
	d.w, _ = flate.NewWriter(&d.out, flate.BestCompression) // the level is valid
	return d
}

// message returns the payload of a compressed message.
func (d *deflater) message(p []byte) []byte {
	return bytes.TrimSuffix(d.part(p), []byte("\x00\x00\xFF\xFF"))
}

// part returns a part of a payload, which ends on a byte.
func (d *deflater) part(p []byte) []byte {
	d.out.Reset()
	d.w.Write(p)
	d.w.Flush()
	return bytes.Clone(d.out.Bytes())
}

// fragments returns payload in frames of n bytes.
func (p *peer) fragments(first byte, payload []byte, n int) (all []byte) {
	for piece := range slices.Chunk(payload, n) {
		all = append(all, p.frame(first, piece)...)
		first = continuation
	}
	return append(all, p.frame(fin|continuation, nil)...)
}

// TestRow03Bombs sends 4 MiB in 4 KiB: inflating stops at the limit, with 1009,
// and memory is bounded. It makes no difference whether the bomb comes whole,
// in fragments, or one byte at a time, nor whether it is read as a stream.
func TestRow03Bombs(t *testing.T) {
	const size = 4 << 20
	bomb := newDeflater().message(make([]byte, size))
	if ratio := size / len(bomb); ratio < 1000 {
		t.Fatalf("the bomb inflates by %d only", ratio)
	}
	for _, limit := range []int64{1, 1024, 1 << 20} {
		for name, shape := range map[string]func(p *peer) []byte{
			"whole":               func(p *peer) []byte { return p.frame(fin|rsv1|text, bomb) },
			"fragments of 100":    func(p *peer) []byte { return p.fragments(rsv1|text, bomb, 100) },
			"fragments of 1 byte": func(p *peer) []byte { return p.fragments(rsv1|binaryFrame, bomb, 1) },
		} {
			for _, d := range sides {
				t.Run(d.name+"/"+name, func(t *testing.T) {
					leavesNothing(t)
					c, p := d.pair(t, tcp, deflated(d.client, limit))
					sent := shape(p)
					used := allocated(func() { p.wantFailure(c, 1009, sent) })
					wantMemory(t, "allocated", used, 4*int(limit)+512<<10)
				})
			}
		}
	}
}

// TestRow03Exactly holds the limit to the byte: what inflates to it is
// delivered, one byte more is not, and a stream gives no byte beyond it.
func TestRow03Exactly(t *testing.T) {
	for _, limit := range []int{1, 1024, 100_000} {
		for _, d := range sides {
			t.Run(d.name, func(t *testing.T) {
				leavesNothing(t)
				c, p := d.pair(t, tcp, deflated(d.client, int64(limit)))
				z := newDeflater()
				exact := make([]byte, limit)
				go p.send(p.frame(fin|rsv1|binaryFrame, z.message(exact)), p.frame(fin|rsv1|binaryFrame, z.message(make([]byte, limit+1))))
				if _, got, err := c.Read(background); err != nil || !bytes.Equal(got, exact) {
					t.Fatalf("Read = %d bytes, %v; want %d", len(got), err, limit)
				}
				_, r, err := c.Reader(background)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				var n int64
				go func() {
					defer close(done)
					n, err = io.Copy(io.Discard, r)
				}()
				p.wantClose(1009)
				p.conn.Close()
				<-done
				if n > int64(limit) || !errors.Is(err, ws.ErrMessageTooBig) {
					t.Errorf("the stream gave %d bytes and %v; want %d at most", n, err, limit)
				}
			})
		}
	}
}

// TestRow03Takeover sends many messages that refer to those before them, each
// as large as it may be and hundreds of times as large as on the wire: they
// are delivered, memory does not grow with their number, and the first that is
// too large fails.
func TestRow03Takeover(t *testing.T) {
	const limit = 64 << 10
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, deflated(d.client, limit))
			z := newDeflater()
			p.send(p.frame(fin|rsv1|binaryFrame, z.message(make([]byte, limit))))
			buf := make([]byte, 0, limit)
			read := func() {
				t.Helper()
				if _, got, err := c.ReadAppend(background, buf); err != nil || len(got) != limit {
					t.Fatalf("Read = %d bytes, %v", len(got), err)
				}
			}
			read()
			before := heap()
			for range less(200) {
				payload := z.message(make([]byte, limit))
				if len(payload) > limit/500 {
					t.Fatalf("a message takes %d bytes on the wire", len(payload))
				}
				p.send(p.frame(fin|rsv1|binaryFrame, payload))
				read()
			}
			wantMemory(t, "held after them", heap()-before, 256<<10)
			runtime.KeepAlive(buf)
			p.wantFailure(c, 1009, p.frame(fin|rsv1|binaryFrame, z.message(make([]byte, limit+1))))
		})
	}
}

// TestRow03Barren sends compressed payload that gives nothing, block for block:
// what is on the wire is bounded by itself.
func TestRow03Barren(t *testing.T) {
	empty := bytes.Repeat([]byte("\x00\x00\x00\xFF\xFF"), 100_000) // stored blocks of no bytes
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, deflated(d.client, 1024))
			sent := p.fragments(rsv1|binaryFrame, empty, 125)
			used := allocated(func() { p.wantFailure(c, 1009, sent) })
			wantMemory(t, "allocated", used, 512<<10)
		})
	}
}
