// Package policy has tests alone: they hold the whole module to rules that no
// compiler checks. Who may import what; what must never reach a page; how files
// with build constraints are named; that both homes declare the same.
package policy
