//go:build !js

package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wstest"
)

// peer is the server side of a connection whose every byte is written by hand,
// by wstest or, in a hixie draft, here. It shares no code with packages frame
// and handshake, so that their mistakes do not go unnoticed.
type peer struct {
	*wstest.Peer
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

// The opcodes, for the scripts of all drafts.
const (
	opContinuation = wstest.OpContinuation
	opText         = wstest.OpText
	opBinary       = wstest.OpBinary
	opClose        = wstest.OpClose
	opPing         = wstest.OpPing
	opPong         = wstest.OpPong
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
	return &peer{Peer: wstest.NewPeer(s.ctx, nc, rw.Reader, r), nc: nc, in: rw.Reader, over: s.ctx.Done()}, release, nil
}

// answer sends the 101 response of RFC 6455 section 4.2.2, or the 200 of RFC
// 8441 section 5.
func (p *peer) answer(subprotocol string) error {
	var chosen []string
	if subprotocol != "" {
		chosen = []string{subprotocol}
	}
	h := http.Header{"Sec-WebSocket-Protocol": chosen}
	if p.w != nil {
		return p.answerExtended(http.StatusOK, h)
	}
	return p.Open(h)
}

// closePayload is the payload of a close frame (RFC 6455 section 5.5.1).
func closePayload(code api.StatusCode, reason string) []byte {
	return wstest.Close(code, reason).Payload
}

// frame is a whole frame in the peer's version of the protocol.
func (p *peer) frame(op wstest.Opcode, payload []byte) []byte {
	if p.draft != "" {
		return p.hixieFrame(op, payload)
	}
	return wstest.Frame{Opcode: op, Payload: payload}.Append(nil)
}

// send writes a whole frame.
func (p *peer) send(op wstest.Opcode, payload []byte) error {
	p.sentClose = p.sentClose || op == opClose
	if op == opClose && p.draft == hixie75 {
		return p.endHixie()
	}
	_, err := p.nc.Write(p.frame(op, payload))
	return err
}

// next reads a frame of the client, valid or not, and records a close frame.
func (p *peer) next() (op wstest.Opcode, fin bool, payload []byte, err error) {
	if p.draft != "" {
		return p.nextHixie()
	}
	f, err := p.Receive()
	if err == nil && !f.Masked {
		err = errors.New("a client's frame must be masked (RFC 6455 section 5.1)")
	}
	if err != nil {
		return 0, false, nil, err
	}
	if f.Opcode == opClose {
		p.saw(parseClose(f.Payload))
	}
	return f.Opcode, !f.NotLast, f.Payload, nil
}

func parseClose(payload []byte) end {
	code, reason := wstest.ParseClose(payload)
	return end{code, reason}
}

// errEnded is what reading returns after the client's close frame.
var errEnded = errors.New("the client has closed")

// message reads the next message. It answers pings and close frames meanwhile.
func (p *peer) message() (op wstest.Opcode, payload []byte, err error) {
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

// Reset ends the TCP connection, or the stream of an extended CONNECT, with a
// reset instead of a FIN.
func (p *peer) Reset() error {
	if p.w != nil {
		p.resets = true
		return nil
	}
	return p.Peer.Reset()
}
