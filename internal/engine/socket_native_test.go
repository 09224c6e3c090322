//go:build unix

package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// sockets are the kinds of streams that are waited for without a buffer.
var sockets = map[string]string{"tcp": "127.0.0.1:0", "unix": "socket"}

// socketPair returns the two ends of a connection of package net.
func socketPair(t testing.TB, network string) (near, far net.Conn) {
	t.Helper()
	addr := sockets[network]
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), addr)
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err = net.Dial(network, l.Addr().String())
	if err == nil {
		near, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// eachSocket runs f with a server's connection over each kind of socket, and
// the client's raw end.
func eachSocket(t *testing.T, cfg Config, f func(t *testing.T, c *Conn, far net.Conn)) {
	for network := range sockets {
		t.Run(network, func(t *testing.T) {
			near, far := socketPair(t, network)
			cfg.ReadLimit = -1
			c := New(near, cfg)
			if !c.socket.direct() {
				t.Fatal("the connection is not waited for as a socket")
			}
			t.Cleanup(func() { c.CloseNow() })
			far.SetDeadline(time.Now().Add(socketPatience))
			f(t, c, far)
		})
	}
}

// socketPatience is how long a test waits for what must happen.
const socketPatience = time.Minute

// within returns a context for the length of a test.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), socketPatience)
	t.Cleanup(cancel)
	return ctx
}

// masked returns a client's frame.
func masked(op frame.Opcode, payload []byte) []byte {
	h := frame.Header{Fin: true, Opcode: op, Masked: true, Key: goldenKey, Length: int64(len(payload))}
	b := append(frame.AppendHeader(nil, h), payload...)
	frame.Mask(b[len(b)-len(payload):], h.Key, 0)
	return b
}

func wantMessage(t *testing.T, c *Conn, want []byte) {
	t.Helper()
	_, p, err := c.ReadAppend(within(t), nil)
	if err != nil || !bytes.Equal(p, want) {
		t.Fatalf("Read = %s, %v; want %s", brief(p), err, brief(want))
	}
}

// TestSocketEcho sends messages of many sizes there and back, while the reader
// waits and while it does not.
func TestSocketEcho(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		for _, n := range []int{0, 1, 125, 126, smallBlock, middleBlock, largeBlock, 3 << 20} {
			p := pattern(n, uint32(n))
			go far.Write(masked(frame.OpBinary, p))
			wantMessage(t, c, p)
			wait := start(func() error { return c.Write(within(t), api.MessageBinary, p) })
			b := make([]byte, len(frame.AppendHeader(nil, frame.Header{Length: int64(n)}))+n)
			if _, err := io.ReadFull(far, b); err != nil || !bytes.Equal(b[len(b)-n:], p) {
				t.Fatalf("%d bytes: the peer got %s, %v", n, brief(b), err)
			}
			if err := wait(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestSocketByteByByte sends a message in pieces of one byte, which are waited
// for one by one.
func TestSocketByteByByte(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		p := pattern(300, 1)
		go func() {
			for _, b := range masked(frame.OpBinary, p) {
				far.Write([]byte{b})
				runtime.Gosched()
			}
		}()
		wantMessage(t, c, p)
	})
}

// TestSocketHalfClose ends the peer's sending half right behind a message,
// before and after the Read has begun to wait: the kernel may tell of both at
// once, and then not again. The message is read, and then the end.
func TestSocketHalfClose(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, _ *Conn, _ net.Conn) {
		for i := range 200 {
			near, far := socketPair(t, map[bool]string{true: "tcp", false: "unix"}[i%2 == 0])
			c := New(near, Config{ReadLimit: -1})
			send := func() {
				far.Write(masked(frame.OpText, []byte("last")))
				far.(interface{ CloseWrite() error }).CloseWrite()
			}
			if i%4 < 2 {
				send()
			} else {
				go send()
			}
			wantMessage(t, c, []byte("last"))
			_, _, err := c.ReadAppend(within(t), nil)
			wantCloseError(t, "Read", err, api.CloseError{Code: 1006, Cause: io.ErrUnexpectedEOF})
			near.Close()
			far.Close()
		}
	})
}

// TestSocketReset breaks the connection under a Read: the error is package
// net's, and tells of a read.
func TestSocketReset(t *testing.T) {
	near, far := socketPair(t, "tcp")
	c := New(near, Config{})
	defer c.CloseNow()
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	_, _, err := c.ReadAppend(within(t), nil)
	wantCloseError(t, "Read", err, api.CloseError{Code: 1006, Cause: syscall.ECONNRESET})
	if e, ok := errors.AsType[*net.OpError](err); !ok || e.Op != "read" || e.Net != "tcp" || e.Addr.String() != far.LocalAddr().String() {
		t.Errorf("Read = %v, want a *net.OpError of a read from %v", err, far.LocalAddr())
	}
}

// TestSocketWriteFails writes to a peer that is gone: the error tells of a
// write.
func TestSocketWriteFails(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		far.Close()
		var err error
		for end := time.Now().Add(socketPatience); err == nil && time.Now().Before(end); {
			err = c.Write(within(t), api.MessageBinary, []byte("x"))
		}
		e, ok := errors.AsType[*net.OpError](err)
		if !ok || e.Op != "write" || !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Write = %v, want a *net.OpError of a write", err)
		}
	})
}

// TestSocketSlowReader writes more small messages than the kernel holds to a
// peer that reads late: writes wait, and none is lost.
func TestSocketSlowReader(t *testing.T) {
	eachSocket(t, Config{WriteTimeout: socketPatience}, func(t *testing.T, c *Conn, far net.Conn) {
		const messages = 4000
		p := pattern(10_000, 1)
		wait := start(func() error {
			for range messages {
				if err := c.Write(within(t), api.MessageBinary, p); err != nil {
					return err
				}
			}
			return nil
		})
		b := make([]byte, 4+len(p))
		for i := range messages {
			if _, err := io.ReadFull(far, b); err != nil || !bytes.Equal(b[4:], p) {
				t.Fatalf("message %d: %s, %v", i, brief(b), err)
			}
		}
		if err := wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestSocketContext ends contexts under a Read that waits, in all places of a
// message. The next Read goes on.
func TestSocketContext(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		p := masked(frame.OpText, []byte("message"))
		for cut := range p {
			far.Write(p[:cut])
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			_, _, err := c.ReadAppend(ctx, nil)
			wantCtx(t, "Read", err, ctx)
			cancel()
			far.Write(p[cut:])
			wantMessage(t, c, []byte("message"))
		}
	})
}

// parking tells whenever a read of c begins to wait, and whether it has given
// up all that it needs when there are bytes. It is called before the first.
func parking(c *Conn) <-chan bool {
	told := make(chan bool, 100)
	try := c.socket.try
	c.socket.try = func(fd uintptr) bool {
		done := try(fd)
		if !done {
			told <- c.in == nil
		}
		return done
	}
	return told
}

// TestSocketClose ends the connection under a Read that waits.
func TestSocketClose(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		parked := parking(c)
		read := start(func() error {
			_, _, err := c.ReadAppend(within(t), nil)
			return err
		})
		<-parked
		if err := c.CloseNow(); err != nil {
			t.Error(err)
		}
		wantCloseError(t, "Read", read(), api.CloseError{Code: -1, Local: true})
	})
}

// TestSocketKeepalive is silent, with times that a test can wait for: a ping,
// and the end. A peer that answers stays, however long a busy machine takes for
// that.
func TestSocketKeepalive(t *testing.T) {
	cfg := Config{Idle: 30 * time.Millisecond, Timeout: 30 * time.Millisecond, Clock: &Clock{Coarse: true}}
	eachSocket(t, cfg, func(t *testing.T, c *Conn, far net.Conn) {
		_, _, err := c.ReadAppend(within(t), nil)
		wantCloseError(t, "Read", err, silent)
		ping := make([]byte, 2)
		if _, err := io.ReadFull(far, ping); err != nil || frame.Opcode(ping[0]&15) != frame.OpPing {
			t.Errorf("the peer got % X, %v", ping, err)
		}
	})
	cfg.Timeout = time.Hour
	eachSocket(t, cfg, func(t *testing.T, c *Conn, far net.Conn) {
		read := start(func() error {
			_, _, err := c.ReadAppend(within(t), nil)
			return err
		})
		for range 3 {
			ping := make([]byte, 2)
			if _, err := io.ReadFull(far, ping); err != nil || frame.Opcode(ping[0]&15) != frame.OpPing {
				t.Fatalf("the peer got % X, %v", ping, err)
			}
			far.Write(masked(frame.OpPong, nil))
		}
		c.CloseNow()
		wantCloseError(t, "Read", read(), api.CloseError{Code: -1, Local: true})
	})
}

// TestSocketHoldsNothing waits for the first message, and for one after a large
// one, a ping, and a message that a context cut: nothing is held. In the middle
// of a message what came of it is.
func TestSocketHoldsNothing(t *testing.T) {
	eachSocket(t, Config{Idle: time.Hour, WriteTimeout: time.Hour}, func(t *testing.T, c *Conn, far net.Conn) {
		parked := parking(c)
		wantParked := func(what string, want bool) {
			t.Helper()
			if nothing := <-parked; nothing != want {
				t.Errorf("%s: nothing is held: %v, want %v", what, nothing, want)
			}
		}
		read := func(ctx context.Context) (wait func() error) {
			return start(func() error {
				_, _, err := c.ReadAppend(ctx, nil)
				return err
			})
		}
		large := masked(frame.OpBinary, pattern(middleBlock, 1))
		for range 2 * calmReads {
			wait := read(within(t))
			wantParked("at first, and after a message", true)
			far.Write(large[:1])
			wantParked("with half a header", false)
			far.Write(large[1:100])
			wantParked("in a message", false)
			far.Write(large[100:])
			if err := wait(); err != nil {
				t.Fatal(err)
			}
			for len(parked) > 0 {
				<-parked // the last part may come in parts
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		wait := read(ctx)
		wantParked("before a ping", true)
		far.Write(masked(frame.OpPing, []byte("ping")))
		wantParked("after a ping", true)
		cancel()
		wantCtx(t, "Read", wait(), ctx)
	})
}

// TestSocketDiscards throws a message away that a Ping has met, in two calls,
// and then waits: what was counted of it is nothing to another connection.
func TestSocketDiscards(t *testing.T) {
	eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
		far.Write(masked(frame.OpBinary, pattern(900, 1)))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		c.Ping(ctx) // which reads up to the message
		c.beginClose(closeFrame{1000, ""}, nil)
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		c.ReadAppend(soon, nil)
		parked := parking(c)
		wait := start(func() error {
			_, _, err := c.ReadAppend(within(t), nil)
			return err
		})
		<-parked
		far.Write(masked(frame.OpClose, []byte{0x03, 0xE8}))
		wantCloseError(t, "Read", wait(), api.CloseError{Code: 1000, Local: true, Clean: true})
	})
}

// wrapped is a TCP connection with a Read of its own.
type wrapped struct {
	*net.TCPConn
	reads int
}

func (w *wrapped) Read(p []byte) (int, error) {
	w.reads++
	return w.TCPConn.Read(p)
}

// TestSocketWrapped reads from what only wraps a socket by its own Read.
func TestSocketWrapped(t *testing.T) {
	near, far := socketPair(t, "tcp")
	w := &wrapped{TCPConn: near.(*net.TCPConn)}
	c := New(w, Config{ReadLimit: -1})
	defer c.CloseNow()
	far.Write(masked(frame.OpText, []byte("a")))
	wantMessage(t, c, []byte("a"))
	if c.socket.direct() || w.reads == 0 {
		t.Errorf("the wrapper's Read was called %d times", w.reads)
	}
}

// TestSocketDatagrams reads a Unix socket of datagrams, of which an empty one
// is no end, by its own Read.
func TestSocketDatagrams(t *testing.T) {
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "socket"), Net: "unixgram"}
	near, err := net.ListenUnixgram("unixgram", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	if c := New(near, Config{}); c.socket.direct() {
		t.Error("datagrams are waited for as a stream is")
	}
}
