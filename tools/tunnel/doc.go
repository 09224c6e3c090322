// Package tunnel tests the library over connections that are not sockets: those
// of golang.org/x/crypto/ssh, which have no deadlines, and the streams of
// github.com/hashicorp/yamux, whose Close does not end a blocked Read.
package tunnel
