//go:build !js

// Package legacy speaks the versions of the WebSocket protocol that browsers
// shipped before RFC 6455, as a server and as a client: [Hixie75], [Hixie76],
// [Hybi07] and [Hybi10]. Kiosks, embedded devices and old test rigs still use
// them. Nothing of it is linked unless it is imported, and package ws accepts
// none of them: it answers 426 and names this package.
//
//	http.Handle("/chat", legacy.Handler(func(ctx context.Context, c api.Conn) { ... }, nil))
//
// One endpoint serves browsers of 2010 and of today: a request of RFC 6455 is
// accepted by package ws.
//
// # What differs between the drafts
//
//	              hixie-75        hixie-76        hybi-07, hybi-10   RFC 6455
//	text          yes             yes             yes                yes
//	binary        unsupported     unsupported     yes                yes
//	Ping          unsupported     unsupported     yes                yes
//	keepalive     none            none            yes                yes
//	close         the end of TCP  FF 00, no code  a code, a reason   a code, a reason
//	compression   none            none            none               if asked for
//	fragments     none            none            yes                yes
//
// An operation that a draft does not have returns an error that matches
// [errors.ErrUnsupported] and names the draft and its section; nothing is sent.
// Close always closes.
//
// In the hixie drafts the end of a message shows only when it has arrived, and
// there are no fragments: a message is read as far as ReadLimit allows, and a
// Writer collects one, which is sent by its Close. Text that is not UTF-8 ends
// the connection, as everywhere in this module; section 4.3 of both has a
// client replace what is invalid. A peer that is gone is detected by a write
// that blocks (WriteTimeout) and by TCP alone, since there is no ping.
//
// In the hybi drafts the close codes are those of their section 7.4.1: 1000 to
// 1003, in hybi-10 also 1007, and 3000 to 4999. Close with another one closes
// without it and says so. Where this module itself closes, it sends 1004 (too
// large) for 1009, 1001 for 1011, and 1002 for the others that the draft lacks.
// A length has to be in its shortest form, as in RFC 6455; no known peer sends
// another one.
//
// # Safety
//
// The same holds as for package ws: pages of the same origin only, by the
// draft's own field (Origin, Sec-WebSocket-Origin), OriginPatterns,
// AllowedHosts, Check, limits on the head and on messages, time limits for the
// handshake, for writes and for closing. The drafts have flaws of their own,
// for which they were replaced: the handshake of hixie-75 proves nothing, and
// no hixie frame is masked, so that a page of any site can make a transparent
// proxy see a request of its choice. Offer them only where such browsers have
// to be served.
package legacy
