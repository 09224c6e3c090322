#!/usr/bin/env bash
# Caddy 2.6.2 (Debian), reverse_proxy: at a reload it sends the server a close
# frame that is not masked.
set -euo pipefail
dir=$(mktemp -d); pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download caddy=2.6.2-5 >/dev/null 2>&1 ||
  { echo "cannot tell: caddy 2.6.2-5 is not to be had here"; exit 1; }
dpkg -x caddy_*.deb root
cat > ask.js <<'JS'
// Serves WebSockets, opens one through Caddy, reloads Caddy, and prints what came
// to the server and to the client behind the opening handshake.
const crypto = require('crypto'), net = require('net'), fs = require('fs'), { spawn } = require('child_process');
const caddy = 'root/usr/bin/caddy', env = { ...process.env, HOME: '.', XDG_DATA_HOME: '.', XDG_CONFIG_HOME: '.' };
const free = () => new Promise(resolve => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
let server = Buffer.alloc(0);
const back = require('http').createServer().on('upgrade', (r, c) => {
  c.on('error', () => {}).on('data', d => server = Buffer.concat([server, d]));
  c.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' +
    crypto.createHash('sha1').update(r.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64') + '\r\n\r\n');
});
const frame = b => b.length < 4 ? 'nothing' : `${(b[0] & 15) === 8 ? 'a close frame' : 'another frame'} that is ${b[1] & 128 ? 'masked' : 'not masked'}`;
(async () => {
  await new Promise(resolve => back.listen(0, '127.0.0.1', resolve));
  const port = await free(), admin = await free();
  const config = n => fs.writeFileSync('Caddyfile', `{\n admin 127.0.0.1:${admin}\n auto_https off\n}\n` +
    `http://localhost:${port} {\n bind 127.0.0.1\n header X-N ${n}\n reverse_proxy 127.0.0.1:${back.address().port}\n}\n`);
  const run = word => spawn(caddy, [word, '--config', 'Caddyfile', '--adapter', 'caddyfile'], { env, stdio: 'ignore' });
  config(1);
  const running = run('run');
  process.on('exit', () => running.kill());
  let client, c;
  for (let i = 0; i < 200 && !client; i++) {
    c = net.connect(port, '127.0.0.1');
    const up = await new Promise(resolve => c.once('connect', () => resolve(true)).on('error', () => resolve(false)));
    if (up) client = Buffer.alloc(0); else await sleep(50);
  }
  if (!client) return 'no server';
  c.on('data', d => client = Buffer.concat([client, d])).on('error', () => {});
  c.write(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n');
  for (let i = 0; i < 200 && !client.includes('\r\n\r\n'); i++) await sleep(50);
  config(2);
  await new Promise(resolve => run('reload').on('exit', resolve));
  for (let i = 0; i < 100 && server.length < 4; i++) await sleep(50);
  return `to the client ${frame(client.subarray(client.indexOf('\r\n\r\n') + 4))}, to the server ${frame(server)}`;
})().then(text => { console.log(text); process.exit(); });
JS
echo "version: caddy 2.6.2-5"
echo "done: a WebSocket opened through reverse_proxy, Caddy reloaded with another configuration"
echo "standard: a client masks every frame that it sends to a server (RFC 6455 section 5.1)"
got=$(timeout 60 node ask.js)
echo "seen: $got"
[ "$got" = 'to the client a close frame that is not masked, to the server a close frame that is not masked' ] && echo "unchanged" || { echo "changed"; exit 1; }
