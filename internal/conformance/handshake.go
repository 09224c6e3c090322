package conformance

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sampleKey is the key of RFC 6455 section 1.3.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

const extensionsField = "Sec-WebSocket-Extensions"

// answerTo is the Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2).
func answerTo(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// fields are the lines of a header for extensions: one for each line of list.
func fields(list string) (lines string) {
	if list == "" {
		return ""
	}
	for line := range strings.SplitSeq(list, "\n") {
		lines += extensionsField + ": " + line + "\r\n"
	}
	return lines
}

// dial makes the client's handshake, and checks the answer.
func (p *Peer) dial(c *Case) error {
	head := "GET / HTTP/1.1\r\nHost: conformance.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n" + fields(c.Offer) + "\r\n"
	if _, err := io.WriteString(p.conn, head); err != nil {
		return err
	}
	res, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return err
	}
	h := res.Header
	answer := strings.Join(h.Values(extensionsField), ", ")
	p.negotiated(c.Offer, answer)
	switch {
	case c.End.Kind == Refused:
		_, err := io.Copy(io.Discard, res.Body)
		if err == nil && res.StatusCode != c.End.Code {
			err = fmt.Errorf("status %s, want %d", res.Status, c.End.Code)
		}
		return err
	case res.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("status %s", res.Status)
	case !strings.EqualFold(h.Get("Upgrade"), "websocket"), !strings.EqualFold(h.Get("Connection"), "Upgrade"):
		return fmt.Errorf("the fields Upgrade: %q and Connection: %q", h.Get("Upgrade"), h.Get("Connection"))
	case h.Get("Sec-WebSocket-Accept") != answerTo(sampleKey):
		return fmt.Errorf("the field Sec-WebSocket-Accept: %q", h.Get("Sec-WebSocket-Accept"))
	}
	return p.answered(c, answer)
}

// negotiated notes what was said about extensions, if anything.
func (p *Peer) negotiated(offer, answer string) {
	if offer != "" || answer != "" {
		p.record.add(entry{note: fmt.Sprintf("offered %q, answered %q", offer, answer)})
	}
}

// answered takes a server's answer, whose parameters may come in any order.
func (p *Peer) answered(c *Case, answer string) error {
	got, err := parseDeflates(answer, false)
	if err != nil {
		return fmt.Errorf("the extensions %q were answered: %w", c.Offer, err)
	}
	want, err := parseDeflates(c.Agree, false)
	if err != nil {
		return err
	}
	if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
		return fmt.Errorf("the extensions %q were answered by %q, want %q", c.Offer, answer, c.Agree)
	}
	if len(got) > 0 {
		p.compress(got[0])
	}
	return nil
}

// accept makes the server's handshake, and checks what is offered.
func (p *Peer) accept(c *Case) error {
	req, err := http.ReadRequest(p.in)
	if err != nil {
		return err
	}
	offer := strings.Join(req.Header.Values(extensionsField), ", ")
	p.negotiated(offer, c.Agree)
	offers, err := parseDeflates(offer, true)
	if err == nil {
		err = c.Compression.checkOffers(offers)
	}
	if err != nil {
		return fmt.Errorf("the target offers %q: %w", offer, err)
	}
	if c.End.Kind != Refused && c.Agree != "" {
		if err := p.chosen(c.Agree, offers); err != nil {
			return err
		}
	}
	head := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: " + answerTo(req.Header.Get("Sec-WebSocket-Key")) + "\r\n" + fields(c.Agree) + "\r\n"
	_, err = io.WriteString(p.conn, head)
	return err
}

// chosen accepts the first offer that can be answered so.
func (p *Peer) chosen(answer string, offers []deflateParams) error {
	answers, err := parseDeflates(answer, false)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if o.admits(answers[0]) {
			p.compress(o.accepted(answers[0]))
			return nil
		}
	}
	return errors.New("no offer of the target's admits the answer of this case")
}
