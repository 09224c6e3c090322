// Package h3 carries WebSocket over HTTP/3 (RFC 9220), with the QUIC of
// github.com/quic-go/quic-go. It is a module of its own, so that only programs
// that import it have quic-go in their go.sum.
//
// A client sets the hook of its Dialer:
//
//	t := &h3.Transport{Fallback: true}
//	d := &ws.Dialer{OpenStream: t.OpenStream}
//	c, err := d.Dial(ctx, "wss://example.com/chat")
//
// A server needs no code of this package but the configuration of QUIC:
// ws.Accept and ws.Handler serve the requests of an http3.Server as they serve
// those of an http.Server.
//
//	s := &http3.Server{Addr: ":443", TLSConfig: cfg, Handler: mux, QUICConfig: h3.ServerConfig(1000)}
//
// See the example for one that serves HTTP/1.1, HTTP/2 and HTTP/3 together.
package h3
