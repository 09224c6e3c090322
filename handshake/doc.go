// Package handshake is the opening handshake of RFC 6455 section 4 as values
// and pure functions, for both roles: the key, the request, the response, the
// choice of a subprotocol, the Origin policy and the grammar of extensions.
//
// It opens no socket, reads no clock and generates no random bytes: the caller
// transfers the bytes, bounds the time and supplies the random bytes. A client
// goes [NewKey], [AppendRequest], [HeadEnd], [ParseResponse], [CheckResponse];
// a server [HeadEnd], [ParseRequest] or [FromHTTP], [Check], and then
// [AppendResponse] or [AppendRefusal].
//
// All functions take time linear in their input, and limit it:
// [MaxHeadBytes], [MaxResponseHeadBytes], [MaxFields], [MaxExtensionBytes],
// [MaxExtensions] and [MaxParams].
package handshake
