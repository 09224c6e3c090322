//go:build !js

package wsnet_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// echo serves connections that are echoed, for the examples of clients.
func echo() (url string, stop func()) {
	l := wsnet.NewListener(nil)
	s := httptest.NewServer(l)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	return "ws" + strings.TrimPrefix(s.URL, "http"), func() { l.Close(); s.Close() }
}

func ExampleDial() {
	url, stop := echo()
	defer stop()

	conn, err := wsnet.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintln(conn, "hello")
	line, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	// Output: "hello\n" <nil>
}

// A deadline that has passed ends one call, not the connection.
func ExampleConn() {
	url, stop := echo()
	defer stop()
	c, err := ws.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn := wsnet.Conn(c, ws.MessageBinary)
	defer conn.Close()

	p := make([]byte, 5)
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err = conn.Read(p)
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

	conn.SetReadDeadline(time.Time{})
	io.WriteString(conn, "hello")
	_, err = io.ReadFull(conn, p)
	fmt.Println(string(p), err)
	// Output:
	// true
	// hello <nil>
}

// HTTP over WebSocket: both a server and a client of package http run over it.
func ExampleListener() {
	l := wsnet.NewListener(nil)
	outer := httptest.NewServer(l) // http.Handle("/tunnel", l)
	defer outer.Close()
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from %s", r.Host)
	}))
	defer l.Close()

	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return wsnet.Dial(ctx, "ws"+strings.TrimPrefix(outer.URL, "http"), nil)
		},
	}}
	defer client.CloseIdleConnections()
	r, err := client.Get("http://inside.example/")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	fmt.Println(string(body), err)
	// Output: hello from inside.example <nil>
}
