//go:build !unix

package main

import (
	"net"
	"testing"
)

// closedPort returns a port of 127.0.0.1 at which nothing listens any more.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
