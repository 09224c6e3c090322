#!/usr/bin/env bash
# lighttpd 1.4.69 (Debian), mod_proxy: while a WebSocket is open, a reload stops
# all new connections for seconds, and then ends it.
set -euo pipefail
dir=$(mktemp -d); pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download lighttpd=1.4.69-1 >/dev/null 2>&1 ||
  { echo "cannot tell: lighttpd 1.4.69-1 is not to be had here"; exit 1; }
dpkg -x lighttpd_*.deb root
cat > backend.js <<'JS'
// Accepts every opening handshake, and sends nothing more.
const crypto = require('crypto');
const s = require('http').createServer().on('upgrade', (r, c) => {
  c.on('error', () => {});
  c.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' +
    crypto.createHash('sha1').update(r.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64') + '\r\n\r\n');
});
s.listen(0, '127.0.0.1', () => console.log(s.address().port));
JS
mkfifo port; node backend.js > port & pids+=($!)
read -r b < port
p=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
cat > l.conf <<C
server.document-root = "$dir"
server.bind = "127.0.0.1"
server.port = $p
server.modules = ( "mod_proxy" )
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => $b ) ) )
proxy.header = ( "upgrade" => "enable" )
C
root/usr/sbin/lighttpd -D -f l.conf -m root/usr/lib/lighttpd > log 2>&1 & l=$!; pids+=("$l")
cat > ask.js <<'JS'
// Opens a WebSocket, reloads, and tries until another one opens.
const [port, pid] = process.argv.slice(2).map(Number);
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const open = () => new Promise(resolve => {
  const s = require('net').connect(port, '127.0.0.1', () => s.write('GET / HTTP/1.1\r\nHost: localhost\r\n' +
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'));
  const end = ok => { clearTimeout(timer); if (!ok) s.destroy(); resolve(ok && s); };
  const timer = setTimeout(() => end(false), 2000);
  s.once('data', d => end(String(d).startsWith('HTTP/1.1 101')));
  s.on('error', () => end(false)).on('close', () => end(false));
});
const within = async ms => {
  for (const until = Date.now() + ms; Date.now() < until; await sleep(50)) {
    const s = await open();
    if (s) return s;
  }
};
(async () => {
  const first = await within(10000);
  if (!first) return 'no server';
  process.kill(pid, 'SIGUSR1');
  await sleep(1000);
  const since = Date.now(), second = await within(30000), waited = Date.now() - since;
  return `the next one ${!second ? 'not' : waited > 4000 ? 'open, after more than 4 s' : 'open at once'}; ` +
    `the first ${first.destroyed ? 'lost' : 'still open'}`;
})().then(text => { console.log(text); process.exit(); });
JS
echo "version: lighttpd 1.4.69-1"
echo "done: a WebSocket opened, SIGUSR1 (Debian's reload) sent, another one opened"
echo "expected: a reload stops neither new connections nor open ones"
got=$(timeout 90 node ask.js "$p" "$l")
echo "seen: $got"
[ "$got" = 'the next one open, after more than 4 s; the first lost' ] && echo "unchanged" || { echo "changed"; exit 1; }
