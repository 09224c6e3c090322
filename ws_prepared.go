package ws

import (
	"bytes"
	"context"
	"runtime"
)

// PreparedMessage is a message for many connections: framing and compression
// are done once for all of them. It may be used by any number of goroutines and
// connections at once, of servers and clients, with and without compression.
//
// Natively a server's frame is made once, and each compressed form when it is
// first used: one for each pair of level and window. It takes the memory of the
// message, and as much again for each compressed form at most.
//
// In a browser: the message is kept as a JavaScript object, which every send
// uses.
type PreparedMessage struct{ m prepared }

// Prepare returns the message of type typ with the payload p, which it copies.
// For text that is not UTF-8 it returns an [*ArgumentError].
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

// WritePrepared sends m as Write sends a message, with the same errors. For a
// nil m, or one that Prepare did not return, it returns an [*ArgumentError].
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

// prepares is a part of a home. It is separate from backend, so that a page
// that prepares nothing does not pay for it.
type prepares interface {
	WritePrepared(ctx context.Context, m prepared) error
}

var notPrepared = &ArgumentError{Name: "m", Problem: "is not a prepared message: use one that Prepare returned"}
