// Package policy has only tests: they enforce rules of the whole module that no
// compiler checks. Which package may import which; what a page must not load;
// how files with build constraints are named; that both homes declare the same;
// that comments are at most 80 columns wide; that ARCHITECTURE.md names only
// what exists.
package policy
