//go:build !js

package legacytest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"sync"
)

// wire is a connection of ours that gives what it reads in pieces of any size,
// as a slow network does, and remembers what was written first.
type wire struct {
	net.Conn
	random *rand.Rand // of the one reader

	mu      sync.Mutex
	request []byte // the first write
}

func newWire(nc net.Conn, seed uint64) *wire {
	return &wire{Conn: nc, random: rand.New(rand.NewPCG(seed, 1))}
}

func (w *wire) Read(p []byte) (int, error) {
	if len(p) > 1 {
		n := len(p)
		if w.random.IntN(4) == 0 {
			n = min(n, 16)
		}
		p = p[:1+w.random.IntN(n)]
	}
	return w.Conn.Read(p)
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	if w.request == nil {
		w.request = bytes.Clone(p)
	}
	w.mu.Unlock()
	return w.Conn.Write(p)
}

// CloseWrite is what TCP can, and a net.Conn need not: hixie-75 ends by it.
func (w *wire) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

// first is what was written first.
func (w *wire) first() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.request
}

// listener gives such connections.
type listener struct {
	net.Listener
	seed uint64
}

func (l listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newWire(nc, l.seed), nil
}

// dialer dials one.
type dialer struct {
	seed uint64
	wire *wire // the last one
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var nd net.Dialer
	nc, err := nd.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.wire = newWire(nc, d.seed)
	return d.wire, nil
}
