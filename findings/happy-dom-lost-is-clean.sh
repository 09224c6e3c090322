#!/usr/bin/env bash
# happy-dom 21.0.4: a lost connection has wasClean true and, as a refused one, no
# error event.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
npm_get happy-dom 21.0.4
home=(script node)
cat > case.js <<'JS'
exports.serve = ({ path, socket, accept }) => {
  if (path === '/refused') socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
  else { socket.write(accept); setTimeout(() => socket.end(), 100); }
};
exports.look = async ({ url, dial }) => {
  const { Window } = require('happy-dom');
  globalThis.WebSocket = new Window({ url: url.replace('ws', 'http') }).WebSocket;
  return (await dial(url + '/refused')).text + '; ' + (await dial(url + '/lost')).text;
};
JS
echo "version: npm happy-dom 21.0.4"
echo "done: a handshake answered with 503; a connection that opens, then TCP ends without a close frame"
echo "standard: where the connection could not be opened, an error event comes before close; wasClean is
  true just where the closing handshake was completed (WHATWG WebSockets, 'when the WebSocket connection
  is closed'; RFC 6455 section 7.1.4)"
settle "$(see)" 'close 1006 ""; open, close 1006 "" clean'
