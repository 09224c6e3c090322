#!/usr/bin/env bash
# Mojolicious 9.31 (Debian), client: client_no_context_takeover in the server's
# answer is ignored, so the second message cannot be inflated.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download libmojolicious-perl=9.31+dfsg-1 >/dev/null 2>&1 ||
  { echo "cannot tell: libmojolicious-perl 9.31+dfsg-1 is not to be had here"; exit 1; }
dpkg -x libmojolicious-perl_*.deb root
npm init -y >/dev/null; npm install --no-audit --no-fund ws@8.18.3 >/dev/null 2>&1
cat > server.js <<'JS'
const s = new (require('ws').WebSocketServer)({ port: 0, host: '127.0.0.1',
  perMessageDeflate: { clientNoContextTakeover: true } }, () => console.log(s.address().port));
s.on('connection', c => { c.on('error', () => {}); c.on('message', () => c.send('ok')); });
JS
mkfifo port; node server.js > port & pid=$!
read -r p < port
cat > client.pl <<'PL'
use strict; use warnings;
use Mojo::UserAgent; use Mojo::IOLoop;
my $n = 0;
my $text = join ' ', map { "word$_" } 1 .. 200;
my $agent = Mojo::UserAgent->new;
$agent->websocket("ws://127.0.0.1:$ARGV[0]/" =>
  { 'Sec-WebSocket-Extensions' => 'permessage-deflate' } => sub {
  my ($ua, $tx) = @_;
  unless ($tx->is_websocket) { print "no websocket\n"; return Mojo::IOLoop->stop }
  my $ext = $tx->res->headers->sec_websocket_extensions // '-';
  $tx->on(message => sub { $n++; $n == 2 ? $tx->finish(1000) : $tx->send($text) });
  $tx->on(finish => sub { print "$ext / $n answers / $_[1]\n"; Mojo::IOLoop->stop });
  $tx->send($text);
});
Mojo::IOLoop->start;
PL
echo "version: libmojolicious-perl 9.31+dfsg-1, peer: npm ws 8.18.3"
echo "done: the server agrees with client_no_context_takeover; one text is sent twice"
echo "standard: the client then MUST NOT use context takeover (RFC 7692 section 7.1.1.2)"
got=$(PERL5LIB=root/usr/share/perl5 timeout 30 perl client.pl "$p")
echo "seen: $got"
[ "$got" = 'permessage-deflate; client_no_context_takeover / 1 answers / 1007' ] && echo "unchanged" || { echo "changed"; exit 1; }
