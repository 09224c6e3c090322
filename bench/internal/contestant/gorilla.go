package contestant

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var gorilla = &Contestant{
	Name:     "gorilla",
	Settings: "as its echo example: Upgrader with default options in a net/http handler, ReadMessage, WriteMessage; compression: EnableCompression; broadcast: PreparedMessage; client: DefaultDialer",
	Peer:     true,
	Deflates: []Deflate{Fresh},
	Serve: func(ln net.Listener, s Setup) Broadcast {
		u := websocket.Upgrader{EnableCompression: s.Deflate != Off}
		members := newRoom[*gorillaMember](s.Room)
		serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
			c, err := u.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer c.Close()
			write := c.WriteMessage
			if s.Room {
				m := &gorillaMember{c: c}
				members.join(m)
				defer members.leave(m)
				write = m.write
			}
			for {
				typ, p, err := c.ReadMessage()
				if err != nil {
					return
				}
				if err := write(typ, p); err != nil {
					return
				}
			}
		})
		return func(p []byte) error {
			m, err := websocket.NewPreparedMessage(websocket.TextMessage, p)
			if err != nil {
				return err
			}
			return members.each(func(c *gorillaMember) error { return c.writePrepared(m) })
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

// gorillaMember is a connection with two writers, the broadcast and the echo,
// which the package leaves to its user: it panics when they meet. They do,
// since the peer has a message before its writer has returned.
type gorillaMember struct {
	c  *websocket.Conn
	mu sync.Mutex // held while something is written
}

func (m *gorillaMember) write(typ int, p []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.c.WriteMessage(typ, p)
}

func (m *gorillaMember) writePrepared(p *websocket.PreparedMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.c.WritePreparedMessage(p)
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
