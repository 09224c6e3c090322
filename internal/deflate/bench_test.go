package deflate

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// conversation returns messages of n bytes, as one connection would send them,
// and so many that they begin again only when the first have left every window.
func conversation(n int) (all [][]byte) {
	for i := range 8 + 1<<17/n {
		all = append(all, jsonData(n, uint64(i)))
	}
	return all
}

func everySize(b *testing.B, f func(b *testing.B, bits int, takeover bool, msgs [][]byte)) {
	for _, n := range []int{64, 512, 8192} {
		for _, bits := range []int{13, 15} {
			for _, takeover := range []bool{false, true} {
				b.Run(fmt.Sprintf("json=%d/bits=%d/takeover=%t", n, bits, takeover), func(b *testing.B) {
					b.SetBytes(int64(n))
					b.ReportAllocs()
					f(b, bits, takeover, conversation(n))
				})
			}
		}
	}
}

// BenchmarkAppend compresses; the metric is what a message becomes.
func BenchmarkAppend(b *testing.B) {
	everySize(b, func(b *testing.B, bits int, takeover bool, msgs [][]byte) {
		c := NewCompressor(0, bits, takeover)
		var buf []byte
		total, n := 0, 0
		for ; b.Loop(); n++ {
			msg := msgs[n%len(msgs)]
			buf = c.Append(buf[:0], msg)
			c.Sent(msg)
			total += len(buf)
		}
		b.ReportMetric(float64(total)/float64(n), "compressed-B/msg")
	})
}

// BenchmarkInflate inflates what BenchmarkAppend makes; MB/s count what comes
// out.
func BenchmarkInflate(b *testing.B) {
	everySize(b, func(b *testing.B, bits int, takeover bool, msgs [][]byte) {
		c, d := NewCompressor(0, bits, takeover), NewDecompressor(bits, takeover)
		for _, msg := range msgs { // so that the first payload fits behind the last
			c.Sent(msg)
			d.received.add(msg)
		}
		var payloads [][]byte
		for _, msg := range msgs {
			payloads = append(payloads, c.Append(nil, msg))
			c.Sent(msg)
		}
		src, buf := bytes.NewReader(nil), make([]byte, 16<<10)
		for i := 0; b.Loop(); i++ {
			src.Reset(payloads[i%len(payloads)])
			m := d.Open(src)
			n := 0
			for {
				k, err := m.Read(buf[n:])
				if n += k; err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
			m.Received()
			m.Close()
		}
	})
}

// BenchmarkIdle measures what an idle connection holds for both directions at
// the default window of 13 bits.
func BenchmarkIdle(b *testing.B) {
	for _, takeover := range []bool{false, true} {
		b.Run(fmt.Sprintf("takeover=%t", takeover), func(b *testing.B) {
			type conn struct {
				c *Compressor
				d *Decompressor
			}
			msgs := conversation(8192)
			conns := make([]conn, 2000)
			before := heap()
			for b.Loop() {
				for i := range conns {
					conns[i] = conn{NewCompressor(0, 13, takeover), NewDecompressor(13, takeover)}
					for _, msg := range msgs[i%8 : i%8+3] {
						conns[i].c.Sent(msg)
						conns[i].d.received.add(msg)
					}
				}
			}
			held := int64(heap()) - int64(before)
			b.ReportMetric(float64(held)/float64(len(conns)), "held-B/conn")
			runtime.KeepAlive(conns)
			runtime.KeepAlive(msgs)
		})
	}
}

// heap returns the bytes in use. A pool is empty after the second collection.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
