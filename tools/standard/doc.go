// Package standard tests, in a browser driven over DevTools, those rules of the
// WHATWG WebSockets standard that a page cannot test by itself: what happens
// when the user leaves it, and what its address, its policy and its network
// allow. wasm_test/STANDARD.md lists the rules and their tests.
package standard
