#!/usr/bin/env bash
# libsoup 3.2.3 (Debian), server: both of two offers of permessage-deflate are
# agreed to.
set -euo pipefail
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
/usr/bin/python3 -c 'import gi' 2>/dev/null ||
  { echo "cannot tell: needs Debian's python3-gi"; exit 1; }
apt-get download gir1.2-soup-3.0=3.2.3-0+deb12u2 libsoup-3.0-0=3.2.3-0+deb12u2 >/dev/null 2>&1 ||
  { echo "cannot tell: libsoup 3.2.3-0+deb12u2 is not to be had here"; exit 1; }
for d in *.deb; do dpkg -x "$d" root; done
cat > server.py <<'PY'
import gi
gi.require_version('Soup', '3.0')
from gi.repository import GLib, Soup
s = Soup.Server()
s.add_websocket_handler('/', None, None, lambda *a: None)
s.listen_local(0, Soup.ServerListenOptions.IPV4_ONLY)
print(s.get_uris()[0].get_port(), flush=True)
GLib.MainLoop().run()
PY
lib=$(dirname "$(find "$dir/root" -name 'libsoup-3.0.so.0' | head -1)")
mkfifo port
LD_LIBRARY_PATH=$lib GI_TYPELIB_PATH=$lib/girepository-1.0 /usr/bin/python3 server.py > port & pid=$!
read -r p < port || { echo "cannot tell: the server did not start"; exit 1; }
echo "version: libsoup 3.2.3-0+deb12u2"
echo "done: offer permessage-deflate twice, first with client_max_window_bits (RFC 7692 section 5.2)"
echo "standard: at most one of several offers of one extension is accepted (RFC 7692 section 5)"
got=$(curl -s -i -m 3 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
  -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate' \
  "http://127.0.0.1:$p/" | tr -d '\r' | grep -ai '^sec-websocket-extensions:' || true)
echo "seen: $got"
[ "$(grep -o permessage-deflate <<<"$got" | wc -l)" = 2 ] && echo "unchanged" || { echo "changed"; exit 1; }
