#!/usr/bin/env bash
# Chromium 156, over HTTP/2: close() ends the page's side of the stream with the
# close frame, before the server has answered it.
set -euo pipefail
version=156
dir=$(mktemp -d); pid=; browser=
trap '[ -z "$browser" ] || kill "$browser" 2>/dev/null || true; [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; sleep 1; rm -rf "$dir"' EXIT
cd "$dir"
chromium=$(command -v chromium || true)
[ -n "$chromium" ] && "$chromium" --version 2>/dev/null | grep -q "Chromium $version" ||
  { echo "cannot tell: Debian's chromium $version is not to be had"; exit 1; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null
cat > server.mjs <<'JS'
import { createSecureServer } from 'node:http2';
import { readFileSync } from 'node:fs';
const page = `<script>
  const s = new WebSocket('wss://' + location.host + '/ws');
  s.onopen = () => { s.close(1000, 'bye'); };
</script>`;
const server = createSecureServer({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem'), settings: { enableConnectProtocol: true } });
server.on('stream', (stream, headers) => {
  if (headers[':method'] !== 'CONNECT') { stream.respond({ 'content-type': 'text/html' }); stream.end(page); return; }
  stream.respond({ ':status': 200 });
  let opcode = 'no frame';
  const done = (how) => { console.log(`close frame: ${opcode}, then ${how}`); process.exit(0); };
  stream.on('data', (d) => { opcode = d[0] === 0x88 ? 'sent' : 'not first'; setTimeout(() => done('the stream open for 1 s'), 1000); });
  stream.on('end', () => done('END_STREAM'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
mkfifo out; node server.mjs > out & pid=$!
exec 3< out
read -r port <&3
"$chromium" --headless --no-sandbox --disable-gpu --ignore-certificate-errors --user-data-dir="$dir/profile" \
  "https://127.0.0.1:$port/" >/dev/null 2>&1 & browser=$!
read -t 60 -r got <&3 || got="nothing in 60 s"
pid=
echo "version: $("$chromium" --version 2>/dev/null)"
echo "done: a page over HTTP/2 opens a WebSocket (RFC 8441) and calls close(); the server answers nothing"
echo "standard: a client SHOULD wait for the server to close the connection first (RFC 6455 section 7.1.1), which is END_STREAM here
  (RFC 8441 section 5); over HTTP/1.1 Chromium waits with its TCP connection open"
echo "seen: $got"
[ "$got" = 'close frame: sent, then END_STREAM' ] && echo "unchanged" || { echo "changed"; exit 1; }
