//go:build unix

package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twinws/ws/frame"
)

// The peer of these benchmarks runs in a process of its own, so that the time
// that the operating system counts is the server's alone. It is this program
// again, which finds in its environment what to send.
const loadVar = "ENGINE_LOAD"

func init() {
	var addr string
	var size, flight int
	if v := os.Getenv(loadVar); v != "" {
		fmt.Sscan(v, &addr, &size, &flight)
		fmt.Fprintln(os.Stderr, load(addr, size, flight))
		os.Exit(0)
	}
}

// load sends messages of size bytes to a server that echoes them, so that
// flight of them are always on their way, until the server hangs up.
func load(addr string, size, flight int) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	one := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.OpBinary, Masked: true, Key: goldenKey, Length: int64(size)})
	one = append(one, pattern(size, 1)...)
	reply := len(one) - len(goldenKey)
	var all []byte
	for range flight {
		all = append(all, one...)
	}
	// Who sends much must read meanwhile.
	credit := make(chan int, flight)
	write := func(n int) error {
		_, err := nc.Write(all[:n*len(one)])
		return err
	}
	send := write
	if len(all) > 64<<10 {
		go func() {
			for n := range credit {
				write(n)
			}
		}()
		send = func(n int) error { credit <- n; return nil }
	}
	err = send(flight)
	buf := make([]byte, 256<<10)
	for got := 0; err == nil; {
		var n int
		if n, err = nc.Read(buf); err != nil {
			break
		}
		got += n
		if k := got / reply; k > 0 {
			got %= reply
			err = send(k)
		}
	}
	return err
}

// served returns a connection whose peer is load.
func served(b *testing.B, size, flight int) *net.TCPConn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	peer := exec.Command(exe, "-test.run=^$")
	peer.Env = append(os.Environ(), loadVar+"="+l.Addr().String()+" "+strconv.Itoa(size)+" "+strconv.Itoa(flight), "GOMAXPROCS=1")
	if err := peer.Start(); err != nil {
		b.Fatal(err)
	}
	nc, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { nc.Close(); peer.Wait() })
	return nc.(*net.TCPConn)
}

// cpu returns the time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs echo for b.N messages and reports the processor time of each.
func measure(b *testing.B, size int, echo func(n int) error) {
	if err := echo(256); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(size))
	b.ResetTimer()
	begun := cpu()
	if err := echo(b.N); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu()-begun).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// bareLoop echoes frames with as little as can be: it unmasks, and answers all
// that one read brought by one write. Nothing is checked, nor waited for with
// a time limit.
type bareLoop struct {
	nc   net.Conn
	in   []byte
	held int
	out  []byte
	over int // messages echoed beyond what was asked for
}

func newBareLoop(nc net.Conn, size int) *bareLoop {
	return &bareLoop{nc: nc, in: make([]byte, 64<<10+size+frame.MaxHeaderLen)}
}

func (l *bareLoop) echo(n int) error {
	n -= l.over
	for n > 0 {
		k, err := l.nc.Read(l.in[l.held:])
		if err != nil {
			return err
		}
		l.held += k
		rest := l.in[:l.held]
		l.out = l.out[:0]
		for {
			size, head := bareHeader(rest)
			if len(rest) < head || len(rest) < head+size {
				break
			}
			p := rest[head : head+size]
			frame.Mask(p, [4]byte(rest[head-4:head]), 0)
			switch {
			case size < 126:
				l.out = append(l.out, rest[0], byte(size))
			case size < 1<<16:
				l.out = binary.BigEndian.AppendUint16(append(l.out, rest[0], 126), uint16(size))
			default:
				l.out = binary.BigEndian.AppendUint64(append(l.out, rest[0], 127), uint64(size))
			}
			l.out = append(l.out, p...)
			rest = rest[head+size:]
			n--
		}
		l.held = copy(l.in, rest)
		if len(l.out) == 0 {
			continue
		}
		if _, err := l.nc.Write(l.out); err != nil {
			return err
		}
	}
	l.over = -n
	return nil
}

// bareHeader returns the lengths of a client's frame and of its header, which
// may go on past p.
func bareHeader(p []byte) (size, head int) {
	if len(p) < 14 {
		if len(p) < 2 {
			return 0, 2
		}
		if b := p[1] & 0x7F; b == 126 && len(p) < 4 || b == 127 && len(p) < 10 {
			return 0, 14
		}
	}
	switch p[1] & 0x7F {
	case 126:
		return int(binary.BigEndian.Uint16(p[2:])), 8
	case 127:
		return int(binary.BigEndian.Uint64(p[2:])), 14
	}
	return int(p[1] & 0x7F), 6
}

// engineLoop echoes with ReadAppend and Write.
type engineLoop struct {
	c   *Conn
	ctx context.Context
	buf []byte
}

func (l *engineLoop) echo(n int) error {
	for range n {
		typ, p, err := l.c.ReadAppend(l.ctx, l.buf[:0])
		if err != nil {
			return err
		}
		if err := l.c.Write(l.ctx, typ, p); err != nil {
			return err
		}
		l.buf = p
	}
	return nil
}

// loops runs an echo by both, for messages of each size with flight of them
// under way at a time.
func loops(b *testing.B, flight int, sizes ...int) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dB/bare", size), func(b *testing.B) {
			measure(b, size, newBareLoop(served(b, size, flight), size).echo)
		})
		b.Run(fmt.Sprintf("%dB/engine", size), func(b *testing.B) {
			c := New(served(b, size, flight), Config{ReadLimit: 1 << 20, WriteTimeout: 30 * time.Second})
			defer c.CloseNow()
			measure(b, size, (&engineLoop{c: c, ctx: context.Background()}).echo)
		})
		b.Run(fmt.Sprintf("%dB/cancellable", size), func(b *testing.B) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := New(served(b, size, flight), Config{ReadLimit: 1 << 20, WriteTimeout: 30 * time.Second})
			defer c.CloseNow()
			measure(b, size, (&engineLoop{c: c, ctx: ctx}).echo)
		})
	}
}

// BenchmarkPingPong has one message under way.
func BenchmarkPingPong(b *testing.B) { loops(b, 1, 16, 125, 512, 4096, 65536, 1<<20) }

// BenchmarkInFlight64 has 64 messages under way.
func BenchmarkInFlight64(b *testing.B) { loops(b, 64, 16, 125, 512, 4096, 65536) }
