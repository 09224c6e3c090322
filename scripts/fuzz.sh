#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the module, each for TIME (20s), and
# prints at the end how often each was executed. Stops at the first failure,
# whose input go test writes below testdata.
set -eu
time=${1:-20s}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
: >"$tmp/sum"
for pkg in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); do
	for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "--- $pkg $target"
		# Minimization is bounded by executions: it would take all the time.
		{
			go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime=20x "$pkg" 2>&1 || : >"$tmp/failed"
		} | tee "$tmp/log"
		test ! -e "$tmp/failed" || exit 1
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$tmp/log" | tail -n 1)
		printf '%12d  %s %s\n' "${execs:-0}" "$pkg" "$target" >>"$tmp/sum"
	done
done
echo "executions of each target:"
cat "$tmp/sum"
n=$(wc -l <"$tmp/sum")
echo "$n fuzz targets, $time each, no finding"
test "$n" -gt 0
