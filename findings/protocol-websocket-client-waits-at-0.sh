#!/usr/bin/env bash
# Perl's Protocol::WebSocket 0.26 (Debian), client: a message "0" or "" is not
# delivered, and those behind it wait until more comes.
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
my ($out, @got) = ('');
my $c = Protocol::WebSocket::Client->new(url => 'ws://localhost/');
$c->on(write => sub { $out .= $_[1] });
$c->on(read => sub { push @got, $_[1] });
$c->connect;
my ($key) = $out =~ /^Sec-WebSocket-Key: (\S+)/mi;
my $accept = sha1_base64($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
$c->read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" .
  "Connection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n\r\n");
sub text { pack 'CCa*', 0x81, length $_[0], $_[0] }
$c->read(join '', map { text($_) } 'one', '0', 'two');
print join(',', @got), '; ';
$c->read(text('three'));
print join(',', @got), "\n";
PL
echo "version: libprotocol-websocket-perl 0.26-3"
echo "done: the messages one, 0 and two in one segment, then three"
echo "standard: when a message has been received it is delivered (RFC 6455 section 6.2)"
got=$(PERL5LIB=root/usr/share/perl5 timeout 30 perl client.pl)
echo "seen: $got"
[ "$got" = 'one; one,two,three' ] && echo "unchanged" || { echo "changed"; exit 1; }
