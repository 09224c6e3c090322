package h2_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

func ExampleTransport() {
	server := httptest.NewUnstartedServer(ws.Handler(func(ctx context.Context, c *ws.Conn) {
		_, p, err := c.Read(ctx)
		if err == nil {
			c.Write(ctx, ws.MessageText, append([]byte("hello, "), p...))
		}
	}, nil))
	server.EnableHTTP2 = true // and the program imports github.com/twinws/ws/xconnect
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	t := &h2.Transport{}
	defer t.Close()
	d := &ws.Dialer{
		OpenStream: t.OpenStream,
		TLSConfig:  &tls.Config{RootCAs: roots},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, name := range []string{"Ada", "Grace"} { // on one TCP connection
		c, err := d.Dial(ctx, "wss"+server.URL[len("https"):])
		if err != nil {
			log.Fatal(err)
		}
		if err := c.Write(ctx, ws.MessageText, []byte(name)); err != nil {
			log.Fatal(err)
		}
		_, p, err := c.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(p), "by", c.HTTPVersion())
		c.Close(ws.StatusNormalClosure, "")
	}
	// Output:
	// hello, Ada by HTTP/2.0
	// hello, Grace by HTTP/2.0
}
