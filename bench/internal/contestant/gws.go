package contestant

import (
	"context"
	"net"
	"net/http"

	"github.com/lxzan/gws"
)

var gwsContestant = &Contestant{
	Name:     "gws",
	Settings: "as its README's Best Practice: NewUpgrader in a net/http handler, a goroutine with ReadLoop, WriteMessage, Recovery; without ParallelEnabled, since an echo keeps the order, and without its deadline of 15 s, since nobody pings; broadcast: Broadcaster; compression: PermessageDeflate.Enabled and, for takeover, both ContextTakeover",
	Peer:     true,
	Deflates: []Deflate{Fresh, Takeover},
	Serve: func(ln net.Listener, s Setup) Broadcast {
		members := newRoom[*gws.Conn](s.Room)
		u := gws.NewUpgrader(&gwsServer{room: members}, &gws.ServerOption{
			Recovery: gws.Recovery,
			PermessageDeflate: gws.PermessageDeflate{
				Enabled:               s.Deflate != Off,
				ServerContextTakeover: s.Deflate == Takeover,
				ClientContextTakeover: s.Deflate == Takeover,
			},
		})
		serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
			c, err := u.Upgrade(w, r)
			if err == nil {
				go c.ReadLoop()
			}
		})
		return func(p []byte) error {
			b := gws.NewBroadcaster(gws.OpcodeText, p)
			defer b.Close()
			return members.each(b.Broadcast)
		}
	},
	Dial: dialGws,
}

type gwsServer struct {
	gws.BuiltinEventHandler
	room *room[*gws.Conn]
}

func (g *gwsServer) OnOpen(c *gws.Conn)           { g.room.join(c) }
func (g *gwsServer) OnClose(c *gws.Conn, _ error) { g.room.leave(c) }

func (g *gwsServer) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

// gwsClient sends its next message from the callback of the last reply, since
// that is how the library is used.
type gwsClient struct {
	gws.BuiltinEventHandler
	c    *gws.Conn
	next Next
	done chan error // of capacity 1
}

func dialGws(_ context.Context, addr string) (Client, error) {
	g := &gwsClient{done: make(chan error, 1)}
	var err error
	if g.c, _, err = gws.NewClient(g, &gws.ClientOption{Addr: "ws://" + addr + "/echo"}); err != nil {
		return nil, err
	}
	go g.c.ReadLoop()
	return g, nil
}

func (g *gwsClient) Talk(next Next) error {
	p := next(nil)
	if p == nil {
		return nil
	}
	g.next = next
	if err := g.c.WriteMessage(gws.OpcodeText, p); err != nil {
		return err
	}
	return <-g.done
}

func (g *gwsClient) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	p := g.next(m.Bytes())
	if p == nil {
		g.finish(nil)
		return
	}
	if err := c.WriteMessage(gws.OpcodeText, p); err != nil {
		g.finish(err)
	}
}

func (g *gwsClient) OnClose(_ *gws.Conn, err error) { g.finish(err) }

func (g *gwsClient) finish(err error) {
	select {
	case g.done <- err:
	default:
	}
}

func (g *gwsClient) Close() { g.c.NetConn().Close() }
