#!/usr/bin/env bash
# Firefox ESR 153.8: messages and a close frame right behind the handshake are
# lost where TCP ends behind them; the close event has the code, but none of
# open, message or error comes before it.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
firefox 153.8.0esr-1~deb12u1
cat > case.js <<'JS'
exports.serve = ({ socket, accept, frame, close }) =>
  socket.end(Buffer.concat([accept, frame(1, 'a'), frame(1, 'b'), close(1000, 'bye')]));
exports.look = async ({ url, dial }) => {
  const texts = [];
  for (let i = 0; i < 20; i++) texts.push((await dial(`${url}/${i}`)).text);
  const lost = texts.filter(t => t === 'close 1000 "bye"').length;
  const whole = texts.filter(t => /^open, message a, message b, close 1000 "bye"/.test(t)).length;
  return `close 1000 "bye" alone: ${lost}; open, both messages, close: ${whole}`;
};
JS
echo "version: Firefox ESR 153.8.0esr-1~deb12u1 (Debian firefox-esr)"
echo "done: 20 connections; the server sends its answer, two messages, a close frame and the end of TCP in one
  piece"
echo "standard: the connection is established at the answer (RFC 6455 section 4.1), and events for open and for each
  message are queued before that for close (WHATWG WebSockets, 'feedback from the protocol')"
settle "$(see)" 'close 1000 "bye" alone: [1-9][0-9]*; open, both messages, close: [0-9]+'
