#!/usr/bin/env bash
# npm websocket-driver 0.7.5 and Ruby's gem websocket-driver 0.6.3 (Debian),
# servers of hixie-75: a frame with a length, to be discarded, delivers the
# message before it once more.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download ruby-websocket-driver=0.6.3-3+b5 ruby-websocket-extensions=0.1.5-2 >/dev/null 2>&1 ||
  { echo "cannot tell: ruby-websocket-driver 0.6.3-3+b5 is not to be had here"; exit 1; }
for deb in *.deb; do dpkg -x "$deb" root; done
npm init -y >/dev/null; npm install --no-audit --no-fund websocket-driver@0.7.5 >/dev/null 2>&1 ||
  { echo "cannot tell: websocket-driver 0.7.5 is not to be had here"; exit 1; }
cat > server.js <<'JS'
const driver = require('websocket-driver').server(), got = [];
driver.on('connect', () => driver.start());
driver.on('message', (e) => got.push(e.data));
const put = (s) => driver.io.write(Buffer.from(s, 'latin1'));
put('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nOrigin: http://example.com\r\n\r\n');
put('\x00a\xff');
put('\x80\x02x\xff');
put('\x00b\xff');
console.log(driver.version, JSON.stringify(got));
JS
cat > server.rb <<'RB'
require 'json'
require 'websocket/driver'
wire = Object.new
def wire.write(bytes); end
got = []
driver = WebSocket::Driver.server(wire)
driver.on(:connect) { driver.start }
driver.on(:message) { |e| got << e.data }
driver.parse("GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nOrigin: http://example.com\r\n\r\n")
driver.parse("\x00a\xff".b)
driver.parse("\x80\x02x\xff".b)
driver.parse("\x00b\xff".b)
puts "#{driver.version} #{JSON.generate(got)}"
RB
echo "version: npm websocket-driver 0.7.5; ruby-websocket-driver 0.6.3-3+b5"
echo "done: the message a, a frame 80 with the 2 bytes 78 FF, the message b"
echo "standard: of a frame whose type has the high bit set, as many bytes as its length tells are read and
  discarded, whatever they are (draft-hixie-thewebsocketprotocol-75 section 4.2)"
lib=root/usr/lib/ruby/vendor_ruby
mask=$(dirname "$(find root -name 'websocket_mask.so' | head -1)")
got=$(timeout 30 node server.js; timeout 30 ruby -I "$lib" -I "$mask" server.rb)
echo "seen:" $got
[ "$got" = 'hixie-75 ["a","a","b"]
hixie-75 ["a","a","b"]' ] && echo "unchanged" || { echo "changed"; exit 1; }
