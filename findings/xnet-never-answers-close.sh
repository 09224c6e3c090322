#!/usr/bin/env bash
# golang.org/x/net/websocket v0.40.0, server: a close frame gets no answer.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
go mod init example.com/finding >/dev/null 2>&1
go get golang.org/x/net/websocket@v0.40.0 >/dev/null 2>&1
cat > main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/net/websocket"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	http.Serve(l, websocket.Handler(func(c *websocket.Conn) { io.Copy(c, c) }))
}
GO
go build -o server .
npm init -y >/dev/null; npm install --no-audit --no-fund ws@8.18.3 >/dev/null 2>&1
mkfifo port; ./server > port & pid=$!
read -r p < port
echo "version: golang.org/x/net v0.40.0, peer: npm ws 8.18.3"
echo "done: after an echoed message the client sends close 1000 (RFC 6455 section 5.5.1)"
echo "standard: an endpoint that receives a close frame MUST send one back (section 5.5.1)"
got=$(timeout 30 node -e '
const c=new (require("ws"))(process.argv[1],{origin:"http://localhost"});
c.on("open",()=>c.send("a"));c.on("message",()=>c.close(1000));
c.on("error",e=>console.log(e.message));c.on("close",k=>console.log(k))' "ws://127.0.0.1:$p/")
echo "seen: the client's close event has the code $got"
[ "$got" = 1006 ] && echo "unchanged" || { echo "changed"; exit 1; }
