//go:build !js

package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/twinws/ws/api"
)

// peer is the server side of a connection whose every byte is written by hand
// here. It shares no code with packages frame and handshake, so that their
// mistakes do not go unnoticed.
type peer struct {
	nc        net.Conn
	in        *bufio.Reader
	over      <-chan struct{} // closed when the server is
	saw       func(end)       // is called with the client's close frame
	sentClose bool            // nothing may follow our close frame
	draft     string          // hixie75 or hixie76; "" for RFC 6455 and the hybi drafts

	// Of an extended CONNECT:
	w        http.ResponseWriter // nil for HTTP/1.1
	answered bool
	resets   bool // release resets the stream
}

// The opcodes of RFC 6455 section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// maxPayload is the longest frame in bytes that a peer reads.
const maxPayload = 64 << 20

// hijack takes over the connection from net/http, for at most hold and until
// the server is closed. release closes it.
func (s *Server) hijack(w http.ResponseWriter, r *http.Request) (p *peer, release func(), err error) {
	if isExtended(r) {
		return s.carry(w, r)
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("hijack: %w", err)
	}
	stop := context.AfterFunc(s.ctx, func() { nc.Close() })
	release = func() { stop(); nc.Close() }
	if err := nc.SetDeadline(time.Now().Add(hold)); err != nil {
		release()
		return nil, nil, err
	}
	return &peer{nc: nc, in: rw.Reader, over: s.ctx.Done()}, release, nil
}

// acceptOf is the Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455
// section 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// answer sends the 101 response of RFC 6455 section 4.2.2, or the 200 of RFC
// 8441 section 5.
func (p *peer) answer(key, subprotocol string) error {
	if p.w != nil {
		h := http.Header{}
		if subprotocol != "" {
			h.Set("Sec-WebSocket-Protocol", subprotocol)
		}
		return p.answerExtended(http.StatusOK, h)
	}
	res := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + acceptOf(key) + "\r\n"
	if subprotocol != "" {
		res += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n"
	}
	_, err := io.WriteString(p.nc, res+"\r\n")
	return err
}

// frameBytes is an unmasked frame, final or not, its length in the shortest
// form (RFC 6455 section 5.2).
func frameBytes(op byte, fin bool, payload []byte) []byte {
	b := []byte{op, 0}
	if fin {
		b[0] |= 0x80
	}
	switch n := len(payload); {
	case n <= 125:
		b[1] = byte(n)
	case n <= 65535:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return append(b, payload...)
}

// closePayload is the payload of a close frame (RFC 6455 section 5.5.1).
func closePayload(code api.StatusCode, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// frame is a whole frame in the peer's version of the protocol.
func (p *peer) frame(op byte, payload []byte) []byte {
	if p.draft != "" {
		return p.hixieFrame(op, payload)
	}
	return frameBytes(op, true, payload)
}

// send writes a whole frame.
func (p *peer) send(op byte, payload []byte) error {
	p.sentClose = p.sentClose || op == opClose
	if op == opClose && p.draft == hixie75 {
		return p.endHixie()
	}
	_, err := p.nc.Write(p.frame(op, payload))
	return err
}

// next reads a frame of the client, valid or not, and records a close frame.
func (p *peer) next() (op byte, fin bool, payload []byte, err error) {
	if p.draft != "" {
		return p.nextHixie()
	}
	var head [14]byte
	if _, err := io.ReadFull(p.in, head[:2]); err != nil {
		return 0, false, nil, err
	}
	if head[1]&0x80 == 0 {
		return 0, false, nil, errors.New("a client's frame must be masked (RFC 6455 section 5.1)")
	}
	n := uint64(head[1] & 0x7F)
	wide := 0
	switch n {
	case 126:
		wide = 2
	case 127:
		wide = 8
	}
	if _, err := io.ReadFull(p.in, head[2:2+wide+4]); err != nil {
		return 0, false, nil, err
	}
	if wide > 0 {
		n = 0
		for _, b := range head[2 : 2+wide] {
			n = n<<8 | uint64(b)
		}
	}
	if n > maxPayload {
		return 0, false, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(p.in, payload); err != nil {
		return 0, false, nil, err
	}
	mask := head[2+wide : 2+wide+4]
	subtle.XORBytes(payload, payload, bytes.Repeat(mask, len(payload)/4+1))
	op = head[0] & 0x0F
	if op == opClose {
		p.saw(parseClose(payload))
	}
	return op, head[0]&0x80 != 0, payload, nil
}

func parseClose(payload []byte) end {
	if len(payload) < 2 {
		return end{code: api.StatusNoStatusRcvd}
	}
	return end{api.StatusCode(binary.BigEndian.Uint16(payload)), string(payload[2:])}
}

// errEnded is what reading returns after the client's close frame.
var errEnded = errors.New("the client has closed")

// message reads the next message. It answers pings and close frames meanwhile.
func (p *peer) message() (op byte, payload []byte, err error) {
	for {
		o, fin, b, err := p.next()
		switch {
		case err != nil:
			return 0, nil, err
		case o == opClose:
			if !p.sentClose {
				p.send(opClose, b)
			}
			return 0, nil, errEnded
		case o == opPing:
			if err := p.send(opPong, b); err != nil {
				return 0, nil, err
			}
			continue
		case o == opPong:
			continue
		case o != opContinuation:
			op = o
		}
		if payload = append(payload, b...); fin {
			return op, payload, nil
		}
	}
}

// await reads n messages.
func (p *peer) await(n int) error {
	for range n {
		if _, _, err := p.message(); err != nil {
			return err
		}
	}
	return nil
}

// serve reads until the client has closed.
func (p *peer) serve() error {
	for {
		if _, _, err := p.message(); err != nil {
			return err
		}
	}
}

// reset ends the TCP connection, or the stream of an extended CONNECT, with a
// reset instead of a FIN.
func (p *peer) reset() error {
	if p.w != nil {
		p.resets = true
		return nil
	}
	nc := p.nc
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("a %T cannot be reset", nc)
	}
	return errors.Join(t.SetLinger(0), t.Close())
}
