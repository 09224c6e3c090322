#!/usr/bin/env bash
# Deno 2.9.6, client: a lost connection is told as close code 0.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
deno 2.9.6
cat > case.js <<'JS'
exports.serve = ({ path, socket, accept }) => {
  if (path === '/refused') socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
  else { socket.write(accept); setTimeout(() => socket.end(), 100); }
};
exports.look = async ({ url, dial }) =>
  (await dial(url + '/refused')).text + '; ' + (await dial(url + '/lost')).text;
JS
echo "version: Deno 2.9.6 (npm @deno/linux-x64-glibc)"
echo "done: a handshake answered with 503; a connection that opens, then TCP ends without a close frame"
echo "standard: the close event's code is 1006 (RFC 6455 section 7.1.5; WHATWG WebSockets, 'the WebSocket
  connection close code')"
settle "$(see)" 'error, close 0 ""; open, error, close 0 ""'
