module github.com/twinws/ws

go 1.26

require (
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	nhooyr.io/websocket v1.8.17 // indirect
)
