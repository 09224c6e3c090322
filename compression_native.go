//go:build !js

package ws

import (
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
)

// wish is what c requests in the handshake.
func (c *Compression) wish() handshake.DeflateOptions {
	return handshake.DeflateOptions{
		ServerNoContextTakeover: c.ServerNoContextTakeover, ClientNoContextTakeover: c.ClientNoContextTakeover,
		ServerMaxWindowBits: c.ServerMaxWindowBits, ClientMaxWindowBits: c.ClientMaxWindowBits,
	}
}

// offer is the value of a client's Sec-WebSocket-Extensions.
func (c *Compression) offer() string {
	if c == nil {
		return ""
	}
	return string(handshake.AppendExtensions(nil, c.wish().Offer()))
}

// confirm processes the server's response; CheckResponse has verified that it
// was offered.
func (c *Compression) confirm(answer []handshake.Extension) (*engine.Deflate, error) {
	if c == nil {
		return nil, nil
	}
	d, ok, err := c.wish().Confirm(answer)
	if !ok {
		return nil, err
	}
	e := c.deflate(d, true)
	e.Answer = string(handshake.AppendExtensions(nil, answer))
	return e, nil
}

// answer processes a client's offers. The second result is the value of the
// server's Sec-WebSocket-Extensions, "" when nothing was negotiated.
func (c *Compression) answer(offers []handshake.Extension) (*engine.Deflate, string) {
	if c == nil {
		return nil, ""
	}
	d, answer, ok := c.wish().Answer(offers)
	if !ok {
		return nil, ""
	}
	e := c.deflate(d, false)
	e.Answer = string(handshake.AppendExtensions(nil, []handshake.Extension{answer}))
	return e, e.Answer
}

// deflate is d as one side sees it.
func (c *Compression) deflate(d handshake.Deflate, client bool) *engine.Deflate {
	e := &engine.Deflate{
		Level:    c.Level,
		SendBits: d.ServerMaxWindowBits, SendTakeover: !d.ServerNoContextTakeover,
		ReceiveBits: d.ClientMaxWindowBits, ReceiveTakeover: !d.ClientNoContextTakeover,
	}
	if client {
		e.SendBits, e.ReceiveBits = e.ReceiveBits, e.SendBits
		e.SendTakeover, e.ReceiveTakeover = e.ReceiveTakeover, e.SendTakeover
	}
	e.Threshold = c.threshold(e.SendTakeover)
	return e
}

// extensions returns the negotiated extensions as the server named them. A side
// may use less than was negotiated, such as a smaller window.
func extensions(b backend) string {
	d, _ := native(b).Deflate()
	return d.Answer
}
