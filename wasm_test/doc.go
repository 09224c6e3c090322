// Package wasmtest runs the contract's suite, package apitest, in every place
// where a connection can live.
//
//	TestConformance/native     ws.Dial against the testserver's echo by Accept
//	TestConformance/tls        the same over TLS
//	TestConformance/nhooyr     ws.Dial against the independent peer's echo
//	TestConformance/bytes      ws.Dial against an echo that knows frames alone
//	TestConformance/page       in a browser's page, against the echo by Accept
//	TestConformance/page_nhooyr in a browser's page, against the independent peer
//	TestConformance/node       in Node.js 22, against the echo by Accept
//	TestConformance/node_nhooyr in Node.js 22, against the independent peer
//	TestWorker                 in a Web Worker, against the echo by Accept
//
// The last five run in the js build of this package, and so does TestStandard,
// the rules of the WHATWG WebSockets standard that STANDARD.md lists: in a
// page, in a Worker and in Node.js. TestBrowser, natively, starts the server
// and runs them in headless Chromium: it needs a browser and wasmbrowsertest,
// and fails without them unless WS_NO_BROWSER=1. TestNode does so in Node.js,
// and fails without one of version 22 or later unless WS_NO_PEERS=1.
package wasmtest
