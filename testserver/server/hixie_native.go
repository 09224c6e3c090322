//go:build !js

package server

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/twinws/ws/wstest"
)

// The two drafts before hybi, whose handshakes and frames are written by hand
// here as those of RFC 6455 are in peer_native.go.
const (
	hixie75 = "hixie-75"
	hixie76 = "hixie-76"
)

// hixieOf is the draft of a request for an upgrade; "" if it is neither.
func hixieOf(r *http.Request) string {
	switch {
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"), r.Header.Get("Sec-WebSocket-Version") != "":
		return ""
	case r.Header.Get("Sec-WebSocket-Key1") != "":
		return hixie76
	}
	return hixie75
}

// answerHixie sends the response: the fixed lines in their order.
func (p *peer) answerHixie(r *http.Request, subprotocol string) error {
	title, prefix := "Web Socket", ""
	if p.draft == hixie76 {
		title, prefix = "WebSocket", "Sec-"
	}
	scheme := "ws://"
	if r.TLS != nil {
		scheme = "wss://"
	}
	res := "HTTP/1.1 101 " + title + " Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
		prefix + "WebSocket-Origin: " + r.Header.Get("Origin") + "\r\n" +
		prefix + "WebSocket-Location: " + scheme + r.Host + r.RequestURI + "\r\n"
	if subprotocol != "" {
		res += prefix + "WebSocket-Protocol: " + subprotocol + "\r\n"
	}
	proof, err := p.proof(r)
	if err == nil {
		_, err = io.WriteString(p.nc, res+"\r\n"+proof)
	}
	return err
}

// proof reads the 8 bytes behind the head of a request, and returns the 16
// behind that of the response; "" in hixie-75.
func (p *peer) proof(r *http.Request) (string, error) {
	if p.draft != hixie76 {
		return "", nil
	}
	all := make([]byte, 16)
	for i, name := range []string{"Sec-WebSocket-Key1", "Sec-WebSocket-Key2"} {
		digits := strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return -1
			}
			return c
		}, r.Header.Get(name))
		n, err := strconv.Atoi(digits)
		spaces := strings.Count(r.Header.Get(name), " ")
		if err != nil || spaces == 0 || n%spaces != 0 {
			return "", fmt.Errorf("%s is %q", name, r.Header.Get(name))
		}
		binary.BigEndian.PutUint32(all[4*i:], uint32(n/spaces))
	}
	if _, err := io.ReadFull(p.in, all[8:]); err != nil {
		return "", err
	}
	sum := md5.Sum(all)
	return string(sum[:]), nil
}

// hixieFrame is a frame of a hixie draft: a message, or, for a ping or pong, a
// frame that has to be discarded. hixie-75 closes without one.
func (p *peer) hixieFrame(op wstest.Opcode, payload []byte) []byte {
	switch {
	case op == opClose && p.draft == hixie76:
		return []byte{0xFF, 0}
	case op == opClose:
		return nil
	case op == opPing || op == opPong:
		return append([]byte{0x80, byte(len(payload))}, payload...)
	}
	return append(append([]byte{0}, payload...), 0xFF)
}

// endHixie ends the sending half, which is how hixie-75 closes.
func (p *peer) endHixie() error {
	h, ok := p.nc.(interface{ CloseWrite() error })
	if !ok {
		return p.nc.Close()
	}
	return h.CloseWrite()
}

// nextHixie is next in a hixie draft.
func (p *peer) nextHixie() (op wstest.Opcode, fin bool, payload []byte, err error) {
	typ, err := p.in.ReadByte()
	if err != nil {
		return 0, false, nil, err
	}
	if typ == 0 {
		payload, err = p.in.ReadBytes(0xFF)
		if err != nil {
			return 0, false, nil, err
		}
		return opText, true, payload[:len(payload)-1], nil
	}
	length, err := p.in.ReadByte()
	if err != nil {
		return 0, false, nil, err
	}
	if typ != 0xFF || length != 0 || p.draft == hixie75 {
		return 0, false, nil, errors.New("a frame that no client sends")
	}
	p.saw(parseClose(nil))
	return opClose, true, nil, nil
}
