// Package wstest helps to test programs that use WebSocket connections: [Pipe]
// connects two in memory, and [NewServer] is a server that behaves, and
// misbehaves, as a [Script] says.
//
// Everything ends with the test, by its Cleanup: no connection and no goroutine
// is left. Without [Server.Listen] everything is in memory and works in the
// bubbles of testing/synctest, where time is virtual: time limits, keepalive
// and delays are tested in no time.
//
// In a browser: absent, apart from this sentence. Code for pages that uses the
// declarations of both homes, or an api.Conn, is tested natively, where the
// race detector and testing/synctest are; a connection in memory that claims to
// be a browser's would show only what this package knows of browsers. Code
// that needs a page is tested in one, against the [Server.Listen] of a native
// test.
package wstest
