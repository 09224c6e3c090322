// Package roads has only tests: connections through the proxies that stand
// between a client and a server, each started on loopback with a configuration
// as a user would write it, in testdata.
//
// WS_NO_ROADS=1 leaves out the proxies that are not written in Go.
package roads
