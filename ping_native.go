//go:build !js

package ws

import (
	"context"
	"strconv"

	"github.com/twinws/ws/frame"
)

// PingPayload sends a ping with the payload p and blocks until a pong with that
// payload arrives (RFC 6455 section 5.5.2), or the pong of a later ping, since
// a peer may answer only the newest (section 5.5.3). It reads as Ping does. If
// p has more than 125 bytes, PingPayload returns an [*ArgumentError] and sends
// nothing. p is not retained.
//
// If several pings with the same payload are outstanding, each pong ends the
// oldest. Keepalive pings have no payload: their pong may answer an empty ping.
//
// In a browser: absent; a page cannot send pings.
func (c *Conn) PingPayload(ctx context.Context, p []byte) error {
	const op = "ping"
	if err := checkControl(ctx, p); err != nil {
		return wrap(op, err)
	}
	return wrap(op, c.b.(pings).PingPayload(ctx, p))
}

// Pong sends an unsolicited pong with the payload p, for example as a one-way
// heartbeat, to which no response is expected (RFC 6455 section 5.5.3). If p
// has more than 125 bytes, Pong returns an [*ArgumentError] and sends nothing.
// p is not retained. Pings are answered automatically, without Pong.
//
// When ctx ends while Pong waits for another frame to be sent, the pong is not
// sent; once sending has begun, it is sent all the same. Pong never ends the
// connection.
//
// In a browser: absent; a page cannot send pongs.
func (c *Conn) Pong(ctx context.Context, p []byte) error {
	const op = "pong"
	if err := checkControl(ctx, p); err != nil {
		return wrap(op, err)
	}
	return wrap(op, c.b.(pings).Pong(ctx, p))
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

// pings is what sends a ping or pong with a payload.
type pings interface {
	PingPayload(ctx context.Context, p []byte) error
	Pong(ctx context.Context, p []byte) error
}
