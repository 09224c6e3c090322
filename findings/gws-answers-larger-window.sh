#!/usr/bin/env bash
# lxzan/gws v1.8.9, server: an offer of 9 bits is answered with 12, and a
# limit that the client said nothing of is set for it.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
go mod init example.com/finding >/dev/null 2>&1
go get github.com/lxzan/gws@v1.8.9 >/dev/null 2>&1
cat > main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"

	"github.com/lxzan/gws"
)

func main() {
	up := gws.NewUpgrader(&gws.BuiltinEventHandler{}, &gws.ServerOption{
		PermessageDeflate: gws.PermessageDeflate{
			Enabled:               true,
			ServerContextTakeover: true,
			ClientContextTakeover: true,
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r); err == nil {
			go c.ReadLoop()
		}
	}))
}
GO
go build -o server .
mkfifo port; ./server > port & pid=$!
read -r p < port
cat > ask.js <<'JS'
// Sends one opening handshake and the frames given in hexadecimal, and
// prints the status, the extensions, what frames came, and whether TCP ended.
const [port, fields, hex] = process.argv.slice(2);
const s = require('net').connect(+port, '127.0.0.1');
let b = Buffer.alloc(0), sent = false;
s.write('GET / HTTP/1.1\r\nHost: localhost:' + port + '\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
  fields.split('|').map(f => f + '\r\n').join('') + '\r\n');
const done = end => {
  const i = b.indexOf('\r\n\r\n'), head = b.subarray(0, i).toString('latin1');
  const ext = /^sec-websocket-extensions: (.*)$/im.exec(head);
  console.log([head.slice(9, 12), ext ? ext[1].trim() : '-',
    head.slice(9, 12) === '101' ? b.subarray(i + 4).toString('hex') : '', end].join(' / '));
  process.exit(0);
};
s.on('data', d => {
  b = Buffer.concat([b, d]);
  if (b.includes('\r\n\r\n') && !sent) {
    sent = true;
    if (hex) s.write(Buffer.from(hex, 'hex')); else done('not waited for');
  }
});
s.on('end', () => done('TCP ended'));
s.on('error', e => done(e.code));
setTimeout(() => done('TCP open after 2 s'), 2000);
JS
echo "version: github.com/lxzan/gws v1.8.9"
echo "done: offer permessage-deflate; server_max_window_bits=9 (RFC 7692 section 7.1.2.1)"
echo "standard: answer the same or a smaller value, or decline (section 7.1.2.1);
  client_max_window_bits only where the offer has it (section 7.1.2.2)"
got=$(timeout 30 node ask.js "$p" 'Connection: Upgrade|Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9' '')
echo "seen: $got"
[ "$got" = '101 / permessage-deflate; server_max_window_bits=12; client_max_window_bits=12 /  / not waited for' ] && echo "unchanged" || { echo "changed"; exit 1; }
