#!/usr/bin/env bash
# WebKitGTK 2.50.6: the registered close codes 1012, 1013 and 1014 are told as a
# failure, 1006.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
webkitgtk 2.50.6-1~deb12u2
cat > case.js <<'JS'
exports.serve = ({ path, socket, accept, close }) => {
  socket.write(accept);
  setTimeout(() => socket.write(close(+path.slice(1), 'why')), 100);
};
exports.look = async ({ url, dial }) => {
  const out = [];
  for (const code of [1011, 1012, 1013, 1014, 3000]) out.push(code + ': ' + (await dial(url + '/' + code)).text);
  return out.join('; ');
};
JS
echo "version: WebKitGTK 2.50.6-1~deb12u2 (Debian libwebkit2gtk-4.1-0), MiniBrowser"
echo "done: the server closes with the codes 1011, 1012, 1013, 1014, 3000"
echo "standard: a close frame may hold any code that is registered (RFC 6455 section 7.4.2; IANA, WebSocket Close
  Code Number Registry: 1012 Service Restart, 1013 Try Again Later, 1014 Bad Gateway)"
settle "$(see)" \
  '1011: open, close 1011 "why" clean; 1012: open, error, close 1006 ""; 1013: open, error, close 1006 ""; 1014: open, error, close 1006 ""; 3000: open, close 3000 "why" clean'
