// Package hostile holds the tests of what a peer may do to break this library,
// in both roles: row by row, what once broke a library that people trusted.
//
// A row's tests are named after it. "Fails" means that the stated close code is
// on the wire, then the stream ends, the caller gets a typed error, and no
// goroutine and no buffer stays behind.
package hostile
