//go:build !js

package interop

import (
	"context"
	"net"
	"sync/atomic"
)

// traffic counts what a connection of ours carries. Only compressed ones are
// counted: the others are plain *net.TCPConn, which take other paths.
type traffic struct{ read, written atomic.Int64 }

type countedConn struct {
	*net.TCPConn
	t *traffic
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.t.read.Add(int64(n))
	return n, err
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.t.written.Add(int64(n))
	return n, err
}

// dial is for a Dialer's NetDial.
func (t *traffic) dial(count bool) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return t.of(count)(new(net.Dialer).DialContext(ctx, network, addr))
	}
}

func (t *traffic) of(count bool) func(net.Conn, error) (net.Conn, error) {
	return func(nc net.Conn, err error) (net.Conn, error) {
		if err != nil || !count {
			return nc, err
		}
		return countedConn{nc.(*net.TCPConn), t}, nil
	}
}

type countedListener struct {
	net.Listener
	count func(net.Conn, error) (net.Conn, error)
}

func (l countedListener) Accept() (net.Conn, error) { return l.count(l.Listener.Accept()) }

func (t *traffic) listener(l net.Listener, count bool) net.Listener {
	return countedListener{l, t.of(count)}
}
