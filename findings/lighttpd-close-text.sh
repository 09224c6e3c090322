#!/usr/bin/env bash
# lighttpd 1.4.69 (Debian), mod_wstunnel: its close frame holds the text "1000",
# which a client reads as the code 12592 and the reason "00".
set -euo pipefail
dir=$(mktemp -d); pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download lighttpd=1.4.69-1 >/dev/null 2>&1 ||
  { echo "cannot tell: lighttpd 1.4.69-1 is not to be had here"; exit 1; }
dpkg -x lighttpd_*.deb root
cat > backend.js <<'JS'
const s = require('net').createServer(c => { c.on('error', () => {}); c.once('data', () => c.end('ok')); });
s.listen(0, '127.0.0.1', () => console.log(s.address().port));
JS
mkfifo port; node backend.js > port & pids+=($!)
read -r b < port
p=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
cat > l.conf <<C
server.document-root = "$dir"
server.bind = "127.0.0.1"
server.port = $p
server.modules = ( "mod_wstunnel" )
wstunnel.server = ( "/" => ( ( "host" => "127.0.0.1", "port" => $b ) ) )
C
root/usr/sbin/lighttpd -D -f l.conf -m root/usr/lib/lighttpd > log 2>&1 & pids+=($!)
cat > ask.js <<'JS'
// Sends an opening handshake and close 1000, and prints what the answer's
// payload reads as.
const port = +process.argv[2];
let tries = 0;
const ask = () => {
  const s = require('net').connect(port, '127.0.0.1');
  let b = Buffer.alloc(0), sent = false, up = false;
  s.on('connect', () => { up = true; s.write('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
    'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'); });
  s.on('data', d => {
    b = Buffer.concat([b, d]);
    if (!sent && b.includes('\r\n\r\n')) { sent = true; s.write(Buffer.from('88820000000003e8', 'hex')); }
  });
  s.on('error', () => {});
  s.on('close', () => {
    if (!up) return ++tries < 100 ? setTimeout(ask, 50) : console.log('no server');
    const i = b.indexOf('\r\n\r\n'), head = b.subarray(0, i).toString('latin1');
    let r = b.subarray(i + 4), close = '-';
    while (r.length >= 2) {
      const n = r[1] & 127, d = r.subarray(2, 2 + n);
      if ((r[0] & 15) === 8) close = n < 2 ? 'empty' : d.readUInt16BE(0) + ' ' + d.subarray(2);
      r = r.subarray(2 + n);
    }
    console.log(head.slice(9, 12) + ' / close ' + close);
  });
  setTimeout(() => s.destroy(), 8000).unref();
};
ask();
JS
echo "version: lighttpd 1.4.69-1"
echo "done: an opening handshake, then close 1000 (RFC 6455 section 5.5.1)"
echo "standard: a close frame's first two bytes are the code as a number (section 5.5.1)"
got=$(timeout 30 node ask.js "$p")
echo "seen: $got"
[ "$got" = '101 / close 12592 00' ] && echo "unchanged" || { echo "changed"; exit 1; }
