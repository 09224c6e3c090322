// Package server is the test server for native and browser connections: echo
// endpoints by three independent stacks, and endpoints that misbehave on
// request. All parameters are in the URL's query, since a page cannot set
// header fields.
//
// All endpoints except the last two are WebSocket endpoints.
//
//	/echo            echo by this module's own Accept: messages up to 64 MiB, any Origin; permessage-deflate if offered
//	                 choose=NAME, repeated: the subprotocols it knows
//	/echo/nhooyr     echo by nhooyr.io/websocket, the independent peer; choose= likewise
//	/echo/bytes      echo by this package's own bytes, which know frames and little else;
//	                 choose=NAME: the subprotocol it knows
//	/echo/legacy     echo by this module's package legacy, in every version of the protocol
//	/subprotocol     choose=NAME: selects NAME, offered or not; without it none
//	/header          name=NAME: sends the request's header field NAME as a text message
//	/close           code= reason=: closes with them, with an empty close frame when code is missing;
//	                 send=N: sends N texts "0", "1"... before; after=N: awaits N messages before
//	/flood           n= size= code= reason=: sends n binary messages of size bytes and closes at once, all in
//	                 as few writes as possible. A message starts with its index, 4 bytes big-endian (cut to
//	                 size), and is filled with the index's low byte
//	/ping            n= (1): sends n pings "0", "1"..., awaits the pong of the last, sends its payload as a text
//	/silent-close    reads, but never answers a close frame, and keeps the TCP connection open
//	/never-reads     reads nothing at all
//	/raw             hex=: sends these bytes after the handshake; each further hex= is sent when a message has
//	                 come in. end=hold (default) reads on and answers, =close closes with 1000, =eof ends the TCP
//	                 connection, =reset resets it
//	/reset           mid=header|payload|fragment|close: resets TCP (SO_LINGER 0) after half a header, half a
//	                 payload, one of two fragments, half a close frame. after=N awaits N messages before
//	/count           reads, and answers the close with 1000 and the reason "N M": how many data messages came before
//	                 it, and their bytes in all
//	/handshake       line=TEXT, repeated: responds with these header lines and nothing else; ACCEPT in
//	                 one stands for the right Sec-WebSocket-Accept. Then it behaves as /subprotocol. For a hixie
//	                 request ORIGIN, HOST and TARGET stand for the request's, and what hixie-76 has behind the
//	                 head follows it, unless proof=wrong or =none
//	/hang            reads the request and never responds; most=N: ends the TCP connection after N seconds, and
//	                 reports "1005 the client has not given up" to /seen
//	/seen            id=ID: sends how the connection that was opened with id=ID ended for the server, as the text
//	                 CODE REASON; CODE is 1005 for an empty close frame and 1006 for none
//	/refuse          status= (403) body=: a plain HTTP response; body may be repeated times=N, and location= redirects
//	/                files of Options.Page: the demo page and its wasm
//
// All WebSocket endpoints but the echoes of nhooyr.io and /echo accept the
// drafts before RFC 6455 too. To a client of hixie-75 or hixie-76 they send
// messages as text, /flood those with their index in digits, /ping frames that
// have to be discarded; a close has neither code nor reason, so /count sends
// the reason to /seen; /raw sends bytes as everywhere.
//
// Every WebSocket endpoint accepts id=ID, for /seen. On an endpoint that
// misbehaves a connection is closed after 60 s; Server.Close closes all.
package server
