// Package hostile has tests of what a peer may do to attack this library, in
// both roles. Each row is an attack that once broke a widely used library.
//
// The tests of a row are named after it. "Fails" means that the stated close
// code is sent, then the stream is closed, the caller gets a typed error, and
// neither goroutines nor buffers are leaked.
package hostile
