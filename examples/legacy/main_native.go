//go:build !js

// Command legacy has one server that speaks every version of the protocol that
// browsers have shipped, and a client of each version that talks to it. It
// prints a line for each.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

var drafts = []legacy.Draft{legacy.RFC6455, legacy.Hybi10, legacy.Hybi07, legacy.Hixie76, legacy.Hixie75}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := http.Server{Handler: legacy.Handler(echo, nil), ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l)
	defer s.Close()
	for _, d := range drafts {
		line, err := talk(ctx, "ws://"+l.Addr().String()+"/echo", d)
		if err != nil {
			return fmt.Errorf("%v: %w", d, err)
		}
		fmt.Fprintf(out, "%-8v  %s\n", d, line)
	}
	return nil
}

// echo serves all of them: what a version lacks, its clients cannot ask for.
func echo(ctx context.Context, c api.Conn) {
	for {
		typ, p, err := c.Read(ctx)
		if err != nil || c.Write(ctx, typ, p) != nil {
			return
		}
	}
}

// talk is a client of one version. It says what came back.
func talk(ctx context.Context, url string, d legacy.Draft) (string, error) {
	c, err := legacy.Dial(ctx, url, d, nil)
	if err != nil {
		return "", err
	}
	defer c.CloseNow()
	text, err := echoed(ctx, c, ws.MessageText, "Hello, wörld")
	if err != nil {
		return "", err
	}
	binary, err := echoed(ctx, c, ws.MessageBinary, "\x00\x01\xfe\xff")
	if errors.Is(err, errors.ErrUnsupported) {
		binary = "no binary messages"
	} else if err != nil {
		return "", err
	}
	if err := c.Close(ws.StatusNoStatusRcvd, ""); err != nil {
		return "", err
	}
	return fmt.Sprintf("text %s, %s, closed", text, binary), nil
}

// echoed sends a message, and returns what comes back, quoted.
func echoed(ctx context.Context, c api.Conn, typ ws.MessageType, message string) (string, error) {
	if err := c.Write(ctx, typ, []byte(message)); err != nil {
		return "", err
	}
	_, p, err := c.Read(ctx)
	if typ == ws.MessageBinary {
		return fmt.Sprintf("binary % x", p), err
	}
	return fmt.Sprintf("%q", p), err
}
