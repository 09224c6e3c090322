package contestant

import (
	"context"
	"net"
	"net/http"

	"github.com/twinws/ws"
)

// The library has no README settings to differ from: these are its defaults.
var (
	ours = &Contestant{
		Name: "ours",
		Settings: "Upgrade, ReadAppend into one buffer per connection, Write; all defaults (UTF-8, limits, keepalive, write timeout on); " +
			"broadcast: WritePrepared from as many goroutines as run at once; idle: a new buffer for each message, so that none of the echo's own is kept",
		Deflates: []Deflate{Fresh, Takeover},
		Serve: func(ln net.Listener, s Setup) Broadcast {
			e := newOurEcho(s)
			serveTCP(ln, func(nc net.Conn) {
				c, err := ws.Upgrade(context.Background(), nc, e.opts)
				if err == nil {
					e.run(c)
				}
			})
			return e.broadcast
		},
		Dial: dialOurs,
	}
	oursAccept = &Contestant{
		Name:     "ours-accept",
		Settings: "the same through Accept in a net/http handler, which it stays in",
		Deflates: []Deflate{Fresh, Takeover},
		Serve: func(ln net.Listener, s Setup) Broadcast {
			e := newOurEcho(s)
			serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
				c, err := ws.Accept(w, r, e.opts)
				if err == nil {
					e.run(c)
				}
			})
			return e.broadcast
		},
	}
)

var oursHandler = &Contestant{
	Name:     "ours-handler",
	Settings: "the same through Handler, which leaves net/http's goroutine and buffers",
	Deflates: []Deflate{Fresh, Takeover},
	Serve: func(ln net.Listener, s Setup) Broadcast {
		e := newOurEcho(s)
		go http.Serve(ln, ws.Handler(func(_ context.Context, c *ws.Conn) { e.run(c) }, e.opts))
		return e.broadcast
	},
}

type ourEcho struct {
	opts *ws.AcceptOptions
	room *room[*ws.Conn]
	idle bool
}

func newOurEcho(s Setup) *ourEcho {
	e := &ourEcho{opts: &ws.AcceptOptions{}, room: newRoom[*ws.Conn](s.Room), idle: s.Idle}
	if s.Deflate != Off {
		fresh := s.Deflate == Fresh
		e.opts.Compression = &ws.Compression{ServerNoContextTakeover: fresh, ClientNoContextTakeover: fresh}
	}
	return e
}

func (e *ourEcho) run(c *ws.Conn) {
	defer c.CloseNow()
	e.room.join(c)
	defer e.room.leave(c)
	ctx := context.Background()
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err != nil {
			return
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return
		}
		if !e.idle {
			buf = p
		}
	}
}

func (e *ourEcho) broadcast(p []byte) error {
	m, err := ws.Prepare(ws.MessageText, p)
	if err != nil {
		return err
	}
	ctx := context.Background()
	return e.room.parts(func(c *ws.Conn) error { return c.WritePrepared(ctx, m) })
}

type ourClient struct {
	c   *ws.Conn
	buf []byte
}

func dialOurs(ctx context.Context, addr string) (Client, error) {
	c, err := ws.Dial(ctx, "ws://"+addr+"/echo", nil)
	if err != nil {
		return nil, err
	}
	return &ourClient{c: c}, nil
}

func (o *ourClient) Talk(next Next) error {
	ctx := context.Background()
	for p := next(nil); p != nil; p = next(o.buf) {
		if err := o.c.Write(ctx, ws.MessageText, p); err != nil {
			return err
		}
		var err error
		if _, o.buf, err = o.c.ReadAppend(ctx, o.buf[:0]); err != nil {
			return err
		}
	}
	return nil
}

func (o *ourClient) Close() { o.c.CloseNow() }
