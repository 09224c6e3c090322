#!/bin/sh
# need.sh [browser] [cc]: makes sure that what the tests need from the system is
# there, and prints its path. What is missing it installs from Debian's packages
# when it may (root on Debian); elsewhere it says in one line what to install,
# and fails.
set -eu

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

is_debian() { [ -r /etc/os-release ] && grep -q '^ID=debian$' /etc/os-release; }

# install PACKAGE...: its output goes to standard error, ours is the path alone.
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

for what in "$@"; do
	case $what in
	browser | cc) "need_$what" ;;
	*)
		echo "usage: need.sh [browser] [cc]" >&2
		exit 2
		;;
	esac
done
