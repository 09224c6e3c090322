// Package deadline adds deadlines to network connections that have none, such
// as the channels of an SSH connection.
package deadline

import (
	"crypto/tls"
	"net"
	"reflect"
	"sync"
	"time"
)

// Known reports whether nc is known to honor its deadlines: sockets and pipes
// of package net, the results of Give, TLS over one of them, and what has a
// method KeepsDeadlines() bool that says so, as the streams of package h2. For
// others this cannot be known in advance.
func Known(nc net.Conn) bool {
	switch nc := nc.(type) {
	case *net.TCPConn, *net.UnixConn, *Conn, *HalfConn:
		return true
	case *tls.Conn:
		return Known(nc.NetConn())
	case interface{ KeepsDeadlines() bool }:
		return nc.KeepsDeadlines()
	}
	return reflect.TypeOf(nc) == pipe()
}

// Given reports whether Give returned nc.
func Given(nc net.Conn) bool {
	switch nc.(type) {
	case *Conn, *HalfConn:
		return true
	}
	return false
}

// pipe is the type that net.Pipe returns, which package net does not export.
var pipe = sync.OnceValue(func() reflect.Type {
	nc, _ := net.Pipe()
	return reflect.TypeOf(nc)
})

// far is how far in the future the deadline is that Missing tries.
const far = time.Minute

// Missing returns nil if nc accepts deadlines in both directions, otherwise its
// error. It leaves nc without deadlines.
func Missing(nc net.Conn) error {
	at := time.Now().Add(far) // some accept only the zero time
	if err := nc.SetReadDeadline(at); err != nil {
		return err
	}
	if err := nc.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := nc.SetWriteDeadline(at); err != nil {
		return err
	}
	return nc.SetWriteDeadline(time.Time{})
}

// alarm is a deadline of one direction.
type alarm struct {
	at    time.Time
	timer *time.Timer
}

// over reports whether the deadline has passed.
func (a *alarm) over() bool { return !a.at.IsZero() && !time.Now().Before(a.at) }

// set sets the deadline, at which ring is called.
func (a *alarm) set(t time.Time, ring func()) {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.at = t; !t.IsZero() {
		a.timer = time.AfterFunc(time.Until(t), ring)
	}
}
