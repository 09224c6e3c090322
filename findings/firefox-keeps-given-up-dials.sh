#!/usr/bin/env bash
# Firefox ESR 153.8: close() while CONNECTING leaves TCP open; after six of them
# no WebSocket to that host and port opens.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
firefox 153.8.0esr-1~deb12u1
cat > case.js <<'JS'
let silent = 0, ended = 0;
exports.serve = ({ path, socket, accept }) => {
  if (path === '/up') { socket.write(accept); return; }
  silent++;
  socket.on('end', () => ended++);
};
exports.look = async ({ url, other, dial }) => {
  for (let i = 0; i < 6; i++) await dial(url + '/silent' + i, { closeAfter: 500 });
  const elsewhere = await dial(other + '/up', { until: 'open' });
  const after = await dial(url + '/up', { until: 'open' });
  return `to another port: ${elsewhere.text}; to the same: ${after.text} after ${Math.round(after.ms / 1000)} s`;
};
exports.count = () => `${silent} given up, TCP ended by the client in ${ended}`;
JS
echo "version: Firefox ESR 153.8.0esr-1~deb12u1 (Debian firefox-esr)"
echo "done: six connections that the server does not answer, each given up by close() after 0.5 s; then one that
  it would answer"
echo "standard: close() while CONNECTING fails the connection (WHATWG WebSockets, close()), and who fails it closes
  TCP (RFC 6455 sections 7.1.7 and 7.1.1)"
settle "$(see)" \
  'to another port: open; to the same: error, close 1006 "" after 2[01] s; 6 given up, TCP ended by the client in 0'
