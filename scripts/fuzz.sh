#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the module, each for TIME (20s).
# Stops at the first finding, whose input go test leaves under testdata.
set -eu
time=${1:-20s}
n=0
for pkg in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); do
	for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "--- $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$pkg"
		n=$((n + 1))
	done
done
echo "$n fuzz targets, $time each, no finding"
test "$n" -gt 0
