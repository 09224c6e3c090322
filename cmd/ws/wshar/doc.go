// Package wshar reads and writes the messages of WebSocket connections as HAR
// files (HTTP Archive 1.2), in the form of the network panel of Chromium's
// DevTools, which can import what this package writes.
//
// HAR 1.2 knows nothing of WebSocket. DevTools adds two fields to the entry of
// a connection: "_resourceType", which must be exactly "websocket", and
// "_webSocketMessages".
package wshar
