package contestant

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// coderLimit is above the largest message; the default of 32 KiB is below.
const coderLimit = 2 << 20

var (
	coder = &Contestant{
		Name:     "coder",
		Settings: "Accept in a net/http handler, Read, Write; context.Background instead of the README's ten seconds for a whole connection; SetReadLimit 2 MiB; compression: CompressionNoContextTakeover or CompressionContextTakeover, its default threshold; broadcast: Write, since it prepares no messages",
		Peer:     true,
		Deflates: []Deflate{Fresh, Takeover},
		Serve:    func(ln net.Listener, s Setup) Broadcast { return serveCoder(ln, s, coderWhole) },
		Dial: func(ctx context.Context, addr string) (Client, error) {
			c, _, err := websocket.Dial(ctx, "ws://"+addr+"/echo", nil)
			if err != nil {
				return nil, err
			}
			c.SetReadLimit(coderLimit)
			return coderClient{c}, nil
		},
	}
	coderStream = &Contestant{
		Name:     "coder-stream",
		Settings: "as coder, but as in its echo example: Reader, Writer, io.Copy",
		EchoOnly: true,
		Peer:     true,
		Deflates: []Deflate{Fresh, Takeover},
		Serve:    func(ln net.Listener, s Setup) Broadcast { return serveCoder(ln, s, coderCopy) },
	}
)

func serveCoder(ln net.Listener, s Setup, echo func(*websocket.Conn) error) Broadcast {
	opts := &websocket.AcceptOptions{}
	switch s.Deflate {
	case Fresh:
		opts.CompressionMode = websocket.CompressionNoContextTakeover
	case Takeover:
		opts.CompressionMode = websocket.CompressionContextTakeover
	}
	members := newRoom[*websocket.Conn](s.Room)
	serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, opts)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(coderLimit)
		members.join(c)
		defer members.leave(c)
		for echo(c) == nil {
		}
	})
	return func(p []byte) error {
		return members.each(func(c *websocket.Conn) error {
			return c.Write(context.Background(), websocket.MessageText, p)
		})
	}
}

func coderWhole(c *websocket.Conn) error {
	typ, p, err := c.Read(context.Background())
	if err != nil {
		return err
	}
	return c.Write(context.Background(), typ, p)
}

func coderCopy(c *websocket.Conn) error {
	typ, r, err := c.Reader(context.Background())
	if err != nil {
		return err
	}
	w, err := c.Writer(context.Background(), typ)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

type coderClient struct{ c *websocket.Conn }

func (d coderClient) Talk(next Next) error {
	ctx := context.Background()
	var reply []byte
	for p := next(nil); p != nil; p = next(reply) {
		if err := d.c.Write(ctx, websocket.MessageText, p); err != nil {
			return err
		}
		var err error
		if _, reply, err = d.c.Read(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d coderClient) Close() { d.c.CloseNow() }
