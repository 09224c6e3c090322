// Package tunnel tries the library over connections that are no sockets: those
// of golang.org/x/crypto/ssh, which have no deadlines, and the streams of
// github.com/hashicorp/yamux, whose Close does not end a Read that waits.
package tunnel
