// Module h2 is a client for WebSocket over HTTP/2. It is a module of its own,
// so that a program which does not import it never sees golang.org/x/net/http2
// in its go.sum.
module github.com/twinws/ws/h2

go 1.26.0

replace github.com/twinws/ws => ../

require (
	github.com/twinws/ws v0.0.0
	golang.org/x/net v0.62.0
)

require (
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/text v0.43.0 // indirect
	nhooyr.io/websocket v1.8.17 // indirect
)
