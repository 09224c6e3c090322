module github.com/twinws/ws

go 1.26

require (
	github.com/hack-pad/safejs v0.1.0
	nhooyr.io/websocket v1.8.17
)
