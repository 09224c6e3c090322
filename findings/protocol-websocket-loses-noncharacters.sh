#!/usr/bin/env bash
# Perl's Protocol::WebSocket 0.26 (Debian): text has U+FFFD in place of
# noncharacters, received and sent.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download libprotocol-websocket-perl=0.26-3 >/dev/null 2>&1 ||
  { echo "cannot tell: libprotocol-websocket-perl 0.26-3 is not to be had here"; exit 1; }
dpkg -x libprotocol-websocket-perl_*.deb root
cat > frame.pl <<'PL'
use strict; use warnings; no warnings 'nonchar';
use Protocol::WebSocket::Frame;
printf 'received U+%04X U+%04X, ', unpack 'W*', Protocol::WebSocket::Frame->new("\x81\x06\xc3\xbc\x61\xef\xbf\xbf")->next =~ s/a//r;
printf "sent %vX\n", substr Protocol::WebSocket::Frame->new(buffer => "\x{FFFF}")->to_bytes, 2;
PL
echo "version: libprotocol-websocket-perl 0.26-3"
echo "done: a frame with the text U+00FC a U+FFFF read, one with U+FFFF made"
echo "standard: text is UTF-8 (RFC 6455 section 5.6), which encodes noncharacters like others (RFC 3629
  section 3; Unicode, corrigendum 9)"
got=$(PERL5LIB=root/usr/share/perl5 timeout 30 perl frame.pl)
echo "seen: $got"
[ "$got" = 'received U+00FC U+FFFD, sent EF.BF.BD' ] && echo "unchanged" || { echo "changed"; exit 1; }
