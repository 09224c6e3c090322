// Package h2 opens WebSockets over HTTP/2 (RFC 8441), many on one TCP
// connection:
//
//	t := &h2.Transport{}
//	d := &ws.Dialer{OpenStream: t.OpenStream}
//	c, err := d.Dial(ctx, "wss://example.com/chat")
//
// Everything else, from the Dialer's options to the Conn, is as over HTTP/1.1:
// Conn.HTTPVersion tells them apart. The server has to announce extended
// CONNECT in its SETTINGS. One written in Go does so if it imports
// github.com/twinws/ws/xconnect.
//
// It is a client of its own, on the frames of golang.org/x/net/http2, since
// http.Transport sends no extended CONNECT.
//
// In a browser: absent; the browser uses HTTP/2 by itself.
package h2
