//go:build !js

package ws

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"

	"github.com/twinws/ws/internal/opening"
)

// The settings of [ConfigureHTTP2].
const (
	http2Streams          = 1000
	http2StreamWindow     = 64 << 10
	http2ConnectionWindow = 4<<20 - 1 // the largest that http.HTTP2Config allows
)

// ConfigureHTTP2 sets what a server needs for WebSockets over HTTP/2 in its
// HTTP2 field, as far as that is not set already. Call it before the server
// serves.
//
//   - MaxReceiveBufferPerStream is 64 KiB, and MaxReceiveBufferPerConnection 4
//     MiB less one byte, the largest allowed. By default both are 1 MiB, so
//     that one WebSocket which is not read, while its peer sends, takes up what
//     may be received on the connection, and all others of that connection
//     stop. So 63 of them may stop without effect on the others. In return a
//     client can send at most 64 KiB to a WebSocket in the time to its server
//     and back.
//   - MaxConcurrentStreams is 1,000. By default it is 250; Chrome opens up to
//     255 WebSockets over one connection, and those beyond the limit stay in
//     the state CONNECTING, without an error.
//   - EnableConnectProtocol is true, in versions of Go that have it. Go 1.26
//     and 1.27 have not: import github.com/twinws/ws/xconnect.
//
// The time limits of the server, ReadTimeout and WriteTimeout, do not end a
// WebSocket: [Accept] and [Handler] lift them from its stream.
func ConfigureHTTP2(s *http.Server) {
	var cfg http.HTTP2Config
	if s.HTTP2 != nil {
		cfg = *s.HTTP2 // other servers may have the same
	}
	if cfg.MaxConcurrentStreams == 0 {
		cfg.MaxConcurrentStreams = http2Streams
	}
	if cfg.MaxReceiveBufferPerStream == 0 {
		cfg.MaxReceiveBufferPerStream = http2StreamWindow
	}
	if cfg.MaxReceiveBufferPerConnection == 0 {
		cfg.MaxReceiveBufferPerConnection = http2ConnectionWindow
	}
	enableConnect(reflect.ValueOf(&cfg).Elem())
	s.HTTP2 = &cfg
}

// enableConnect sets the field EnableConnectProtocol of a configuration that
// has it (https://go.dev/issue/53208).
func enableConnect(cfg reflect.Value) {
	if f := cfg.FieldByName("EnableConnectProtocol"); f.IsValid() && f.Kind() == reflect.Bool {
		f.SetBool(true)
	}
}

// CheckHTTP2 asks a server whether WebSockets can be opened over HTTP/2, and
// returns nil if it announces SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441
// section 3), otherwise a [*HandshakeError] that says why not. It is for a
// program's test of its own server:
//
//	nc, err := tls.Dial("tcp", addr, &tls.Config{NextProtos: []string{"h2"}})
//	if err == nil {
//		err = ws.CheckHTTP2(ctx, nc)
//	}
//
// nc is a new connection to the server, over TLS with h2 chosen by ALPN, or
// without TLS to a server that knows HTTP/2 (http.Protocols). CheckHTTP2 begins
// HTTP/2 on it and reads the server's first frame, and does not close nc, which
// is of no use afterwards.
func CheckHTTP2(ctx context.Context, nc net.Conn) error {
	b := opening.Interruptible(ctx, nc)
	err := checkHTTP2(nc)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		err = ctx.Err()
	}
	return wrap("check HTTP/2", err)
}

// http2Preface is what a client sends first (RFC 9113 section 3.4), with an
// empty SETTINGS frame.
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

func checkHTTP2(nc net.Conn) error {
	if _, err := io.WriteString(nc, http2Preface); err != nil {
		return &HandshakeError{Problem: "the server takes no HTTP/2", Cause: err}
	}
	var head [9]byte // RFC 9113 section 4.1
	if _, err := io.ReadFull(nc, head[:]); err != nil {
		return &HandshakeError{Problem: "the server answers nothing to HTTP/2", Cause: err}
	}
	length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	if head[3] != 4 || head[4]&1 != 0 || length > 16384 || length%6 != 0 {
		return &HandshakeError{Problem: "the server's answer begins with " + strconv.Quote(string(head[:])) +
			" and not with a SETTINGS frame (RFC 9113 section 3.4): it does not speak HTTP/2"}
	}
	settings := make([]byte, length)
	if _, err := io.ReadFull(nc, settings); err != nil {
		return &HandshakeError{Problem: "the server's SETTINGS frame is cut short", Cause: err}
	}
	for ; len(settings) > 0; settings = settings[6:] {
		const enableConnectProtocol = 8 // RFC 8441 section 9.1
		if binary.BigEndian.Uint16(settings) == enableConnectProtocol && binary.BigEndian.Uint32(settings[2:]) == 1 {
			return nil
		}
	}
	return &HandshakeError{Problem: "the server does not announce extended CONNECT (RFC 8441 section 3): a server of net/http does " +
		"if its program imports github.com/twinws/ws/xconnect, and GODEBUG has no http2xconnect=0"}
}
