package load

import (
	"errors"
	"net"

	"github.com/twinws/ws/bench/internal/wire"
)

// answering is the server's end of a client's connection.
type answering struct {
	s   *clientSession
	nc  net.Conn
	buf []byte // what was read
	at  int    // and is unused from here on
	msg []byte // a reply: room for its header, and the message so far
}

// replyRoom is enough for a server's header.
const replyRoom = 10

var (
	errUnmasked = errors.New("a client does not mask")
	errContent  = errors.New("a client sends what it was not given")
)

// serve answers a client until it breaks a rule. That ends the connection, and
// so the client's Talk with an error.
func (s *clientSession) serve(nc net.Conn) {
	defer nc.Close()
	head, rest, err := wire.ReadHead(nc, nil)
	if err != nil {
		return
	}
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		wire.AcceptKey(wire.Field(head, "Sec-WebSocket-Key")) + "\r\n\r\n"
	if _, err := nc.Write([]byte(answer)); err != nil {
		return
	}
	a := &answering{s: s, nc: nc, buf: append(make([]byte, 0, 16<<10), rest...)}
	for a.message() == nil {
	}
}

// message reads a message, which may be in fragments, and sends it back.
func (a *answering) message() error {
	a.msg = append(a.msg[:0], make([]byte, replyRoom)...)
	for {
		h, err := a.frame()
		if err != nil {
			return err
		}
		if h.First&wire.Fin != 0 {
			break
		}
	}
	text := a.msg[replyRoom:]
	if !a.s.said[string(text)] {
		return errContent
	}
	head := wire.AppendHeader(make([]byte, 0, replyRoom), wire.Fin|wire.OpText, len(text), nil)
	from := replyRoom - len(head)
	copy(a.msg[from:], head)
	a.s.echoes.Add(1)
	_, err := a.nc.Write(a.msg[from:])
	return err
}

// frame reads one frame and appends its payload to the message.
func (a *answering) frame() (wire.Header, error) {
	h, n := wire.ParseHeader(a.buf[a.at:])
	for n == 0 {
		if err := a.read(); err != nil {
			return h, err
		}
		h, n = wire.ParseHeader(a.buf[a.at:])
	}
	if !h.Masked || h.First&0x08 != 0 {
		return h, errUnmasked
	}
	a.at += n
	from := len(a.msg)
	for missing := h.Length; missing > 0; {
		if a.at == len(a.buf) {
			if err := a.read(); err != nil {
				return h, err
			}
		}
		k := min(missing, len(a.buf)-a.at)
		a.msg = append(a.msg, a.buf[a.at:a.at+k]...)
		a.at += k
		missing -= k
	}
	wire.Mask(a.msg[from:], h.Key)
	return h, nil
}

// read reads once behind what is unused.
func (a *answering) read() error {
	a.buf = a.buf[:copy(a.buf, a.buf[a.at:])]
	a.at = 0
	n, err := a.nc.Read(a.buf[len(a.buf):cap(a.buf)])
	a.buf = a.buf[:len(a.buf)+n]
	return err
}
