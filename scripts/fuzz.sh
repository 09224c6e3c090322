#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the module, each for TIME (20s), and
# says at the end how often each was executed. Stops at the first finding,
# whose input go test leaves under testdata.
set -eu
time=${1:-20s}
log=$(mktemp)
sum=$(mktemp)
trap 'rm -f "$log" "$sum"' EXIT
for pkg in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); do
	for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "--- $pkg $target"
		# The shrinking of inputs is bounded by tries, or it would take all the time.
		ok=0
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime=20x "$pkg" >"$log" 2>&1 || ok=$?
		cat "$log"
		test "$ok" -eq 0 || exit "$ok"
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
		printf '%12d  %s %s\n' "${execs:-0}" "$pkg" "$target" >>"$sum"
	done
done
n=$(wc -l <"$sum")
echo "executions of each target:"
cat "$sum"
echo "$n fuzz targets, $time each, no finding"
test "$n" -gt 0
