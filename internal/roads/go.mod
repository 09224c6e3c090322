// Module roads has the tests through proxies. It is a module of its own, since
// they need the versions of HTTP that are modules of their own.
module github.com/twinws/ws/internal/roads

go 1.26.0

replace (
	github.com/twinws/ws => ../..
	github.com/twinws/ws/h2 => ../../h2
)

require (
	github.com/twinws/ws v0.0.0
	github.com/twinws/ws/h2 v0.0.0
)

require (
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
