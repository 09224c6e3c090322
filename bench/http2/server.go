package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// server is a process that serves one version of HTTP, and a client for it.
type server struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string
	admin string
	h2    *h2.Transport // nil for HTTP/1.1
	d     *ws.Dialer
}

// start starts a server.
func start(ctx context.Context, protocol string, how manner) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"-serve", protocol}
	if how.flush {
		args = append(args, "-flush")
	}
	if how.accept {
		args = append(args, "-accept")
	}
	s := &server{name: protocol, cmd: exec.CommandContext(ctx, self, args...)}
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(bufio.NewReader(stdout), &s.addr, &s.admin); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	s.d = &ws.Dialer{NoGather: how.flush, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	if protocol == "h2" {
		s.h2 = new(h2.Transport)
		s.d.OpenStream = s.h2.OpenStream
	}
	return s, nil
}

func (s *server) stop() {
	if s.h2 != nil {
		s.h2.Close()
	}
	s.stdin.Close()
	s.cmd.Wait()
}

// dial opens n WebSockets.
func (s *server) dial(ctx context.Context, n int) ([]*ws.Conn, error) {
	all := make([]*ws.Conn, n)
	for i := range all {
		c, err := s.d.Dial(ctx, "wss://"+s.addr+"/")
		if err != nil {
			return nil, fmt.Errorf("%s, WebSocket %d: %w", s.name, i, err)
		}
		all[i] = c
	}
	return all, nil
}

// usage asks the server what it uses; held collects its garbage first.
func (s *server) usage(held bool) (u usage, err error) {
	path := "/"
	if held {
		path = "/held"
	}
	res, err := http.Get("http://" + s.admin + path)
	if err != nil {
		return u, err
	}
	defer res.Body.Close()
	return u, json.NewDecoder(res.Body).Decode(&u)
}

// certificate returns one for loopback.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
