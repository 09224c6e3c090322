package h3

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/twinws/ws"
)

// Transport opens WebSockets over HTTP/3 (RFC 9220): its OpenStream is for the
// field of that name of a ws.Dialer. The zero value is ready to use. It must
// not be copied after first use, nor changed. Its methods may be called by any
// number of goroutines.
//
// The WebSockets of one Dialer to one host and port share a QUIC connection,
// which verifies certificates by the Dialer's TLSConfig. Another Dialer has
// connections of its own. 0-RTT is not used: a handshake could be replayed.
//
// HTTP/3 is always over TLS: a URL must have the scheme wss or https. QUIC is
// over UDP, which neither the Dialer's Proxy nor its NetDial or NetDialTLS can
// carry: where one of them applies, Dial fails, unless Fallback or Dial is set.
// Transport never goes around a proxy by itself.
type Transport struct {
	// Fallback makes the Dialer use HTTP/1.1 where HTTP/3 cannot be used: the
	// URL is ws, a Proxy or NetDial applies, no QUIC connection comes about
	// within ConnectTimeout, or the server does not announce WebSocket over
	// HTTP/3. A host that UDP does not reach is dialed by HTTP/1.1 at once for
	// the next 5 minutes. A certificate that is not valid is always an error.
	Fallback bool

	// ConnectTimeout bounds connecting, from resolving the name to the server's
	// SETTINGS: 0 means 3 s, which leaves time for HTTP/1.1 within the
	// Dialer's HandshakeTimeout.
	ConnectTimeout time.Duration

	// KeepalivePeriod is how long a connection is silent before QUIC sends a
	// PING, which keeps it open in NATs and firewalls: 0 means 15 s, a negative
	// value that none is sent. It is at most half of MaxIdleTimeout. It takes
	// the place of a WebSocket's own pings on the way, but tells nothing of the
	// peer's program: see Dialer.Keepalive.
	KeepalivePeriod time.Duration

	// IdleTimeout is how long a connection without WebSockets is kept for the
	// next Dial: 0 means 90 s, a negative value 1 s.
	IdleTimeout time.Duration

	// QUICConfig is the configuration of QUIC connections; nil means the zero
	// Config. It is copied. What is 0 in it has these defaults: MaxIdleTimeout,
	// after which a connection is lost on which nothing arrives, is 30 s; a
	// WebSocket can be sent 1 MiB, up to 4 MiB if its reader keeps up, and
	// all of a connection 64 MiB before somebody reads
	// (InitialStreamReceiveWindow, MaxStreamReceiveWindow,
	// Initial- and MaxConnectionReceiveWindow), so that a WebSocket that is not
	// read does not stall the others. KeepAlivePeriod is that above.
	QUICConfig *quic.Config

	// Dial opens a QUIC connection to addr, host and port; nil means that the
	// host's addresses are tried, IPv4 first, the next one after 250 ms, each
	// with a UDP socket of its own. The Dialer's Proxy, NetDial and NetDialTLS
	// are not considered then.
	Dial func(ctx context.Context, addr string, tlsConf *tls.Config, conf *quic.Config) (*quic.Conn, error)

	mu      sync.Mutex
	pool    map[key]*entry
	blocked map[string]time.Time // since when UDP does not reach an address
}

const (
	defaultConnectTimeout  = 3 * time.Second
	defaultKeepalivePeriod = 15 * time.Second
	defaultIdleTimeout     = 90 * time.Second
	// blockedTime is how long a host that UDP did not reach is not tried.
	blockedTime = 5 * time.Minute
	// maxTries bounds the connections on which a request is sent, if each says
	// that it has not processed it.
	maxTries = 3
)

// OpenStream opens the stream of a WebSocket: see ws.Dialer.OpenStream. It
// waits, within ctx, while the server allows no further stream on its
// connection. A request that the server has provably not processed (GOAWAY, or
// H3_REQUEST_REJECTED), or that was sent on a connection which turns out to be
// gone, is sent again on a new one, at most twice. The errors are
// *ws.HandshakeError, or match ws.ErrUseHTTP1 if Fallback is set.
func (t *Transport) OpenStream(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
	if why := t.unsuitable(r); why != nil {
		return nil, nil, why.err(t.Fallback)
	}
	for try := 1; ; try++ {
		c, why, err := t.acquire(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		if why != nil {
			return nil, nil, why.err(t.Fallback)
		}
		s, res, err := c.request(ctx, r.Request)
		if e, again := err.(*unprocessed); again {
			if try < maxTries {
				continue
			}
			err = e.err
		}
		if err != nil {
			return nil, nil, explain(err)
		}
		if s == nil {
			return nil, res, nil
		}
		return s, res, nil
	}
}

// explain makes err one that Dial returns.
func explain(err error) error {
	if _, ok := err.(*lostError); ok {
		return &ws.HandshakeError{Problem: "the QUIC stream was lost before the server responded", Cause: err}
	}
	if err == errGoAway {
		return &ws.HandshakeError{Problem: "the server refuses requests on every new connection", Cause: err}
	}
	return err
}

// CloseIdleConnections closes the connections without WebSockets.
func (t *Transport) CloseIdleConnections() {
	for _, c := range t.connections() {
		c.closeIdle()
	}
}

// Close closes all connections, and with them their WebSockets, whose Read
// returns 1006. The Transport may be used again. It is not necessary: without
// it connections are closed when they are no longer used.
func (t *Transport) Close() error {
	for _, c := range t.connections() {
		c.close()
	}
	return nil
}

func (t *Transport) connectTimeout() time.Duration {
	if t.ConnectTimeout > 0 {
		return t.ConnectTimeout
	}
	return defaultConnectTimeout
}

func (t *Transport) idleTimeout() time.Duration {
	if t.IdleTimeout == 0 {
		return defaultIdleTimeout
	}
	return t.IdleTimeout
}

// config returns the configuration of a connection.
func (t *Transport) config() *quic.Config {
	cfg := &quic.Config{}
	if t.QUICConfig != nil {
		cfg = t.QUICConfig.Clone()
	}
	cfg.HandshakeIdleTimeout = t.connectTimeout()
	switch {
	case t.KeepalivePeriod > 0:
		cfg.KeepAlivePeriod = t.KeepalivePeriod
	case t.KeepalivePeriod < 0:
		cfg.KeepAlivePeriod = 0
	case cfg.KeepAlivePeriod == 0:
		cfg.KeepAlivePeriod = defaultKeepalivePeriod
	}
	cfg.MaxIncomingStreams = -1 // a server opens none (RFC 9114 section 6.1)
	if cfg.MaxIncomingUniStreams == 0 {
		cfg.MaxIncomingUniStreams = 16 // control, two of QPACK, and unknown types
	}
	windows(cfg)
	return cfg
}
