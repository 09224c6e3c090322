//go:build linux

package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/frame"
)

// idleServer names the variable that makes the test's program a server, so that
// what is measured is a server's process and nothing else.
const idleServer = "WS_TEST_IDLE_SERVER"

func init() {
	if kind := os.Getenv(idleServer); kind != "" {
		if err := serveIdle(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// footprint is what a process holds, in bytes.
type footprint struct {
	RSS, Peak, Stacks, Heap int64
}

var callers atomic.Int64

// idleWarm is how many connections are open before any is counted.
const idleWarm = 200

// BenchmarkIdle measures the memory of a server's connections over TCP that are
// idle, each in a Read, with keepalive on, after some messages of 128 bytes
// there and back. The server is a process of its own. RSS-B/conn is what the
// system counts, after the heap's free memory was given back; stack-B/conn and
// heap-B/conn are the parts of it that Go knows.
func BenchmarkIdle(b *testing.B) {
	for _, kind := range []string{"Raw", "Upgrade", "Handler", "Accept"} {
		for _, n := range []int{1000, 5000, 19_000} {
			b.Run(kind+"/"+strconv.Itoa(n), func(b *testing.B) {
				if most := openFiles() - idleWarm - 100; n > most {
					b.Logf("%d connections: no more files may be open", most)
					n = most
				}
				for b.Loop() {
					before, after := measureIdle(b, kind, n)
					per := func(a, b int64) float64 { return float64(a-b) / float64(n) }
					b.ReportMetric(per(after.RSS, before.RSS), "RSS-B/conn")
					b.ReportMetric(per(after.Peak, before.RSS), "peak-B/conn")
					b.ReportMetric(per(after.Stacks, before.Stacks), "stack-B/conn")
					b.ReportMetric(per(after.Heap, before.Heap), "heap-B/conn")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// TestIdle holds a connection that waits to the smallest stack that Go has, 2
// KiB, and to 1,250 bytes of objects, of which 800 are package net's and the
// goroutine's: also after some messages. A call more below Read or Write may
// cost a stack of 4 KiB.
func TestIdle(t *testing.T) {
	if raced() {
		t.Skip("the race detector needs stacks of its own")
	}
	if testing.CoverMode() != "" {
		t.Skip("counting statements needs stack")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("calls need other stack here")
	}
	const n = 500
	for _, kind := range []string{"Upgrade", "Handler"} {
		before, after := measureIdle(t, kind, n)
		stack, heap := (after.Stacks-before.Stacks)/n, (after.Heap-before.Heap)/n
		t.Logf("%s: %d bytes of stack, %d of objects", kind, stack, heap)
		if stack > 2048*5/4 || heap > 1250 {
			t.Errorf("%s: a connection has %d bytes of stack and %d of objects, want 2,048 and a quarter at most, and 1,250", kind, stack, heap)
		}
	}
}

// openFiles raises the limit on open files as far as it goes, and returns it.
func openFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 1024
	}
	l.Cur = l.Max
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	return int(l.Cur)
}

func measureIdle(b testing.TB, kind string, n int) (before, after footprint) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), idleServer+"="+kind)
	cmd.Stderr = os.Stderr
	ask, err1 := cmd.StdinPipe()
	answers, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer ask.Close()
	lines := bufio.NewScanner(answers)
	lines.Scan()
	addr := lines.Text()
	open := crowdOf(kind)
	defer open.close()
	measure := func() (f footprint) {
		fmt.Fprintln(ask)
		if !lines.Scan() {
			b.Fatal("the server has ended")
		}
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			b.Fatal(err)
		}
		return f
	}
	if err := open.dial(addr, idleWarm); err != nil {
		b.Fatal(err)
	}
	before = measure()
	if err := open.dial(addr, n); err != nil {
		b.Fatal(err)
	}
	return before, measure()
}

// crowd are a client's connections. dial opens n, and sends a few messages
// there and back on each.
type crowd interface {
	dial(addr string, n int) error
	close()
}

// crowdOf returns the client of a server of that kind.
func crowdOf(kind string) crowd {
	if kind == "HTTP2" {
		return new(streams)
	}
	return &idlers{secure: kind == "TLS"}
}

// idlers are connections of their own.
type idlers struct {
	secure bool
	mu     sync.Mutex
	all    []net.Conn
}

func (c *idlers) close() {
	for _, nc := range c.all {
		if t, ok := nc.(*tls.Conn); ok {
			nc = t.NetConn()
		}
		nc.(*net.TCPConn).SetLinger(0) // no port is left to wait
		nc.Close()
	}
}

func (c *idlers) dial(addr string, n int) error {
	var left atomic.Int64
	left.Store(int64(n))
	errs := make(chan error, 16)
	for range cap(errs) {
		go func() {
			for left.Add(-1) >= 0 {
				nc, err := talkOnce(addr, c.secure)
				if err != nil {
					errs <- err
					return
				}
				c.mu.Lock()
				c.all = append(c.all, nc)
				c.mu.Unlock()
			}
			errs <- nil
		}()
	}
	var all []error
	for range cap(errs) {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// talkOnce opens a connection by bytes alone, and has 128 bytes echoed, thrice.
func talkOnce(addr string, secure bool) (net.Conn, error) {
	nc, err := openRaw(addr, secure)
	if err != nil {
		return nil, err
	}
	for range 3 {
		if err := echoOnce(nc); err != nil {
			return nil, err
		}
	}
	return nc, nil
}

// openRaw opens one. Each of the many comes from one of a few addresses, since
// the ports of one do not suffice.
func openRaw(addr string, secure bool) (net.Conn, error) {
	from := net.IPv4(127, 0, 0, byte(2+callers.Add(1)%8))
	nc, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if secure {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if _, err := io.WriteString(nc, request); err != nil {
		return nil, err
	}
	answer := make([]byte, 0, 1024)
	for !strings.HasSuffix(string(answer), "\r\n\r\n") {
		n, err := nc.Read(answer[len(answer):cap(answer)])
		if answer = answer[:len(answer)+n]; err != nil {
			return nil, fmt.Errorf("%s %w", answer, err)
		}
	}
	return nc, nil
}

// echoOnce has 128 bytes echoed.
func echoOnce(nc net.Conn) error {
	p := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.OpBinary, Masked: true, Length: 128})
	if _, err := nc.Write(append(p, make([]byte, 128)...)); err != nil {
		return err
	}
	_, err := io.ReadFull(nc, make([]byte, 4+128))
	return err
}

// serveIdle is the server's process. It writes its address, and its footprint
// for each line that it reads.
func serveIdle(kind string) error {
	openFiles()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go idleKinds[kind](l)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		f := footprint{Peak: rss()}
		debug.FreeOSMemory()
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		f.RSS, f.Stacks, f.Heap = rss(), int64(m.StackInuse), int64(m.HeapAlloc)
		out, err := json.Marshal(f)
		if err != nil {
			return err
		}
		fmt.Println(string(out))
	}
	return nil
}

var idleKinds = map[string]func(net.Listener) error{
	"Raw": func(l net.Listener) error {
		for {
			nc, err := l.Accept()
			if err != nil {
				return err
			}
			go rawIdle(nc)
		}
	},
	"Upgrade": func(l net.Listener) error {
		for {
			nc, err := l.Accept()
			if err != nil {
				return err
			}
			go func() {
				if c, err := ws.Upgrade(context.Background(), nc, nil); err == nil {
					echoIdle(context.Background(), c)
				}
			}()
		}
	},
	"Handler": func(l net.Listener) error { return http.Serve(l, ws.Handler(echoIdle, nil)) },
	"TLS":     serveIdleTLS,
	"HTTP2":   serveIdleTLS,
	"Accept": func(l net.Listener) error {
		return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := ws.Accept(w, r, nil); err == nil {
				echoIdle(context.Background(), c)
			}
		}))
	},
}

func echoIdle(ctx context.Context, c *ws.Conn) {
	defer c.CloseNow()
	for {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return
		}
	}
}

// rss returns the process's resident set.
func rss() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// rawBuffers are of rawIdle.
var rawBuffers = sync.Pool{New: func() any { return new([4096]byte) }}

// rawIdle answers what talkOnce sends, and looks at nothing: what is left is
// what any server holds.
func rawIdle(nc net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := rawBuffers.Get().(*[4096]byte)
		defer rawBuffers.Put(b)
		for n := 0; !strings.HasSuffix(string(b[:n]), "\r\n\r\n"); {
			k, err := nc.Read(b[n:])
			if n += k; err != nil {
				return
			}
		}
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
	}()
	<-done
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	var in *[4096]byte
	n := 0
	read := func(fd uintptr) bool {
		in = rawBuffers.Get().(*[4096]byte)
		if n, err = syscall.Read(int(fd), in[:]); err == syscall.EAGAIN {
			rawBuffers.Put(in)
			return false
		}
		return true
	}
	for raw.Read(read) == nil && err == nil && n > 8 {
		in[4], in[5], in[6], in[7] = 0x82, 126, 0, 128
		_, err = nc.Write(in[4:n])
		rawBuffers.Put(in)
	}
	nc.Close()
}
