//go:build !js

package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/twinws/ws"
)

// The request is looked at once its origin has been found to be right; what the
// connection needs of it, here the user, is captured.
func ExampleRequestHandler() {
	users := map[string]string{"s3cret": "ann"}
	h := ws.RequestHandler(func(r *http.Request) (func(context.Context, *ws.Conn), error) {
		session, err := r.Cookie("session")
		if err != nil {
			return nil, err
		}
		user, ok := users[session.Value]
		if !ok {
			return nil, errors.New("no such session")
		}
		return func(ctx context.Context, c *ws.Conn) {
			c.Write(ctx, ws.MessageText, []byte("hello "+user))
			<-ctx.Done()
		}, nil
	}, nil)
	s := httptest.NewServer(h)
	defer s.Close()

	url := "ws" + strings.TrimPrefix(s.URL, "http")
	for _, cookie := range []string{"session=s3cret", "session=guess"} {
		c, err := ws.Dial(context.Background(), url, &ws.DialOptions{Header: http.Header{"Cookie": {cookie}}})
		var refused *ws.HandshakeError
		if errors.As(err, &refused) {
			fmt.Println("refused:", refused.Status)
			continue
		}
		_, p, err := c.Read(context.Background())
		fmt.Println(string(p), err)
		c.CloseNow()
	}
	// Output:
	// hello ann <nil>
	// refused: 403
}

// A server on bare TCP routes by the path.
func ExampleReadHandshake() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	serve := func(nc net.Conn) {
		ctx := context.Background()
		h, err := ws.ReadHandshake(ctx, nc, nil)
		if err != nil {
			return // it has been answered
		}
		if h.Request.Target != "/chat" {
			h.Refuse(&ws.HandshakeError{Status: http.StatusNotFound})
			return
		}
		c, err := h.Accept(ctx, nil)
		if err != nil {
			return
		}
		c.Close(ws.StatusNormalClosure, "welcome to "+h.Request.Target)
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go serve(nc)
		}
	}()

	for _, path := range []string{"/chat", "/admin"} {
		c, err := ws.Dial(context.Background(), "ws://"+l.Addr().String()+path, nil)
		var refused *ws.HandshakeError
		if errors.As(err, &refused) {
			fmt.Println("refused:", refused.Status)
			continue
		}
		_, _, err = c.Read(context.Background())
		fmt.Println(ws.CloseStatus(err))
		c.CloseNow()
	}
	// Output:
	// 1000 normal closure
	// refused: 404
}

// A peer that takes long to say goodbye is given a second.
func ExampleConn_CloseContext() {
	url, stop := startServer()
	defer stop()
	c, err := ws.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	fmt.Println(c.CloseContext(ctx, ws.StatusNormalClosure, "done"))
	// Output:
	// <nil>
}
