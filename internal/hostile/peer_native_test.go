//go:build !js

package hostile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The first bytes of frames (RFC 6455 section 5.2).
const (
	fin          = 0x80
	rsv1         = 0x40
	rsv2         = 0x20
	rsv3         = 0x10
	continuation = 0x0
	text         = 0x1
	binaryFrame  = 0x2
	closing      = 0x8
	ping         = 0x9
	pong         = 0xA
)

// peer is the raw other end of a connection under test. It speaks bytes, and
// has no code in common with the library.
type peer struct {
	testing.TB
	conn   net.Conn
	in     *bufio.Reader
	client bool // the library's end is a client: this one a server
}

// shake does the peer's part of the handshake.
func (p *peer) shake(extensions string) error {
	line := ""
	if extensions != "" {
		line = "Sec-WebSocket-Extensions: " + extensions
	}
	if p.client {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return err
		}
		_, err = io.WriteString(p.conn, strings.Replace(response(r, line), "\r\n\r\n\r\n", "\r\n\r\n", 1))
		return err
	}
	out := request
	if line != "" {
		out = strings.Replace(request, "\r\n\r\n", "\r\n"+line+"\r\n\r\n", 1)
	}
	if _, err := io.WriteString(p.conn, out); err != nil {
		return err
	}
	r, err := http.ReadResponse(p.in, nil)
	if err == nil && r.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the response is %s", r.Status)
	}
	return err
}

// key is the peer's mask key when it is a client.
var key = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// header returns a frame's header, whose length takes as many bits as size
// says: 7, 16 or 64.
func (p *peer) header(first byte, size int, length uint64) []byte {
	b := []byte{first, 0}
	switch size {
	case 7:
		b[1] = byte(length)
	case 16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, length)
	}
	if !p.client {
		b[1] |= 0x80
		b = append(b, key[:]...)
	}
	return b
}

// frame returns a frame as this peer has to send it.
func (p *peer) frame(first byte, payload []byte) []byte {
	size := 7
	if len(payload) > 125 {
		size = 16
	}
	if len(payload) > 65535 {
		size = 64
	}
	b := p.header(first, size, uint64(len(payload)))
	start := len(b)
	b = append(b, payload...)
	if !p.client {
		for i := range payload {
			b[start+i] ^= key[i%4]
		}
	}
	return b
}

func (p *peer) frames(first byte, payloads ...string) (all []byte) {
	for _, s := range payloads {
		all = append(all, p.frame(first, []byte(s))...)
	}
	return all
}

// close returns a close frame.
func (p *peer) close(code int, reason string) []byte {
	return p.frame(fin|closing, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// send sends bytes. It is no fault when the library stops taking them.
func (p *peer) send(pieces ...[]byte) error {
	p.conn.SetWriteDeadline(time.Now().Add(patience))
	for _, b := range pieces {
		if _, err := p.conn.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// received is a frame that the library sent, unmasked.
type received struct {
	first   byte
	key     [4]byte
	payload []byte
}

// next returns the next frame that the library sends, which must keep the
// rules.
func (p *peer) next() (f received, err error) {
	if p.in.Buffered() == 0 {
		p.conn.SetReadDeadline(time.Now().Add(patience))
	}
	var b [8]byte
	if _, err := io.ReadFull(p.in, b[:2]); err != nil {
		return f, err
	}
	f.first = b[0]
	masked, length := b[1]&0x80 != 0, uint64(b[1]&0x7F)
	if masked != p.client {
		return f, fmt.Errorf("a frame with mask bit %v (RFC 6455 section 5.1)", masked)
	}
	if length > 125 {
		size := map[uint64]int{126: 2, 127: 8}[length]
		clear(b[:])
		if _, err := io.ReadFull(p.in, b[8-size:]); err != nil {
			return f, err
		}
		length = binary.BigEndian.Uint64(b[:])
	}
	if masked {
		if _, err := io.ReadFull(p.in, f.key[:]); err != nil {
			return f, err
		}
	}
	f.payload = make([]byte, length)
	if _, err = io.ReadFull(p.in, f.payload); err != nil {
		return f, err
	}
	for i := range f.payload {
		f.payload[i] ^= f.key[i%4]
	}
	return f, nil
}

// mustNext is next, and whatever is wrong ends the test.
func (p *peer) mustNext() received {
	p.Helper()
	f, err := p.next()
	if err != nil {
		p.Fatalf("the peer waits for a frame and gets: %v", err)
	}
	return f
}

// wantFrame compares the next frame that the library sends.
func (p *peer) wantFrame(first byte, payload string) {
	p.Helper()
	if f := p.mustNext(); f.first != first || string(f.payload) != payload {
		p.Fatalf("the peer got a frame %#x with %.50q, want %#x with %.50q", f.first, f.payload, first, payload)
	}
}

// wantClose passes over pongs and wants a close frame with the code. It returns
// the reason.
func (p *peer) wantClose(code int) string {
	p.Helper()
	for {
		switch f := p.mustNext(); {
		case f.first == fin|pong:
		case f.first == fin|closing && len(f.payload) == 0 && code == 1005:
			return ""
		case f.first != fin|closing || len(f.payload) < 2 || int(binary.BigEndian.Uint16(f.payload)) != code:
			p.Fatalf("the peer got a frame %#x with %.50q, want a close frame with code %d", f.first, f.payload, code)
		default:
			return string(f.payload[2:])
		}
	}
}

// wantEnd wants the end of the stream.
func (p *peer) wantEnd() {
	p.Helper()
	p.conn.SetReadDeadline(time.Now().Add(patience))
	if b, err := p.in.ReadByte(); err != io.EOF {
		p.Fatalf("the peer reads %#x, %v; want the end of the stream", b, err)
	}
}
