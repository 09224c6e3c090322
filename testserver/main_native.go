//go:build !js

// Command testserver is the test server for native and browser connections;
// package testserver/server lists its endpoints.
//
//	go run ./testserver [-addr 127.0.0.1:8080] [-page FOLDER]
//
// It prints "listening on http://HOST:PORT" when it is ready and exits on
// SIGINT and SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/twinws/ws/testserver/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.SetFlags(0)
		log.Fatal("testserver: ", err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("testserver", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on; port 0 chooses a free one")
	page := flags.String("page", "", "a folder to serve at /, with index.html, main.wasm and wasm_exec.js")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	s := server.New(server.Options{Page: *page})
	h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() {
		h.Close()
	})()
	fmt.Fprintf(stdout, "listening on http://%s\n", l.Addr())
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	s.Close()
	return nil
}
