#!/usr/bin/env bash
# gorilla/websocket v1.5.3, client: after both close frames its TCP
# connection stays open until the program closes it.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
go mod init example.com/finding >/dev/null 2>&1
go get github.com/gorilla/websocket@v1.5.3 >/dev/null 2>&1
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	sawEOF := make(chan bool, 1)
	read := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c.ReadMessage() // the client's close; the answer goes out in here
		<-read          // the client has read the answer
		raw := c.UnderlyingConn()
		raw.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, err = raw.Read(make([]byte, 1))
		sawEOF <- !errors.Is(err, os.ErrDeadlineExceeded)
	}))
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
	_, _, err = c.ReadMessage()
	close(read)
	eof := <-sawEOF
	fmt.Println("seen: the client read:", err)
	fmt.Println("seen: the server saw TCP end within 2 s:", eof)
	if !websocket.IsCloseError(err, 1000) || eof {
		os.Exit(1)
	}
}
GO
echo "version: github.com/gorilla/websocket v1.5.3"
echo "done: the client sends close 1000 and reads the answer (RFC 6455 section 5.5.1)"
echo "standard: both may close TCP now, the server first (RFC 6455 section 7.1.1);"
echo "  expected here was a client that lets go once a read has returned the close"
timeout 60 go run . && echo "unchanged" || { echo "changed"; exit 1; }
