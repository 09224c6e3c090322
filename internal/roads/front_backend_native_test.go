//go:build !js

package roads

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// beat is the keepalive of connections that are to outlive the proxies'
// time-outs.
const beat = 500 * time.Millisecond

// backend is a server behind a proxy, on this machine, without TLS.
type backend struct {
	name   string // its X-Backend
	addr   string
	root   http.Handler
	majors sync.Map // the path of a request: the major version of HTTP
	over   sync.Map // the path and query of a connection: a chan error with how it ended
}

// options are those of a server behind a proxy on this machine.
func options(name string) ws.AcceptOptions {
	return ws.AcceptOptions{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Subprotocols:   []string{"chat"},
		Compression:    &ws.Compression{},
		Header:         http.Header{"X-Backend": {name}},
	}
}

// newBackend serves these paths:
//
//	/echo    echoes
//	/strict  echoes, and trusts no proxy
//	/refuse  refuses
//	/close   closes with 4001
//	/silent  echoes, and sends nothing of its own accord
//	/kept    echoes, and sends a ping after each beat
//	/sink    reads, and sends nothing at all
//	/source  sends a message in each beat
func newBackend(t *testing.T, name string) *backend {
	t.Helper()
	b := &backend{name: name}
	plain := options(name)
	strict, refusing, silent, kept := plain, plain, plain, plain
	strict.TrustedProxies = nil
	silent.Keepalive = &ws.Keepalive{Idle: -1}
	kept.Keepalive = &ws.Keepalive{Idle: beat}
	refusing.Check = func(*handshake.Request) error {
		return &ws.HandshakeError{Status: http.StatusConflict, Header: http.Header{"X-Why": {"because"}}, Body: []byte("come back later\n")}
	}
	mux := http.NewServeMux()
	mux.Handle("/echo", b.serve(plain, echo))
	mux.Handle("/strict", b.serve(strict, echo))
	mux.Handle("/refuse", b.serve(refusing, echo))
	mux.Handle("/silent", b.serve(silent, echo))
	mux.Handle("/kept", b.serve(kept, echo))
	mux.Handle("/close", b.serve(plain, func(_ context.Context, c *ws.Conn) error { return c.Close(4001, "enough") }))
	mux.Handle("/sink", b.serve(silent, func(ctx context.Context, c *ws.Conn) error { return drain(ctx, c, nil) }))
	mux.Handle("/source", b.serve(silent, pour))
	b.root = mux
	s := httptest.NewUnstartedServer(mux)
	s.Config.Protocols = new(http.Protocols) // HTTP/2 by prior knowledge, as a proxy's "proto h2" has it
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	ws.ConfigureHTTP2(s.Config)
	s.Start()
	t.Cleanup(s.Close)
	b.addr = s.Listener.Addr().String()
	return b
}

// ended returns where the end of the server's connection to a path is told.
func (b *backend) ended(path string) chan error {
	c, _ := b.over.LoadOrStore(path, make(chan error, 8))
	return c.(chan error)
}

func (b *backend) serve(o ws.AcceptOptions, f func(context.Context, *ws.Conn) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.majors.Store(r.URL.Path, r.ProtoMajor)
		c, err := ws.Accept(w, r, &o)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		err = f(ctx, c)
		select {
		case b.ended(r.URL.RequestURI()) <- err:
		default: // nobody asks about that path
		}
	})
}

// echo echoes until the connection ends, and returns its error.
func echo(ctx context.Context, c *ws.Conn) error {
	for {
		typ, p, err := c.Read(ctx)
		if err == nil {
			err = c.Write(ctx, typ, p)
		}
		if err != nil {
			return err
		}
	}
}

// drain reads until the connection ends, and returns its error. Each message is
// told to got, which may be nil.
func drain(ctx context.Context, c *ws.Conn, got chan<- struct{}) error {
	for {
		if _, _, err := c.Read(ctx); err != nil {
			return err
		}
		if got != nil {
			got <- struct{}{}
		}
	}
}

// pour sends a message in each beat until the connection ends.
func pour(ctx context.Context, c *ws.Conn) error {
	over := make(chan error, 1)
	go func() { over <- drain(ctx, c, nil) }()
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		select {
		case err := <-over:
			return err
		case <-beats.C:
			if err := c.Write(ctx, ws.MessageText, []byte("more")); err != nil {
				return err
			}
		}
	}
}
