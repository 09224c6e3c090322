#!/usr/bin/env bash
# WebKitGTK 2.50.6: a connection to a port that browsers block gives an error
# event and no close event.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
webkitgtk 2.50.6-1~deb12u2
cat > case.js <<'JS'
exports.serve = () => {};
exports.look = async ({ dial }) => {
  const blocked = await dial('ws://127.0.0.1:6667/', { limit: 5000 });
  return `in 5 s: ${blocked.text}; readyState ${blocked.socket.readyState}`;
};
JS
echo "version: WebKitGTK 2.50.6-1~deb12u2 (Debian libwebkit2gtk-4.1-0), MiniBrowser"
echo "done: new WebSocket to port 6667, which the Fetch standard blocks"
echo "standard: a connection that fails ends with readyState CLOSED, error, then close with the code 1006 (WHATWG
  WebSockets, 'when the WebSocket connection is closed')"
settle "$(see)" 'in 5 s: error; readyState 3'
