#!/usr/bin/env bash
# npm ws 8.18.3, server with clientMaxWindowBits: a bare offer of
# permessage-deflate is answered with 400, not with a connection without it.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null; npm install --no-audit --no-fund ws@8.18.3 >/dev/null 2>&1
cat > server.js <<'JS'
const s = new (require('ws').WebSocketServer)({ port: 0, host: '127.0.0.1',
  perMessageDeflate: { clientMaxWindowBits: 12 } }, () => console.log(s.address().port));
JS
mkfifo port; node server.js > port & pid=$!
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
echo "version: npm ws 8.18.3, perMessageDeflate: { clientMaxWindowBits: 12 }"
echo "done: offer permessage-deflate without parameters (RFC 7692 section 7)"
echo "standard: a server that accepts no offer leaves the field out (RFC 7692 section 5)"
got=$(timeout 30 node ask.js "$p" 'Connection: Upgrade|Sec-WebSocket-Extensions: permessage-deflate' '')
echo "seen: $got"
[ "$got" = '400 / - /  / not waited for' ] && echo "unchanged" || { echo "changed"; exit 1; }
