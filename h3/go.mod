// Module h3 is a client for WebSocket over HTTP/3. It is a module of its own so
// that a program which imports package ws never sees quic-go in its go.sum.
module github.com/twinws/ws/h3

go 1.26.0

replace github.com/twinws/ws => ../

require (
	github.com/quic-go/qpack v0.6.0
	github.com/quic-go/quic-go v0.65.0
	github.com/twinws/ws v0.0.0-00010101000000-000000000000
	golang.org/x/net v0.56.0
)

require (
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/crypto v0.54.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	nhooyr.io/websocket v1.8.17 // indirect
)
