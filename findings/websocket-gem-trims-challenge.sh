#!/usr/bin/env bash
# Ruby's gem websocket 1.2.9 (Debian), server of hixie-76: the 8 bytes of the
# challenge lose white space and NUL at their ends.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download ruby-websocket=1.2.9-3 >/dev/null 2>&1 ||
  { echo "cannot tell: ruby-websocket 1.2.9-3 is not to be had here"; exit 1; }
dpkg -x ruby-websocket_*.deb root
cat > answer.rb <<'RB'
require 'websocket'
require 'digest/md5'
['^n:ds[4U', "\nn:ds[4\0"].each do |challenge|
  server = WebSocket::Handshake::Server.new
  server << "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n" \
    "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n".b + challenge.b
  # The numbers of the two keys, as the draft computes them.
  right = Digest::MD5.digest([829309203, 259970620].pack('N2') + challenge.b)
  print challenge.inspect, ': ', server.valid? && server.to_s.b.end_with?(right) ? 'right' : 'wrong', '; '
end
RB
echo "version: ruby-websocket 1.2.9-3"
echo "done: the example of the draft's section 1.2, and one whose challenge begins with U+000A and ends with U+0000"
echo "standard: the answer is the MD5 of the two numbers and the 8 bytes (draft-hixie-thewebsocketprotocol-76
  section 5.2); of 8 random bytes 1 in 18 begins or ends so"
got=$(timeout 30 ruby -I root/usr/share/rubygems-integration/all/gems/websocket-1.2.9/lib answer.rb)
echo "seen: $got"
[ "$got" = '"^n:ds[4U": right; "\nn:ds[4\u0000": wrong; ' ] && echo "unchanged" || { echo "changed"; exit 1; }
