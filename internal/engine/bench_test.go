package engine

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

var benchSizes = []struct {
	name string
	n    int
}{{"16B", 16}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

// BenchmarkEcho sends a message there and back in memory: two of Write and two
// of ReadAppend, one of each per role.
func BenchmarkEcho(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(size.name, func(b *testing.B) {
			client, server := pair(b)
			p, dst := pattern(size.n, 1), make([]byte, 0, size.n)
			b.ReportAllocs()
			b.SetBytes(2 * int64(size.n))
			for b.Loop() {
				if err := echo(background, client, server, p, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWriteRead sends a message one way: from a client, which masks, and
// from a server.
func BenchmarkWriteRead(b *testing.B) {
	for _, from := range []string{"client", "server"} {
		for _, size := range benchSizes {
			b.Run(from+"/"+size.name, func(b *testing.B) {
				to, c := pair(b)
				if from == "client" {
					to, c = c, to
				}
				p, dst := pattern(size.n, 1), make([]byte, 0, size.n)
				b.ReportAllocs()
				b.SetBytes(int64(size.n))
				for b.Loop() {
					if err := c.Write(background, api.MessageBinary, p); err != nil {
						b.Fatal(err)
					}
					if _, _, err := to.ReadAppend(background, dst[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// chorus is a stream whose every Read brings the same frames, and whose writes
// go nowhere.
type chorus struct {
	frames []byte
	at     int
}

// newChorus returns the stream of a connection that gets flight messages of n
// bytes again and again.
func newChorus(client bool, n, flight int) *chorus {
	h := frame.Header{Fin: true, Opcode: frame.OpText, Length: int64(n), Masked: !client, Key: goldenKey}
	one := append(frame.AppendHeader(nil, h), make([]byte, n)...)
	if h.Masked {
		frame.Mask(one[len(one)-n:], h.Key, 0)
	}
	return &chorus{frames: bytes.Repeat(one, flight)}
}

func (s *chorus) Read(p []byte) (int, error) {
	n := copy(p, s.frames[s.at:])
	s.at = (s.at + n) % len(s.frames)
	return n, nil
}

func (s *chorus) Write(p []byte) (int, error)      { return len(p), nil }
func (s *chorus) Close() error                     { return nil }
func (s *chorus) SetReadDeadline(time.Time) error  { return nil }
func (s *chorus) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkBatch answers messages that come 64 at a time: what the engine
// itself takes for a ReadAppend and a Write.
func BenchmarkBatch(b *testing.B) {
	for _, client := range []bool{false, true} {
		for _, n := range []int{16, 125, 512, 4096} {
			b.Run(fmt.Sprintf("%s/%dB", role(client), n), func(b *testing.B) {
				c := New(newChorus(client, n, 64), Config{Client: client, ReadLimit: -1, WriteTimeout: 30 * time.Second})
				defer c.CloseNow()
				dst := make([]byte, 0, n)
				b.ReportAllocs()
				b.SetBytes(int64(n))
				for b.Loop() {
					typ, p, err := c.ReadAppend(background, dst)
					if err == nil {
						err = c.Write(background, typ, p)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
