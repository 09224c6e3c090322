package h2_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// cpu returns the processor time of a process; Linux alone tells it.
func cpu(b *testing.B, pid any) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%v/stat", pid))
	if err != nil {
		b.Skip("the processor time of another process is in Linux's /proc alone")
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	var user, system int64
	fields := strings.Fields(rest)
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond // of USER_HZ, 100 on all of Go's systems
}

// side is one of the compared.
type side struct {
	name     string
	s        *served
	conns    []*ws.Conn
	used     time.Duration
	messages int
}

// newSide opens n WebSockets to a server of its own.
func newSide(b *testing.B, name, version string, n int, flush bool) *side {
	x := &side{name: name, s: startChild(b, version, flush)}
	d := &ws.Dialer{TLSConfig: x.s.tls, NoGather: flush}
	if version == "2" {
		tr := &h2.Transport{}
		b.Cleanup(func() { tr.Close() })
		d.OpenStream = tr.OpenStream
	}
	for range n {
		c, err := d.Dial(b.Context(), x.s.url("/"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.CloseNow() })
		x.conns = append(x.conns, c)
	}
	return x
}

// measure adds the processor time of both ends while f runs.
func (x *side) measure(b *testing.B, messages int, f func()) {
	before := cpu(b, "self") + cpu(b, x.s.cmd.Process.Pid)
	f()
	x.used += cpu(b, "self") + cpu(b, x.s.cmd.Process.Pid) - before
	x.messages += messages
}

func (x *side) perMessage() float64 { return float64(x.used.Nanoseconds()) / float64(x.messages) }

// compare runs round on both sides in turns, and reports their processor time
// per message, both ends together.
func compare(b *testing.B, x, y *side, messages int, round func(x *side)) {
	round(x)
	round(y)
	b.ResetTimer()
	for range b.N {
		x.measure(b, messages, func() { round(x) })
		y.measure(b, messages, func() { round(y) })
	}
	b.ReportMetric(x.perMessage(), x.name+"-cpu-ns/msg")
	b.ReportMetric(y.perMessage(), y.name+"-cpu-ns/msg")
	b.ReportMetric(x.perMessage()/y.perMessage(), "ratio")
}

// 100 WebSockets, each sending 125 bytes and waiting for the echo: over one
// connection of HTTP/2, and over 100 of HTTP/1.1 and TLS.
func BenchmarkPingPong(b *testing.B) {
	const n, each = 100, 200
	message := make([]byte, 125)
	compare(b, newSide(b, "h2", "2", n, false), newSide(b, "h1", "1", n, false), n*each, func(x *side) {
		var all sync.WaitGroup
		for _, c := range x.conns {
			all.Go(func() {
				var p []byte
				for range each {
					err := c.Write(b.Context(), ws.MessageBinary, message)
					if err == nil {
						_, p, err = c.ReadAppend(b.Context(), p[:0])
					}
					if err != nil || len(p) != len(message) {
						b.Error(len(p), err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// One WebSocket with 64 messages of 125 bytes in flight: gathered, and with a
// flush for each message at both ends.
func BenchmarkInFlight(b *testing.B) {
	const flight, messages = 64, 20_000
	message := make([]byte, 125)
	compare(b, newSide(b, "flushed", "2", 1, true), newSide(b, "gathered", "2", 1, false), messages, func(x *side) {
		c, free := x.conns[0], make(chan struct{}, flight)
		go func() {
			for range messages {
				free <- struct{}{}
				if err := c.Write(b.Context(), ws.MessageBinary, message); err != nil {
					b.Error(err)
					return
				}
			}
		}()
		var p []byte
		var err error
		for range messages {
			if _, p, err = c.ReadAppend(b.Context(), p[:0]); err != nil {
				b.Fatal(err)
			}
			<-free
		}
	})
}
