// Package handshake is the opening handshake of RFC 6455 section 4 as values
// and pure functions, for both roles: the key, the request, the response, the
// choice of a subprotocol, the Origin policy and the grammar of extensions.
//
// It opens no socket, reads no clock and draws no randomness: the caller moves
// the bytes, bounds the time and passes random bytes in. A client goes
// [NewKey], [AppendRequest], [HeadEnd], [ParseResponse], [CheckResponse]; a
// server [HeadEnd], [ParseRequest] or [FromHTTP], [Check], and then
// [AppendResponse] or [AppendRefusal].
//
// Everything here takes time linear in its input and holds its input to limits:
// [MaxHeadBytes], [MaxResponseHeadBytes], [MaxFields], [MaxExtensionBytes],
// [MaxExtensions] and [MaxParams].
package handshake
