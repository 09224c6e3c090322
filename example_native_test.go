//go:build !js

package ws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// startServer starts a server that echoes, for the examples of clients.
func startServer() (url string, stop func()) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: []string{"chat"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			typ, p, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), typ, p) != nil {
				return
			}
		}
	}))
	return "ws" + strings.TrimPrefix(s.URL, "http"), s.Close
}

func ExampleDial() {
	url, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := ws.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()

	if err := c.Write(ctx, ws.MessageText, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	typ, p, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %s\n", typ, p)
	fmt.Println(c.Close(ws.StatusNormalClosure, ""))
	// Output:
	// text: hello
	// <nil>
}

func ExampleDial_refused() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "members only", http.StatusForbidden)
	}))
	defer s.Close()

	_, err := ws.Dial(context.Background(), s.URL, nil)
	var refused *ws.HandshakeError
	if errors.As(err, &refused) {
		fmt.Printf("%d: %s", refused.Status, refused.Body)
	}
	// Output:
	// 403: members only
}

func ExampleDialer() {
	url, stop := startServer()
	defer stop()

	d := &ws.Dialer{
		DialOptions: ws.DialOptions{
			Subprotocols: []string{"chat"},
			Header:       http.Header{"Authorization": {"Bearer sesame"}},
		},
		HandshakeTimeout: 5 * time.Second,
		Keepalive:        &ws.Keepalive{Idle: 20 * time.Second},
	}
	c, err := d.Dial(context.Background(), url)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	fmt.Println(c.Subprotocol())
	// Output:
	// chat
}

func ExampleAccept() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{OriginPatterns: []string{"https://*.example.com"}})
		if err != nil {
			log.Print(err) // the client has been answered
			return
		}
		defer c.CloseNow()
		for {
			typ, p, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), typ, p); err != nil {
				return
			}
		}
	}))
	defer s.Close()

	fmt.Println(ask(s.URL, "hello"))
	// Output:
	// hello
}

// ask sends text to url and returns the answer.
func ask(url, text string) string {
	ctx := context.Background()
	c, err := ws.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, ws.MessageText, []byte(text)); err != nil {
		log.Fatal(err)
	}
	_, p, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	return string(p)
}

func ExampleHandler() {
	hello := ws.Handler(func(ctx context.Context, c *ws.Conn) {
		for {
			typ, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			if err := c.Write(ctx, typ, append([]byte("hello "), p...)); err != nil {
				return
			}
		}
	}, nil)
	server := httptest.NewServer(hello) // or http.Handle("/hello", hello)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := ws.Dial(ctx, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, ws.MessageText, []byte("Alice")); err != nil {
		log.Fatal(err)
	}
	_, p, err := c.Read(ctx)
	fmt.Println(string(p), err)
	fmt.Println(c.Close(ws.StatusNormalClosure, ""))
	// Output:
	// hello Alice <nil>
	// <nil>
}

func ExampleUpgrade() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		ctx := context.Background()
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c, err := ws.Upgrade(ctx, nc, nil)
				if err != nil {
					log.Print(err) // nc has been closed
					return
				}
				defer c.CloseNow()
				if typ, p, err := c.Read(ctx); err == nil {
					c.Write(ctx, typ, p)
					c.Close(ws.StatusNormalClosure, "")
				}
			}()
		}
	}()

	fmt.Println(ask("ws://"+l.Addr().String(), "hello"))
	// Output:
	// hello
}

func ExampleAcceptOptions_check() {
	opts := &ws.AcceptOptions{
		Check: func(r *handshake.Request) error {
			if r.Header.Get("Authorization") != "Bearer sesame" {
				return &ws.HandshakeError{Status: http.StatusUnauthorized, Body: []byte("who are you?")}
			}
			return nil
		},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, opts); err == nil {
			c.Close(ws.StatusNormalClosure, "welcome")
		}
	}))
	defer s.Close()

	for _, token := range []string{"guess", "sesame"} {
		c, err := ws.Dial(context.Background(), s.URL, &ws.DialOptions{
			Header: http.Header{"Authorization": {"Bearer " + token}},
		})
		var refused *ws.HandshakeError
		if errors.As(err, &refused) {
			fmt.Printf("%d: %s\n", refused.Status, refused.Body)
			continue
		}
		_, _, err = c.Read(context.Background())
		fmt.Println(ws.CloseStatus(err))
		c.CloseNow()
	}
	// Output:
	// 401: who are you?
	// 1000 normal closure
}

func ExampleConn_Writer() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, err := ws.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()

	w, err := c.Writer(ctx, ws.MessageText)
	if err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		fmt.Fprintf(w, "part %d\n", i)
	}
	if err := w.Close(); err != nil { // ends the message
		log.Fatal(err)
	}

	_, p, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", p)
	// Output:
	// part 0
	// part 1
	// part 2
}

func ExampleConn_Reader() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, err := ws.Dial(ctx, url, &ws.DialOptions{ReadLimit: -1}) // a stream needs no limit
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, ws.MessageBinary, make([]byte, 100_000)); err != nil {
		log.Fatal(err)
	}

	typ, r, err := c.Reader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	fmt.Println(typ, n, err)
	// Output:
	// binary 100000 <nil>
}

// A server that only sends: CloseRead answers pings and the client's close, and
// its context ends with the connection.
func ExampleConn_CloseRead() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx := c.CloseRead(r.Context())
		for i := 1; ctx.Err() == nil; i++ {
			if err := c.Write(ctx, ws.MessageText, fmt.Appendf(nil, "event %d", i)); err != nil {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}))
	defer s.Close()

	ctx := context.Background()
	c, err := ws.Dial(ctx, s.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	for range 3 {
		_, p, err := c.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", p)
	}
	fmt.Println(c.Close(ws.StatusNormalClosure, ""))
	// Output:
	// event 1
	// event 2
	// event 3
	// <nil>
}

// A proxy of the program's own choice, and whose refusal it was.
func ExampleDialer_proxy() {
	proxy, err := url.Parse("socks5h://user:password@proxy.example:1080")
	if err != nil {
		log.Fatal(err)
	}
	d := ws.Dialer{Proxy: http.ProxyURL(proxy)}
	d.NetDial = func(context.Context, string, string) (net.Conn, error) { // of this example: a proxy that refuses
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			request := make([]byte, 64)
			for _, answer := range []string{"\x05\x00", "\x05\x02"} {
				there.Read(request)
				io.WriteString(there, answer)
			}
		}()
		return here, nil
	}
	_, err = d.Dial(context.Background(), "wss://example.com/chat")
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok && e.Proxy != "" {
		fmt.Println("at the proxy", e.Proxy)
	}
	if e, ok := errors.AsType[*ws.SOCKSError](err); ok {
		fmt.Println(e)
	}
	// Output:
	// at the proxy proxy.example:1080
	// SOCKS reply 2: connection not allowed by ruleset
}

// A server of HTTP/1.1 and HTTP/2. For the latter, the program also imports
// github.com/twinws/ws/xconnect.
func ExampleConfigureHTTP2() {
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
	mux.Handle("/", http.FileServer(http.Dir("static")))

	server := &http.Server{Addr: ":8443", Handler: ws.GuardConnect(mux)}
	ws.ConfigureHTTP2(server)
	log.Fatal(server.ListenAndServeTLS("cert.pem", "key.pem"))
}

// A server that restarts: its clients are told to come back.
func ExampleGroup() {
	group := new(ws.Group)
	server := httptest.NewServer(ws.Handler(func(ctx context.Context, c *ws.Conn) {
		c.Read(ctx) // serves the connection
	}, &ws.AcceptOptions{Group: group}))
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := ws.Dial(ctx, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	go group.Shutdown(ctx, ws.StatusServiceRestart, "restarting")

	_, _, err = c.Read(ctx)
	fmt.Println(ws.CloseStatus(err))
	fmt.Println(group.Shutdown(ctx, ws.StatusServiceRestart, "restarting"), group.Len())
	// Output:
	// 1012 service restart
	// <nil> 0
}
