// Package conformance is a table of cases written from RFC 6455 and RFC 7692,
// and a peer that plays them. The peer speaks raw bytes: it has a frame writer
// and a frame reader of its own, which share no code with the library that they
// judge, and it can break every rule there is. Its DEFLATE is its own too: what
// it sends goes to the edge of the window that was agreed on, and what it
// receives must not go past it. One table serves both roles; the peer masks
// what it sends when it is the client.
//
// The tests of this package play the table against the library: a server by
// Accept and by Upgrade, a client by Dialer, over TCP and over pipes in time of
// their own.
package conformance
