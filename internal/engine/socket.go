package engine

import (
	"io"
	"net"
	"syscall"
)

// socket lets a read wait for bytes without memory to put them into. It is the
// zero value for a stream that cannot.
type socket struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // reads if there is something
}

// readNow reads from a socket without waiting. Where there is nothing yet it
// returns again. It is nil on systems whose sockets cannot be read like this.
var readNow func(fd uintptr, p []byte) (n int, again bool, err error)

// newSocket looks whether s is a TCP or Unix connection of package net itself:
// what only wraps one has a Read of its own.
func (c *Conn) newSocket(s Stream) socket {
	var raw syscall.RawConn
	var err error
	switch s := s.(type) {
	case *net.TCPConn:
		raw, err = s.SyscallConn()
	case *net.UnixConn:
		if s.LocalAddr().Network() != "unix" {
			return socket{} // of datagrams, an empty one is no end
		}
		raw, err = s.SyscallConn()
	}
	if raw == nil || err != nil || readNow == nil {
		return socket{}
	}
	return socket{raw, c.tryRead}
}

// readSocket reads once from the socket, into p or into the input. While it
// waits for the first byte of a message nothing is held.
func (c *Conn) readSocket(p []byte) (int, error) {
	c.into = p
	err := c.socket.raw.Read(c.socket.try)
	c.into = nil
	c.wake()
	n, fault := c.got, c.fault
	c.got, c.fault = 0, nil
	if err == nil {
		err = fault
	}
	if e, ok := err.(*net.OpError); ok {
		e.Op = "read"
	}
	return n, err
}

// tryRead is called when there may be something to read, at first to find out.
// It must be: what came, the end included, before the wait is not told again.
func (c *Conn) tryRead(fd uintptr) (done bool) {
	c.wake()
	p := c.into
	if p == nil {
		p = c.in.room()
	}
	n, again, err := readNow(fd, p)
	switch {
	case again:
		c.in.release()
		c.rest()
		c.beginWait()
		return false
	case err != nil:
		s := c.stream.(net.Conn)
		err = &net.OpError{Net: s.LocalAddr().Network(), Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
	case n == 0:
		err = io.EOF
	case c.into == nil:
		c.in.w += n
	}
	c.got, c.fault = n, err
	return true
}
