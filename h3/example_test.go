package h3_test

import (
	"context"
	"crypto/tls"
	"log"
	"net/http"

	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h3"
)

// A server of HTTP/1.1, HTTP/2 and HTTP/3 on one port. Alt-Svc tells clients of
// the first two that there is the third (RFC 7838). For WebSocket over HTTP/2
// the program also imports github.com/twinws/ws/xconnect.
func ExampleServerConfig() {
	mux := http.NewServeMux()
	mux.Handle("/chat", ws.Handler(func(ctx context.Context, c *ws.Conn) {
		log.Printf("%v by %s", c.RemoteAddr(), c.HTTPVersion())
		for {
			typ, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			if err := c.Write(ctx, typ, p); err != nil {
				return
			}
		}
	}, nil))
	handler := ws.GuardConnect(mux)

	cert, err := tls.LoadX509KeyPair("cert.pem", "key.pem")
	if err != nil {
		log.Fatal(err)
	}
	over3 := &http3.Server{
		Addr: ":443", Handler: handler,
		TLSConfig:  &tls.Config{Certificates: []tls.Certificate{cert}},
		QUICConfig: h3.ServerConfig(1000), // WebSockets on one connection
	}
	go func() { log.Fatal(over3.ListenAndServe()) }()

	over12 := &http.Server{
		Addr:      ":443",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			over3.SetQUICHeaders(w.Header())
			handler.ServeHTTP(w, r)
		}),
	}
	ws.ConfigureHTTP2(over12)
	log.Fatal(over12.ListenAndServeTLS("", ""))
}

// A client that prefers HTTP/3, and uses HTTP/1.1 where there is none.
func ExampleTransport() {
	t := &h3.Transport{Fallback: true}
	d := &ws.Dialer{OpenStream: t.OpenStream}
	ctx := context.Background()
	c, err := d.Dial(ctx, "wss://example.com/chat")
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	log.Print(c.HTTPVersion())
	c.Write(ctx, ws.MessageText, []byte("hello"))
}
