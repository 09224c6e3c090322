#!/usr/bin/env bash
# WebKitGTK 2.50.6: bufferedAmount is 0 while a server has read nothing of
# 256 MiB.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
webkitgtk 2.50.6-1~deb12u2
cat > case.js <<'JS'
exports.serve = ({ socket, accept }) => { socket.pause(); socket.write(accept); };
exports.look = async ({ url, dial, sleep }) => {
  const { socket } = await dial(url, { until: 'open' });
  socket.send(new Uint8Array(64 << 20)); socket.send(new Uint8Array(64 << 20));
  socket.send(new Uint8Array(64 << 20)); socket.send(new Uint8Array(64 << 20));
  const first = socket.bufferedAmount;
  await sleep(5000);
  return `after send ${first >> 20} MiB, 5 s later ${socket.bufferedAmount} bytes`;
};
JS
echo "version: WebKitGTK 2.50.6-1~deb12u2 (Debian libwebkit2gtk-4.1-0), MiniBrowser"
echo "done: four messages of 64 MiB to a server that reads nothing, far more than its TCP window"
echo "standard: bufferedAmount counts the bytes queued using send() that have not yet been transmitted to the network
  (WHATWG WebSockets, bufferedAmount)"
settle "$(see)" 'after send 256 MiB, 5 s later 0 bytes'
