// Package wasmtest runs the conformance suite, package apitest, in every home.
//
//	TestConformance/native      ws.Dial against the test server's echo by Accept
//	TestConformance/tls         the same over TLS
//	TestConformance/nhooyr      ws.Dial against the independent peer's echo
//	TestConformance/bytes       ws.Dial against an echo that only knows frames
//	TestConformance/page        in a page of Chromium, against the echo by Accept
//	TestConformance/page_nhooyr in a page, against the independent peer
//	TestWorker                  in a Web Worker, against the echo by Accept
//	TestConformance/home        in another home, against the echo by Accept
//	TestConformance/home_nhooyr in another home, against the independent peer
//
// Those from page on run in the js build of this package, as do TestStandard,
// the rules of the WHATWG WebSockets standard that STANDARD.md lists, and
// TestNetConn, nettest's suite for the net.Conn of package wsnet. Native tests
// start the server and the home. TestBrowser starts headless Chromium; it
// needs a browser and wasmbrowsertest, and fails without them unless
// WS_NO_BROWSER=1. TestNode starts Node.js 22 or later, unless WS_NO_PEERS=1.
// TestHomes starts all other homes that homes_test.go lists, unless
// WS_NO_HOMES=1.
package wasmtest
