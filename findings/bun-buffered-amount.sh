#!/usr/bin/env bash
# Bun 1.4.5, client: bufferedAmount leaves out what the kernel took, and is 0
# right after send.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
bun 1.4.5
cat > case.js <<'JS'
exports.serve = ({ socket, accept }) => { socket.pause(); socket.write(accept); };
exports.look = async ({ url, dial }) => {
  const { socket } = await dial(url, { until: 'open' });
  const counts = [];
  for (let i = 0; i < 2; i++) { socket.send(new Uint8Array(1 << 17)); counts.push(socket.bufferedAmount); }
  return counts.join(', ');
};
JS
echo "version: Bun 1.4.5 (npm @oven/bun-linux-x64)"
echo "done: two messages of 131072 bytes in one task, bufferedAmount after each; the server reads nothing"
echo "standard: it counts what was queued using send() and was not sent when the task began, all that this task sent
  (131072, 262144) among it (WHATWG WebSockets, bufferedAmount)"
settle "$(see)" '0, 0'
