#!/bin/sh
# test-js.sh [ARGUMENTS OF GO TEST]: runs, in the browser, the tests of the
# packages that have tests of their js files. WS_NO_BROWSER=1 skips them, with a
# message. wasm_test is not among them: a native test runs its browser part.
set -eu
if [ "${WS_NO_BROWSER:-}" = 1 ]; then
	echo "WS_NO_BROWSER=1: the tests of js files were NOT run"
	exit
fi
runner=${WASMBROWSERTEST:?is the path of the runner, which make sets}
export GOOS=js GOARCH=wasm
pkgs=$(go list -f '{{.ImportPath}} {{.TestGoFiles}} {{.XTestGoFiles}}' ./... |
	awk '/_js_test\.go/ && $1 !~ /\/wasm_test$/ {print $1}')
if [ -z "$pkgs" ]; then
	echo "no package has tests of js files"
	exit
fi
# A wasm program has 12,288 bytes for its arguments and environment: pass the
# runner only what it needs. -p 1, since each package starts a browser.
exec go test -count=1 -p 1 -exec "env -i 'PATH=$PATH' 'HOME=$HOME' 'TMPDIR=${TMPDIR:-/tmp}' '$runner'" "$@" $pkgs
