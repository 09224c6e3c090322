package engine

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// socket is the transport, if that lets a read wait for bytes without a buffer,
// or the socket below it, as below TLS.
type socket struct {
	raw syscall.RawConn       // nil for none
	try func(fd uintptr) bool // reads if there is something to read; nil if it is below
}

// direct reports whether the transport itself is the socket.
func (s *socket) direct() bool { return s.try != nil }

// newSocket returns the socket of t if it is a TCP or Unix connection of
// package net itself, on a system whose sockets can be read like this: a type
// that wraps one has its own Read.
func (c *Conn) newSocket(t Transport) socket {
	if !triesSockets {
		return socket{}
	}
	if raw := rawOf(t); raw != nil {
		return socket{raw, c.tryRead}
	}
	w, ok := t.(Wrapper)
	if !ok {
		return socket{}
	}
	// A type that wraps a socket will do too: it is only asked.
	if below, ok := w.NetConn().(syscall.Conn); ok {
		if raw, err := below.SyscallConn(); err == nil {
			return socket{raw: raw}
		}
	}
	return socket{}
}

// rawOf returns the raw form of a TCP or Unix connection, nil for others.
func rawOf(t Transport) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch t := t.(type) {
	case *net.TCPConn:
		raw, err = t.SyscallConn()
	case *net.UnixConn:
		if t.LocalAddr().Network() != "unix" {
			return nil // an empty datagram is not the end
		}
		raw, err = t.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}

// backlog is a question to a socket.
type backlog struct {
	ask  func(fd uintptr)
	some bool // bytes wait to be read
}

var backlogs = sync.Pool{New: func() any {
	b := new(backlog)
	b.ask = func(fd uintptr) { b.some = waits(fd) }
	return b
}}

// waitsBelow reports whether bytes wait in the socket below the transport, so
// that a Read of TLS, which returns one record, would probably not block. If it
// does, frames that are held back are late by gatherTime at most.
func (s *socket) waitsBelow() bool {
	if s.raw == nil || s.direct() {
		return false
	}
	b := backlogs.Get().(*backlog)
	b.some = false
	err := s.raw.Control(b.ask)
	some := b.some && err == nil
	backlogs.Put(b)
	return some
}

// readSocket reads once from the socket, into p or into the input. While it
// waits for the first byte of a message no buffer is held. It calls little
// while it waits, to keep the stack small: buffers are allocated here.
func (in *input) readSocket(p []byte) (*input, int, error) {
	c := in.c
	for {
		in.direct, in.into = p, p
		if p == nil {
			in.into = in.buf.room()
		}
		err := c.socket.raw.Read(c.socket.try)
		in = c.wake()
		if err != nil || in.into != nil {
			return in.readDone(p == nil, err)
		}
	}
}

// readDone returns the result of a read from the socket.
func (in *input) readDone(buffered bool, err error) (*input, int, error) {
	n, fault := in.got, in.fault
	in.direct, in.into, in.got, in.fault = nil, nil, 0, nil
	switch {
	case err != nil || fault != nil:
		return in, 0, in.c.socketError("read", err, fault)
	case n == 0:
		return in, 0, io.EOF
	case buffered:
		in.buf.took(n)
	}
	return in, n, nil
}

// writeSocket writes p to the socket. It does what the socket's Write does with
// less stack, and starts the time limit when it has to wait.
func (t *turn) writeSocket(p []byte) (int, error) {
	w, ok := writings.Get().(*writing)
	if !ok {
		w = new(writing)
		w.try = w.tryWrite
	}
	w.c, w.p = t.c, p
	err := t.c.socket.raw.Write(w.try)
	return w.done(err)
}

// writing is one write to a socket.
type writing struct {
	c      *Conn
	try    func(fd uintptr) bool // writes what it can of p
	p      []byte
	n      int   // bytes of p that were accepted
	fault  error // the system error
	waited bool
}

var writings sync.Pool

// done returns the result, and w to the pool.
func (w *writing) done(err error) (int, error) {
	c, n, fault := w.c, w.n, w.fault
	w.c, w.p, w.n, w.fault, w.waited = nil, nil, 0, nil, false
	writings.Put(w)
	if err != nil || fault != nil {
		err = c.socketError("write", err, fault)
	}
	return n, err
}

// socketError returns the error of a read or write that met err, or fault from
// the system.
func (c *Conn) socketError(op string, err, fault error) error {
	if err == nil {
		t := c.transport.(net.Conn)
		err = &net.OpError{Net: t.LocalAddr().Network(), Source: t.LocalAddr(), Addr: t.RemoteAddr(), Err: os.NewSyscallError(op, fault)}
	}
	if e, ok := err.(*net.OpError); ok {
		e.Op = op
	}
	return err
}
