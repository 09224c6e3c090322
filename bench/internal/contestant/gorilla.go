package contestant

import (
	"context"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

var gorilla = &Contestant{
	Name:     "gorilla",
	Settings: "as its echo example: Upgrader with default options in a net/http handler, ReadMessage, WriteMessage; compression: EnableCompression; broadcast: PreparedMessage; client: DefaultDialer",
	Peer:     true,
	Deflates: []Deflate{Fresh},
	Serve: func(ln net.Listener, s Setup) Broadcast {
		u := websocket.Upgrader{EnableCompression: s.Deflate != Off}
		members := newRoom[*websocket.Conn](s.Room)
		serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
			c, err := u.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer c.Close()
			members.join(c)
			defer members.leave(c)
			for {
				typ, p, err := c.ReadMessage()
				if err != nil {
					return
				}
				if err := c.WriteMessage(typ, p); err != nil {
					return
				}
			}
		})
		return func(p []byte) error {
			m, err := websocket.NewPreparedMessage(websocket.TextMessage, p)
			if err != nil {
				return err
			}
			return members.each(func(c *websocket.Conn) error { return c.WritePreparedMessage(m) })
		}
	},
	Dial: func(ctx context.Context, addr string) (Client, error) {
		c, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+addr+"/echo", nil)
		if err != nil {
			return nil, err
		}
		return gorillaClient{c}, nil
	},
}

type gorillaClient struct{ c *websocket.Conn }

func (g gorillaClient) Talk(next Next) error {
	var reply []byte
	for p := next(nil); p != nil; p = next(reply) {
		if err := g.c.WriteMessage(websocket.TextMessage, p); err != nil {
			return err
		}
		var err error
		if _, reply, err = g.c.ReadMessage(); err != nil {
			return err
		}
	}
	return nil
}

func (g gorillaClient) Close() { g.c.Close() }
