#!/usr/bin/env bash
# WebKitGTK 2.50.6: a close reason ends at U+0000, received and sent.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
webkitgtk 2.50.6-1~deb12u2
cat > case.js <<'JS'
let sent = '-';
exports.serve = ({ path, socket, accept, close }) => {
  socket.write(accept);
  if (path === '/close') setTimeout(() => socket.write(close(4000, 'a\0b')), 100);
  else socket.on('data', d => {
    const n = d[1] & 127, key = d.subarray(2, 6);
    sent = Buffer.from(d.subarray(6, 6 + n).map((b, i) => b ^ key[i & 3])).toString('hex');
    socket.end(close(4000));
  });
};
exports.look = async ({ url, dial }) => {
  const got = await dial(url + '/close');
  await dial(url + '/', { opened: socket => socket.close(4000, 'a\0b') });
  return 'received: ' + got.text;
};
exports.count = () => 'sent: ' + sent;
JS
echo "version: WebKitGTK 2.50.6-1~deb12u2 (Debian libwebkit2gtk-4.1-0), MiniBrowser"
echo "done: a close frame with the code 4000 and the reason 'a', U+0000, 'b'; the same with close()"
echo "standard: the reason is UTF-8, in which U+0000 is a character as any (RFC 6455 section 5.5.1), and is told and
  sent as it is (WHATWG WebSockets, close() and CloseEvent)"
settle "$(see)" 'received: open, close 4000 "a" clean; sent: 0fa061'
