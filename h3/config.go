package h3

import "github.com/quic-go/quic-go"

// Windows of flow control, in bytes (RFC 9000 section 4).
const (
	initialStreamWindow = 1 << 20
	maxStreamWindow     = 4 << 20
	connectionWindow    = 64 << 20
)

// ServerConfig returns a configuration of QUIC for the QUICConfig of an
// http3.Server that accepts as many WebSockets, and other requests, at a time
// on each connection. With the defaults of quic-go there are 100, further ones
// wait for one of these to end, and a WebSocket that is not read stalls the
// others of its connection: 512 KiB unread, and nothing more arrives for any of
// them. Here a WebSocket can be sent 1 MiB, or up to 4 MiB if its reader keeps
// up, and all of a connection 64 MiB before somebody reads. 0-RTT is off.
func ServerConfig(streams int) *quic.Config {
	cfg := &quic.Config{MaxIncomingStreams: int64(streams)}
	windows(cfg)
	return cfg
}

// windows fills in the windows that are not set.
func windows(cfg *quic.Config) {
	set := func(field *uint64, value uint64) {
		if *field == 0 {
			*field = value
		}
	}
	set(&cfg.InitialStreamReceiveWindow, initialStreamWindow)
	set(&cfg.MaxStreamReceiveWindow, max(maxStreamWindow, cfg.InitialStreamReceiveWindow))
	set(&cfg.MaxConnectionReceiveWindow, max(connectionWindow, cfg.InitialConnectionReceiveWindow))
	set(&cfg.InitialConnectionReceiveWindow, min(connectionWindow, cfg.MaxConnectionReceiveWindow))
}
