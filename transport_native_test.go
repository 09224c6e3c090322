//go:build !js

package ws_test

import (
	"context"
	"errors"
	"net"
	"time"
)

// without is a connection without deadlines, as the channels of
// golang.org/x/crypto/ssh are.
type without struct{ net.Conn }

var errNoDeadlines = errors.New("deadlines are not supported")

func (without) SetDeadline(time.Time) error      { return errNoDeadlines }
func (without) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (without) SetWriteDeadline(time.Time) error { return errNoDeadlines }

// ignoring is a connection that takes deadlines and does not keep them.
type ignoring struct{ net.Conn }

func (ignoring) SetDeadline(time.Time) error      { return nil }
func (ignoring) SetReadDeadline(time.Time) error  { return nil }
func (ignoring) SetWriteDeadline(time.Time) error { return nil }

// late is a connection that takes no deadline but none.
type late struct{ net.Conn }

func (late) set(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return errNoDeadlines
}

func (l late) SetDeadline(t time.Time) error      { return l.set(t) }
func (l late) SetReadDeadline(t time.Time) error  { return l.set(t) }
func (l late) SetWriteDeadline(t time.Time) error { return l.set(t) }

// transports are what a connection may be to the library: all bounds hold on
// each.
var transports = map[string]func(net.Conn) net.Conn{
	"a pipe":                 func(nc net.Conn) net.Conn { return nc },
	"a wrapped pipe":         func(nc net.Conn) net.Conn { return struct{ net.Conn }{nc} },
	"no deadlines":           func(nc net.Conn) net.Conn { return without{nc} },
	"none but the zero time": func(nc net.Conn) net.Conn { return late{nc} },
	"deadlines ignored":      func(nc net.Conn) net.Conn { return ignoring{nc} },
}

// netDial is a Dialer's NetDial.
type netDial = func(ctx context.Context, network, addr string) (net.Conn, error)

// over makes of d one whose connections are what transport makes of them.
func over(transport func(net.Conn) net.Conn, d netDial) netDial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := d(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return transport(nc), nil
	}
}
