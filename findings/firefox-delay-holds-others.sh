#!/usr/bin/env bash
# Firefox ESR 153.8: after failures to one path, connections to another port
# wait too, behind the delayed one.
set -euo pipefail
. "$(dirname "$0")/lib/homes.sh"
firefox 153.8.0esr-1~deb12u1
cat > case.js <<'JS'
exports.serve = ({ path, socket, accept }) => {
  if (path === '/up') socket.write(accept);
  else socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
};
exports.look = async ({ url, other, dial, sleep }) => {
  for (let i = 0; i < 5; i++) await dial(url + '/down');
  const before = await dial(other + '/up', { until: 'open' });
  const delayed = dial(url + '/down');
  await sleep(50);
  const behind = await dial(other + '/up', { until: 'open' });
  const over = ms => ms > 400 ? 'over 400 ms' : 'at once';
  return `the sixth try of /down: ${over((await delayed).ms)}; /up on another port: ` +
    `before it ${over(before.ms)}, beside it ${over(behind.ms)}`;
};
JS
echo "version: Firefox ESR 153.8.0esr-1~deb12u1 (Debian firefox-esr)"
echo "done: five connections to /down, each answered with 503, and a sixth; beside the sixth, one to another
  port of the same address, where the server is well"
echo "standard: a client delays its own reconnection (RFC 6455 section 7.2.3); one to another host and port owes
  that delay nothing, and waits just while another is being established (section 4.1, point 2)"
settle "$(see)" 'the sixth try of /down: over 400 ms; /up on another port: before it at once, beside it over 400 ms'
