package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twinws/ws"
	_ "github.com/twinws/ws/xconnect" // net/http announces extended CONNECT
)

// usage is what a process has used and holds.
type usage struct {
	CPU   time.Duration // user and system
	Held  uint64        // bytes in memory, of the kernel's count, after a garbage collection
	Heap  uint64        // bytes of live objects
	Stack uint64        // bytes of stacks
	Conns int           // TCP connections accepted so far
}

// now returns the usage of this process.
func now(collect bool) (u usage) {
	if collect {
		runtime.GC()
		debug.FreeOSMemory()
	}
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	u.CPU = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	var m runtime.MemStats
	if collect {
		runtime.ReadMemStats(&m)
	}
	u.Heap, u.Stack = m.HeapAlloc, m.StackInuse
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.ParseUint(strings.Fields(string(statm))[1], 10, 64)
		u.Held = pages * uint64(os.Getpagesize())
	}
	return u
}

// counter counts the connections that a listener accepts.
type counter struct {
	net.Listener
	n int
}

func (c *counter) Accept() (net.Conn, error) {
	nc, err := c.Listener.Accept()
	if err == nil {
		c.n++
	}
	return nc, err
}

// manner is how a server serves.
type manner struct {
	flush  bool // the coalescing of messages is off, at both ends
	accept bool // by Accept, not by Handler
}

func (m manner) handler() http.Handler {
	opts := &ws.AcceptOptions{NoGather: m.flush}
	if !m.accept {
		return ws.Handler(echo, opts)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, opts); err == nil {
			defer c.CloseNow()
			echo(context.Background(), c)
		}
	})
}

// serve echoes messages over TLS, and prints the address. Another address
// answers GET with the usage of the process.
func serve(ctx context.Context, protocol string, how manner) error {
	cert, err := certificate()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	admin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	counted := &counter{Listener: l}
	go http.Serve(admin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := now(r.URL.Path == "/held")
		u.Conns = counted.n
		json.NewEncoder(w).Encode(u)
	}))
	s := &http.Server{
		Handler:   how.handler(),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{protocol}},
	}
	ws.ConfigureHTTP2(s)
	if protocol == "http/1.1" {
		s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){} // no HTTP/2
	}
	fmt.Println(l.Addr(), admin.Addr())
	go func() {
		os.Stdin.Read(make([]byte, 1)) // ends with the parent
		s.Close()
	}()
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.ServeTLS(counted, "", ""); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func echo(ctx context.Context, c *ws.Conn) {
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
