package ws

import (
	"bytes"
	"context"
	"runtime"
)

// PreparedMessage is a message for many connections: what can be done once for
// all of them is done once. It may be used by any number of goroutines and
// connections at once, servers' and clients', with compression and without.
//
// Natively a server's frame is made once, and each compressed form at its first
// use: one for each pair of a level and a window. Memory is the message's size,
// and as much again for each form.
//
// In a browser: the message is kept as a JavaScript object, which every send
// uses.
type PreparedMessage struct{ m prepared }

// Prepare returns the message of type typ with the payload p, which it copies.
// Text that is not UTF-8 returns an [*ArgumentError].
func Prepare(typ MessageType, p []byte) (*PreparedMessage, error) {
	const op = "prepare"
	if err := checkType(typ); err != nil {
		return nil, wrap(op, err)
	}
	if typ == MessageText && !validText(p) {
		return nil, wrap(op, notUTF8)
	}
	m, err := prepare(typ, bytes.Clone(p))
	if err != nil {
		return nil, wrap(op, err)
	}
	return &PreparedMessage{m}, nil
}

// WritePrepared sends m as Write sends a message, with the same errors. A nil
// m, or one that Prepare did not return, returns an [*ArgumentError].
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	const op = "write"
	if err := checkContext(ctx); err != nil {
		return wrap(op, err)
	}
	if m == nil || m.m == nil {
		return wrap(op, notPrepared)
	}
	err := c.b.(prepares).WritePrepared(ctx, m.m)
	runtime.KeepAlive(c)
	return wrap(op, err)
}

// prepares is a part of what a home provides. It stands apart from backend, so
// that a page that prepares nothing does not pay for it.
type prepares interface {
	WritePrepared(ctx context.Context, m prepared) error
}

var notPrepared = &ArgumentError{Name: "m", Problem: "is no prepared message: use what Prepare returned"}
