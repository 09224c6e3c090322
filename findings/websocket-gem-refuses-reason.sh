#!/usr/bin/env bash
# Ruby's gem websocket 1.2.9 (Debian): a close frame whose reason is not ASCII
# is an error.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download ruby-websocket=1.2.9-3 >/dev/null 2>&1 ||
  { echo "cannot tell: ruby-websocket 1.2.9-3 is not to be had here"; exit 1; }
dpkg -x ruby-websocket_*.deb root
cat > read.rb <<'RB'
require 'websocket'
["text \u00fc", 'reason bye', "reason tsch\u00fc\u00df"].each do |what|
  kind, text = what.split(' ', 2)
  payload = (kind == 'text' ? ''.b : [4000].pack('n')) + text.b
  frame = WebSocket::Frame::Incoming::Client.new(version: 13)
  frame << [kind == 'text' ? 0x81 : 0x88, payload.bytesize].pack('CC') + payload
  got = frame.next
  print kind, ' ', text, ': ', got ? got.data.b == text.b : frame.error, '; '
end
RB
echo "version: ruby-websocket 1.2.9-3"
echo "done: a text and two close frames with the code 4000, the last two with a reason"
echo "standard: the reason of a close frame is UTF-8 (RFC 6455 section 5.5.1)"
got=$(timeout 30 ruby -I root/usr/share/rubygems-integration/all/gems/websocket-1.2.9/lib read.rb)
echo "seen: $got"
[ "$got" = 'text ü: true; reason bye: true; reason tschüß: invalid_payload_encoding; ' ] && echo "unchanged" || { echo "changed"; exit 1; }
