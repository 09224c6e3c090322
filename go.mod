module github.com/twinws/ws

go 1.26

require (
	github.com/hack-pad/safejs v0.1.0
	github.com/klauspost/compress v1.20.3
	golang.org/x/net v0.47.0
	nhooyr.io/websocket v1.8.17
)

require golang.org/x/text v0.31.0 // indirect
