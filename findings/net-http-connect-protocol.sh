#!/usr/bin/env bash
# net/http of Go 1.26.8: http2xconnect=1 holds in the environment alone; the go
# command does not know it, and os.Setenv comes too late.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8
go version | grep -q go1.26.8 || { echo "cannot tell: Go 1.26.8 is not to be had"; exit 1; }
go mod init example.com/finding >/dev/null 2>&1
cat > main.go <<'GO'
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		os.Setenv("GODEBUG", "http2xconnect=1")
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, _ := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	s := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	s.ServeTLS(l, "", "")
}
GO
go build -o server .
{ echo '//go:debug http2xconnect=1'; cat main.go; } > line.go
said=$(go build -o /dev/null line.go 2>&1) && built=built || built=$(grep -o 'unknown.*' <<< "$said")
rm line.go
cat > ask.js <<'JS'
const session = require('http2').connect('https://localhost:' + process.argv[2], { rejectUnauthorized: false });
session.on('remoteSettings', (s) => { console.log(s.enableConnectProtocol ? 'announced' : 'not announced'); session.destroy(); });
session.on('error', (e) => { console.log(e.code); process.exit(1); });
JS
# ask ENVIRONMENT [ARGUMENT]: starts a server, and tells what its SETTINGS say.
ask() {
  local e=$1 p; shift
  rm -f port; mkfifo port
  GODEBUG=$e ./server "$@" > port & pid=$!
  read -r p < port
  timeout 30 node ask.js "$p"
  kill "$pid"; wait "$pid" 2>/dev/null || true; pid=
}
echo "version: $(go version)"
echo "done: a program built with the line //go:debug http2xconnect=1; SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 section 3)
  of an http.Server over TLS by itself, with os.Setenv in main, and with GODEBUG in the environment"
echo "expected: a setting that net/http reads can be set in the source, as Go's document on GODEBUG says"
got="$built; $(ask ''), $(ask '' setenv), $(ask http2xconnect=1)"
echo "seen: $got"
[ "$got" = 'unknown //go:debug setting "http2xconnect"; not announced, not announced, announced' ] && echo "unchanged" || { echo "changed"; exit 1; }
