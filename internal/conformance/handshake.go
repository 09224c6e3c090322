package conformance

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sampleKey is the key of RFC 6455 section 1.3.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// answerTo is the Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2).
func answerTo(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// dial makes the client's handshake, and checks the answer.
func (p *Peer) dial(c *Case) error {
	head := "GET / HTTP/1.1\r\nHost: conformance.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n"
	if c.Offer != "" {
		head += "Sec-WebSocket-Extensions: " + c.Offer + "\r\n"
	}
	if _, err := io.WriteString(p.conn, head+"\r\n"); err != nil {
		return err
	}
	res, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return err
	}
	h := res.Header
	agreed := strings.Join(h.Values("Sec-WebSocket-Extensions"), ", ")
	switch {
	case res.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("status %s", res.Status)
	case !strings.EqualFold(h.Get("Upgrade"), "websocket"), !strings.EqualFold(h.Get("Connection"), "Upgrade"):
		return fmt.Errorf("the fields Upgrade: %q and Connection: %q", h.Get("Upgrade"), h.Get("Connection"))
	case h.Get("Sec-WebSocket-Accept") != answerTo(sampleKey):
		return fmt.Errorf("the field Sec-WebSocket-Accept: %q", h.Get("Sec-WebSocket-Accept"))
	case agreed != c.Agree:
		return fmt.Errorf("the extensions %q were answered by %q, want %q", c.Offer, agreed, c.Agree)
	}
	return nil
}

// accept makes the server's handshake.
func (p *Peer) accept(c *Case) error {
	req, err := http.ReadRequest(p.in)
	if err != nil {
		return err
	}
	head := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: " + answerTo(req.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	if c.Agree != "" {
		head += "Sec-WebSocket-Extensions: " + c.Agree + "\r\n"
	}
	_, err = io.WriteString(p.conn, head+"\r\n")
	return err
}
