// Package standard holds, in a browser driven over DevTools, this library to
// those rules of the WHATWG WebSockets standard that a page cannot try by
// itself: what happens when it is left, and what its address, its policy and
// its network allow. wasm_test/STANDARD.md lists the rules and their tests.
package standard
