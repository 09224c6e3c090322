#!/usr/bin/env bash
# Ruby's gem websocket 1.2.9 (Debian), server: an offer of subprotocols of which
# it knows none is answered with an empty field; npm ws 8.23.0 then fails.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download ruby-websocket=1.2.9-3 >/dev/null 2>&1 ||
  { echo "cannot tell: ruby-websocket 1.2.9-3 is not to be had here"; exit 1; }
dpkg -x ruby-websocket_*.deb root
npm init -y >/dev/null; npm install --no-audit --no-fund ws@8.23.0 >/dev/null 2>&1 ||
  { echo "cannot tell: ws 8.23.0 is not to be had here"; exit 1; }
cat > server.rb <<'RB'
require 'socket'
require 'websocket'
listener = TCPServer.new('127.0.0.1', 0)
puts listener.addr[1]
$stdout.flush
socket = listener.accept
server = WebSocket::Handshake::Server.new(protocols: ['other'])
server << socket.readpartial(65_536) until server.finished?
socket.write(server.to_s)
socket.read
RB
cat > ask.js <<'JS'
const ws = new (require('ws'))('ws://127.0.0.1:' + process.argv[2], ['chat']);
ws.on('upgrade', (r) => process.stdout.write(JSON.stringify(r.headers['sec-websocket-protocol']) + ' / '));
ws.on('open', () => { console.log('open'); process.exit(); });
ws.on('error', (e) => { console.log(e.message); process.exit(); });
JS
mkfifo port
timeout 60 ruby -I root/usr/share/rubygems-integration/all/gems/websocket-1.2.9/lib server.rb > port & pid=$!
read -r p < port
echo "version: ruby-websocket 1.2.9-3, npm ws 8.23.0"
echo "done: a handshake that offers the subprotocol chat to a server that knows another"
echo "standard: a server that agrees to none of the offers must not send the field; an empty one is not
  the same (RFC 6455 section 4.2.2 item 5, /subprotocol/)"
got=$(timeout 30 node ask.js "$p")
echo "seen: $got"
[ "$got" = '"" / Server sent an invalid subprotocol' ] && echo "unchanged" || { echo "changed"; exit 1; }
