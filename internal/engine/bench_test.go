package engine

import (
	"testing"

	"github.com/twinws/ws/api"
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
				if err := echo(client, server, p, dst); err != nil {
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
