#!/usr/bin/env bash
# Perl's Protocol::WebSocket 0.26 (Debian), client: its close frame is unmasked.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download libprotocol-websocket-perl=0.26-3 >/dev/null 2>&1 ||
  { echo "cannot tell: libprotocol-websocket-perl 0.26-3 is not to be had here"; exit 1; }
dpkg -x libprotocol-websocket-perl_*.deb root
cat > client.pl <<'PL'
use strict; use warnings;
use Protocol::WebSocket::Client;
use Digest::SHA 'sha1_base64';
my $out = '';
my $c = Protocol::WebSocket::Client->new(url => 'ws://localhost/');
$c->on(write => sub { $out .= $_[1] });
$c->connect;
my ($key) = $out =~ /^Sec-WebSocket-Key: (\S+)/mi;
my $accept = sha1_base64($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
$c->read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" .
  "Connection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n\r\n");
$out = ''; $c->write('hi');
printf 'text: %s', ord(substr $out, 1, 1) & 128 ? 'masked' : 'unmasked';
$out = ''; $c->disconnect;
printf ", close (opcode %d): %s\n", ord($out) & 15,
  ord(substr $out, 1, 1) & 128 ? 'masked' : 'unmasked';
PL
echo "version: libprotocol-websocket-perl 0.26-3"
echo "done: the client's write and disconnect after a handshake (RFC 6455 section 4.2.2)"
echo "standard: a client MUST mask all frames that it sends (RFC 6455 section 5.1)"
got=$(PERL5LIB=root/usr/share/perl5 timeout 30 perl client.pl)
echo "seen: $got"
[ "$got" = 'text: masked, close (opcode 8): unmasked' ] && echo "unchanged" || { echo "changed"; exit 1; }
