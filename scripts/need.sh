#!/bin/sh
# need.sh [browser] [cc] [interop] [node] [homes] [roads]: makes sure that programs
# which the tests require are installed, and prints their paths. On Debian, as
# root, it installs missing ones from Debian's packages; elsewhere it prints what
# to install, and fails.
set -eu
cd "$(dirname "$0")/.."

# The browsers that the test runner looks for, in its own order.
browsers="headless_shell headless-shell chromium chromium-browser google-chrome
google-chrome-stable google-chrome-beta google-chrome-unstable chrome
/usr/local/bin/chrome /snap/bin/chromium
/Applications/Chromium.app/Contents/MacOS/Chromium"

find_browser() {
	for b in $browsers; do
		command -v "$b" 2>/dev/null && return
	done
	# The one path with a space in it.
	command -v "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" 2>/dev/null
}

find_cc() { command -v "${CC:-gcc}" 2>/dev/null || command -v clang 2>/dev/null; }

# Node's and Python's WebSocket peers of RFC 6455 (internal/interop).
node_peer=internal/interop/testdata/node

find_npm() { command -v node && command -v npm; } 2>/dev/null

# A Node.js that has a WebSocket, for wasm_test.
new_node=wasm_test/testdata/node

find_node() {
	for node in node "$new_node/node_modules/.bin/node"; do
		major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || continue
		[ "$major" -ge 22 ] && command -v "$node" && return
	done
	return 1
}

# Debian's packages belong to the system's Python, whichever else there is.
find_websockets() {
	for python in /usr/bin/python3 python3; do
		command -v "$python" >/dev/null 2>&1 || continue
		"$python" -c 'import websockets; print(websockets.__path__[0])' 2>/dev/null
		return
	done
	return 1
}

# npm writes its own lock file last: if it is older than ours, it belongs to
# another version.
find_ws() {
	installed=$node_peer/node_modules/.package-lock.json
	[ "$installed" -nt "$node_peer/package-lock.json" ] && echo "$node_peer/node_modules/ws"
}

# The peers that speak the older drafts (internal/legacytest).
legacy_peers=internal/legacytest/testdata/node

find_ruby_gems() {
	ruby -e 'require "websocket"; require "websocket/driver"
		puts [WebSocket, WebSocket::Driver].map { |m| Object.const_source_location(m.name)[0] }' 2>/dev/null
}

find_perl_websocket() {
	perl -MProtocol::WebSocket -e 'print "$INC{q(Protocol/WebSocket.pm)}\n"' 2>/dev/null
}

find_legacy_npm() {
	installed=$legacy_peers/node_modules/.package-lock.json
	[ "$installed" -nt "$legacy_peers/package-lock.json" ] && echo "$legacy_peers/node_modules"
}

is_debian() { [ -r /etc/os-release ] && grep -q '^ID=debian$' /etc/os-release; }

# install PACKAGE...: its output goes to standard error; standard output is for
# the path only.
install() {
	echo "need.sh: installing $* from Debian's packages" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update >&2 || echo "need.sh: going on with the package lists as they are" >&2
	apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >&2
}

# ensure FINDER WHAT ADVICE PACKAGE...
ensure() {
	finder=$1 what=$2 advice=$3
	shift 3
	"$finder" && return
	if is_debian && [ "$(id -u)" = 0 ]; then
		install "$@"
		"$finder" && return
	fi
	echo "need.sh: $what not found: $advice" >&2
	return 1
}

need_browser() {
	if [ "${WS_NO_BROWSER:-}" = 1 ]; then
		echo "WS_NO_BROWSER=1: going on WITHOUT the tests that run in a browser" >&2
		return
	fi
	ensure find_browser "Chromium or Chrome" \
		"install it (Debian: apt-get install chromium), or set WS_NO_BROWSER=1 to test without a browser" \
		chromium
}

need_cc() {
	ensure find_cc "a C compiler, which Go's race detector needs," \
		"install one (Debian: apt-get install gcc libc6-dev), or test without the detector: make test RACE=" \
		gcc libc6-dev
}

# npm_ci FINDER FOLDER WHAT: what FOLDER's lock file names. $without is what to
# do if that fails.
npm_ci() {
	"$1" && return
	echo "need.sh: installing $3 with npm" >&2
	npm --prefix "$2" ci --ignore-scripts --no-audit --no-fund >&2 && "$1" && return
	echo "need.sh: $3 could not be installed by npm ci in $2: see above, $without" >&2
	return 1
}

need_interop() {
	if [ "${WS_NO_PEERS:-}" = 1 ]; then
		echo "WS_NO_PEERS=1: going on WITHOUT the tests against the WebSockets of Node.js, Python, Ruby and Perl" >&2
		return
	fi
	without="or set WS_NO_PEERS=1 to test without these peers"
	ensure find_websockets "Python's websockets" \
		"install it (Debian: apt-get install python3-websockets), $without" \
		python3-websockets || return
	ensure find_ruby_gems "Ruby with its gems websocket and websocket-driver" \
		"install them (Debian: apt-get install ruby ruby-websocket ruby-websocket-driver), $without" \
		ruby ruby-websocket ruby-websocket-driver || return
	ensure find_perl_websocket "Perl's Protocol::WebSocket" \
		"install it (Debian: apt-get install libprotocol-websocket-perl), $without" \
		libprotocol-websocket-perl || return
	ensure find_npm "Node.js with npm" \
		"install it (Debian: apt-get install nodejs npm), $without" \
		nodejs npm || return
	npm_ci find_ws "$node_peer" "Node's ws" &&
		npm_ci find_legacy_npm "$legacy_peers" "Node's peers of the older drafts"
}

need_node() {
	if [ "${WS_NO_PEERS:-}" = 1 ]; then
		echo "WS_NO_PEERS=1: going on WITHOUT the tests in Node.js" >&2
		return
	fi
	find_node && return
	without="or set WS_NO_PEERS=1 to test without it"
	ensure find_npm "npm" "install Node.js 22 or later, or npm to fetch one (Debian: apt-get install npm), $without" \
		nodejs npm >/dev/null || return
	without="install 22 or later, $without"
	npm_ci find_node "$new_node" "Node.js 22"
}

# The other browsers, and what npm has: JavaScript runtimes and DOMs.
homes_npm=tools/homes/npm

find_firefox() { command -v firefox-esr || command -v firefox; } 2>/dev/null

find_webkit() {
	command -v xvfb-run >/dev/null 2>&1 || return
	for path in /usr/lib/*/webkit2gtk-4.1/MiniBrowser /usr/lib*/webkit2gtk-4.1/MiniBrowser /usr/libexec/webkit2gtk-4.1/MiniBrowser; do
		[ -x "$path" ] && echo "$path" && return
	done
	return 1
}

find_homes_npm() {
	installed=$homes_npm/node_modules/.package-lock.json
	[ "$installed" -nt "$homes_npm/package-lock.json" ] && echo "$homes_npm/node_modules"
}

need_homes() {
	if [ "${WS_NO_HOMES:-}" = 1 ]; then
		echo "WS_NO_HOMES=1: going on WITHOUT the tests in Firefox, WebKitGTK, Node.js 24, Deno, Bun, workerd, jsdom and happy-dom" >&2
		return
	fi
	without="or set WS_NO_HOMES=1 to test without the other homes"
	ensure find_browser "Chromium or Chrome" \
		"install it (Debian: apt-get install chromium), $without" chromium || return
	ensure find_firefox "Firefox" \
		"install it (Debian: apt-get install firefox-esr), $without" firefox-esr || return
	ensure find_webkit "WebKitGTK's MiniBrowser, or xvfb-run," \
		"install them (Debian: apt-get install gir1.2-webkit2-4.1 xvfb xauth), $without" \
		gir1.2-webkit2-4.1 xvfb xauth || return
	ensure find_npm "Node.js with npm" \
		"install it (Debian: apt-get install nodejs npm), $without" nodejs npm >/dev/null || return
	npm_ci find_homes_npm "$homes_npm" "Node.js 24, Deno, Bun, workerd, jsdom and happy-dom"
}

# The proxies that internal/roads starts, one a line: the program, which may be
# in /usr/sbin, or a file of it, and Debian's package.
roads="
nginx nginx-light
haproxy haproxy
apache2 apache2
lighttpd lighttpd
/usr/lib/lighttpd/mod_openssl.so lighttpd-mod-openssl
caddy caddy
nghttpx nghttp2-proxy
squid squid-openssl
tinyproxy tinyproxy-bin
microsocks microsocks
sshd openssh-server
ssh openssh-client
"

# missing_roads prints the packages of the programs that are not there.
missing_roads() {
	echo "$roads" | while read -r program package; do
		[ -z "$program" ] || [ -e "$program" ] || [ -x "/usr/sbin/$program" ] ||
			command -v "$program" >/dev/null 2>&1 || echo "$package"
	done
}

# install_unstarted PACKAGE...: as install, but Debian does not start what it
# installs. See invoke-rc.d(8) for policy-rc.d.
install_unstarted() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		install "$@"
		return
	fi
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	install "$@" && status=0 || status=$?
	rm -f "$policy"
	return "$status"
}

need_roads() {
	if [ "${WS_NO_ROADS:-}" = 1 ]; then
		echo "WS_NO_ROADS=1: going on WITHOUT the tests through proxies" >&2
		return
	fi
	missing=$(missing_roads)
	# shellcheck disable=SC2086 # one word for each package
	if [ -n "$missing" ] && is_debian && [ "$(id -u)" = 0 ]; then
		install_unstarted $missing || echo "need.sh: the installation failed: see above" >&2
	fi
	missing=$(missing_roads)
	[ -z "$missing" ] && return
	echo "need.sh: not found, by Debian's names:" $missing >&2
	echo "need.sh: install them, without starting them as services, or set WS_NO_ROADS=1 to test without proxies" >&2
	return 1
}

for what in "$@"; do
	case $what in
	browser | cc | interop | node | homes | roads) "need_$what" ;;
	*)
		echo "usage: need.sh [browser] [cc] [interop] [node] [homes] [roads]" >&2
		exit 2
		;;
	esac
done
