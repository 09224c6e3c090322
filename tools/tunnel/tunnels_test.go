package tunnel

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/yamux"
	"golang.org/x/crypto/ssh"
)

// tunnel carries connections over one TCP connection.
type tunnel struct {
	name string
	// open opens the tunnel, whose far end has serve serve each connection. The
	// returned function opens one.
	open func(t *testing.T, serve func(far net.Conn)) (dial func() (net.Conn, error))
}

var tunnels = []tunnel{{"ssh", openSSH}, {"yamux", openYamux}}

// loopback returns the two ends of a TCP connection.
func loopback(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// openSSH opens an SSH connection, whose server leads every direct-tcpip
// channel to serve.
func openSSH(t *testing.T, serve func(net.Conn)) func() (net.Conn, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	near, far := loopback(t)
	go serveSSH(far, key, serve)
	conn, channels, requests, err := ssh.NewClientConn(near, "", &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(key.PublicKey())})
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.NewClient(conn, channels, requests)
	t.Cleanup(func() { client.Close() })
	return func() (net.Conn, error) { return client.Dial("tcp", "203.0.113.1:80") }
}

func serveSSH(far net.Conn, key ssh.Signer, serve func(net.Conn)) {
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(key)
	_, channels, requests, err := ssh.NewServerConn(far, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		go serve(farChannel{channel, far})
	}
}

// farChannel is a channel as the server sees it. It has addresses, and no
// deadlines either.
type farChannel struct {
	ssh.Channel
	net.Conn
}

func (c farChannel) Read(p []byte) (int, error)  { return c.Channel.Read(p) }
func (c farChannel) Write(p []byte) (int, error) { return c.Channel.Write(p) }
func (c farChannel) Close() error                { return c.Channel.Close() }

func (farChannel) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (farChannel) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (farChannel) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// openYamux opens a session of yamux.
func openYamux(t *testing.T, serve func(net.Conn)) func() (net.Conn, error) {
	near, far := loopback(t)
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	server, err := yamux.Server(far, config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := yamux.Client(near, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	go func() {
		for {
			s, err := server.Accept()
			if err != nil {
				return
			}
			go serve(s)
		}
	}()
	return client.Open
}
