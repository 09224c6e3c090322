//go:build !js

package ws

import (
	"context"
	"strconv"

	"github.com/twinws/ws/frame"
)

// PingPayload sends a ping with the payload p and waits for a pong with it (RFC
// 6455 section 5.5.2), or for that of a later ping, since a peer may answer
// only the newest (section 5.5.3). It reads as Ping does. p has at most 125
// bytes, else PingPayload returns an [*ArgumentError] and sends nothing. p is
// not kept.
//
// Of pings that wait with the same payload each pong ends the oldest. The
// keepalive's pings have no payload: an empty one may be answered by their
// pong.
//
// In a browser: absent; a page can send no ping.
func (c *Conn) PingPayload(ctx context.Context, p []byte) error {
	const op = "ping"
	if err := checkControl(ctx, p); err != nil {
		return wrap(op, err)
	}
	return wrap(op, native(c.b).PingPayload(ctx, p))
}

// Pong sends a pong with the payload p that no ping asked for, such as a sign
// of life in one direction, to which no answer is due (RFC 6455 section 5.5.3).
// p has at most 125 bytes, else Pong returns an [*ArgumentError] and sends
// nothing. p is not kept. Pings are answered without it.
//
// When ctx ends while Pong waits for another frame to be sent, nothing has
// happened; later the pong goes out all the same. It never ends the connection.
//
// In a browser: absent; a page can send no pong.
func (c *Conn) Pong(ctx context.Context, p []byte) error {
	const op = "pong"
	if err := checkControl(ctx, p); err != nil {
		return wrap(op, err)
	}
	return wrap(op, native(c.b).Pong(ctx, p))
}

// checkControl checks the arguments of who sends a control frame (RFC 6455
// section 5.5: 125 bytes at most).
func checkControl(ctx context.Context, p []byte) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	if len(p) > frame.MaxControlPayload {
		return argument("p", strconv.Itoa(len(p))+" bytes are too many for a ping or pong: send at most "+
			strconv.Itoa(frame.MaxControlPayload)+", or a message")
	}
	return nil
}
