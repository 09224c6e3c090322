// Package conformance is a table of test cases derived from RFC 6455 and RFC
// 7692, and a peer that plays them. The peer reads and writes raw bytes: its
// frame writer and frame reader share no code with the library under test, and
// it can violate every rule. So does its DEFLATE: what it sends uses the whole
// negotiated window, and what it receives must not exceed it. One table serves
// both roles; as a client, the peer masks what it sends.
//
// The tests of this package play the table against the library: a server with
// Accept and with Upgrade, a client with Dialer, over TCP and over pipes in
// virtual time.
package conformance
