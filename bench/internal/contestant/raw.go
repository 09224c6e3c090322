package contestant

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"

	"github.com/twinws/ws/bench/internal/wire"
)

const (
	rawStart = 512      // bytes of a connection's buffer at first,
	rawMost  = 64 << 10 // and what it grows to unless a message is longer
	rawLimit = 2 << 20  // the longest message
)

var (
	raw = &Contestant{
		Name:     "raw",
		Settings: "no library: a goroutine per TCP connection that parses a frame's header, unmasks in place, and writes once per message; no UTF-8, no limits, no rules, no keepalive",
		Serve:    func(ln net.Listener, s Setup) Broadcast { return serveRaw(ln, s, false) },
		Dial:     dialRaw,
	}
	rawGather = &Contestant{
		Name:     "raw-gather",
		Settings: "as raw, but all complete messages in the read buffer (512 B, doubled up to 64 KiB by reads that fill it) are answered by one write",
		EchoOnly: true,
		Serve:    func(ln net.Listener, s Setup) Broadcast { return serveRaw(ln, s, true) },
	}
)

func serveRaw(ln net.Listener, s Setup, gather bool) Broadcast {
	members := newRoom[net.Conn](s.Room)
	serveTCP(ln, func(nc net.Conn) {
		defer nc.Close()
		buf, err := rawUpgrade(nc)
		if err != nil {
			return
		}
		members.join(nc)
		defer members.leave(nc)
		e := rawEcho{nc: nc, buf: buf, gather: gather}
		for e.turn() == nil {
		}
	})
	return func(p []byte) error {
		frame := wire.AppendFrame(nil, wire.Fin|wire.OpText, p, nil)
		return members.each(func(nc net.Conn) error {
			_, err := nc.Write(frame)
			return err
		})
	}
}

// rawUpgrade answers a handshake and returns a buffer with what followed it.
func rawUpgrade(nc net.Conn) ([]byte, error) {
	buf := make([]byte, 0, rawStart)
	head, rest, err := wire.ReadHead(nc, buf)
	if err != nil {
		return nil, err
	}
	answer := append(make([]byte, 0, 160), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	answer = append(answer, wire.AcceptKey(wire.Field(head, "Sec-WebSocket-Key"))...)
	answer = append(answer, "\r\n\r\n"...)
	if _, err := nc.Write(answer); err != nil {
		return nil, err
	}
	return append(buf[:0], rest...), nil
}

// rawEcho is one connection.
type rawEcho struct {
	nc     net.Conn
	buf    []byte
	gather bool
}

var errClosing = errors.New("a close frame came")

// turn reads once and answers every message that is complete. Replies are made
// where the messages stand: a server's header is shorter than a client's.
func (e *rawEcho) turn() error {
	n, err := e.nc.Read(e.buf[len(e.buf):cap(e.buf)])
	if err != nil {
		return err
	}
	e.buf = e.buf[:len(e.buf)+n]
	at, out, end := 0, 0, 0 // next message; replies not yet written
	want := 0
	for {
		h, n := wire.ParseHeader(e.buf[at:])
		if n == 0 || len(e.buf)-at < n+h.Length {
			if n > 0 {
				want = n + h.Length
			}
			break
		}
		if h.First&0x0f == wire.OpClose {
			return errClosing
		}
		payload := e.buf[at+n : at+n+h.Length]
		unmask(payload, h.Key)
		if end == 0 {
			out = at + n - replyHeader(h.Length)
			end = out
		}
		end += len(wire.AppendHeader(e.buf[:end], h.First, h.Length, nil)) - end
		end += copy(e.buf[end:], payload)
		at += n + h.Length
		if !e.gather {
			if _, err := e.nc.Write(e.buf[out:end]); err != nil {
				return err
			}
			end = 0
		}
	}
	if end > 0 {
		if _, err := e.nc.Write(e.buf[out:end]); err != nil {
			return err
		}
	}
	return e.room(at, want)
}

// room moves what is left to the front and makes the buffer large enough.
func (e *rawEcho) room(at, want int) error {
	size := cap(e.buf)
	if len(e.buf) == size && size < rawMost {
		size *= 2
	}
	if size = max(size, want); size > rawLimit {
		return fmt.Errorf("a message of %d bytes", want)
	}
	rest := e.buf[at:]
	if size > cap(e.buf) {
		e.buf = append(make([]byte, 0, size), rest...)
	} else if at > 0 {
		e.buf = e.buf[:copy(e.buf, rest)]
	}
	return nil
}

// replyHeader returns the length of an unmasked header.
func replyHeader(n int) int {
	switch {
	case n < 126:
		return 2
	case n <= 0xffff:
		return 4
	}
	return 10
}

// keyBlock is how many bytes are unmasked at once.
const keyBlock = 512

// keys are pooled: on the stack they would make every connection's larger.
var keys = sync.Pool{New: func() any { return new([keyBlock]byte) }}

// unmask is in place, by blocks of a repeated key where that is worth it.
func unmask(p []byte, key [4]byte) {
	if len(p) >= 2*keyBlock {
		k := keys.Get().(*[keyBlock]byte)
		for n := copy(k[:], key[:]); n < keyBlock; n *= 2 {
			copy(k[n:], k[:n])
		}
		for ; len(p) >= keyBlock; p = p[keyBlock:] {
			subtle.XORBytes(p, p[:keyBlock], k[:])
		}
		keys.Put(k)
	}
	wire.Mask(p, key)
}

// rawClient sends a message with one write and reads its echo.
type rawClient struct {
	nc net.Conn
	r  *wire.Reader
}

func dialRaw(ctx context.Context, addr string) (Client, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	_, rest, err := wire.Shake(nc, wire.Request(addr, ""), nil)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return &rawClient{nc, wire.NewReader(nc, rawStart, rest)}, nil
}

func (c *rawClient) Talk(next Next) error {
	var reply, frame []byte
	for p := next(nil); p != nil; p = next(reply) {
		k := rand.Uint32()
		key := [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
		frame = wire.AppendHeader(frame[:0], wire.Fin|wire.OpText, len(p), &key)
		at := len(frame)
		frame = append(frame, p...)
		unmask(frame[at:], key)
		if _, err := c.nc.Write(frame); err != nil {
			return err
		}
		m, err := c.r.Next()
		if err != nil {
			return err
		}
		reply = m.Payload
	}
	return nil
}

func (c *rawClient) Close() { c.nc.Close() }
