package contestant

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"
)

// gobwasLimit is what its README tells to set.
const gobwasLimit = 1 << 20

var (
	gobwas = &Contestant{
		Name:     "gobwas",
		Settings: "as its README's first example: UpgradeHTTP, a goroutine, wsutil.ReadClientData, wsutil.WriteServerMessage, SetMaxMessageSize 1 MiB; broadcast: CompileFrame; client: Dial and wsutil",
		Peer:     true,
		Serve: func(ln net.Listener, s Setup) Broadcast {
			wsutil.SetMaxMessageSize(gobwasLimit)
			members := newRoom[net.Conn](s.Room)
			serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
				nc, _, _, err := ws.UpgradeHTTP(r, w)
				if err == nil {
					go gobwasServe(nc, members, gobwasWhole)
				}
			})
			return gobwasBroadcast(members)
		},
		Dial: dialGobwas,
	}
	gobwasLow = &Contestant{
		Name:     "gobwas-low",
		Settings: "as its README's lowest example: ws.Upgrade on TCP, ReadHeader, ReadFull, Cipher, WriteHeader, Write, without a buffer; compression: its README's example, wsflate.DefaultParameters with the Frame functions",
		Peer:     true,
		Deflates: []Deflate{Fresh},
		Serve: func(ln net.Listener, s Setup) Broadcast {
			members := newRoom[net.Conn](s.Room)
			serveTCP(ln, func(nc net.Conn) {
				u, echo := ws.Upgrader{}, gobwasFrame
				if s.Deflate != Off {
					e := wsflate.Extension{Parameters: wsflate.DefaultParameters}
					u.Negotiate = e.Negotiate
					echo = gobwasDeflated
				}
				if _, err := u.Upgrade(nc); err != nil {
					nc.Close()
					return
				}
				gobwasServe(nc, members, echo)
			})
			return gobwasBroadcast(members)
		},
	}
)

func gobwasServe(nc net.Conn, members *room[net.Conn], echo func(net.Conn) error) {
	defer nc.Close()
	members.join(nc)
	defer members.leave(nc)
	for echo(nc) == nil {
	}
}

func gobwasBroadcast(members *room[net.Conn]) Broadcast {
	return func(p []byte) error {
		frame, err := ws.CompileFrame(ws.NewTextFrame(p))
		if err != nil {
			return err
		}
		return members.each(func(nc net.Conn) error {
			_, err := nc.Write(frame)
			return err
		})
	}
}

func gobwasWhole(nc net.Conn) error {
	p, op, err := wsutil.ReadClientData(nc)
	if err != nil {
		return err
	}
	return wsutil.WriteServerMessage(nc, op, p)
}

func gobwasFrame(nc net.Conn) error {
	h, err := ws.ReadHeader(nc)
	if err != nil {
		return err
	}
	p := make([]byte, h.Length)
	if _, err := io.ReadFull(nc, p); err != nil {
		return err
	}
	if h.Masked {
		ws.Cipher(p, h.Mask, 0)
	}
	h.Masked = false
	if err := ws.WriteHeader(nc, h); err != nil {
		return err
	}
	if _, err := nc.Write(p); err != nil {
		return err
	}
	if h.OpCode == ws.OpClose {
		return io.EOF
	}
	return nil
}

func gobwasDeflated(nc net.Conn) error {
	h, err := ws.ReadHeader(nc)
	if err != nil {
		return err
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	if _, err := io.ReadFull(nc, f.Payload); err != nil {
		return err
	}
	f = ws.UnmaskFrameInPlace(f)
	compressed, err := wsflate.IsCompressed(f.Header)
	if err != nil {
		return err
	}
	if compressed {
		if f, err = wsflate.DecompressFrame(f); err != nil {
			return err
		}
	}
	if f, err = wsflate.CompressFrame(ws.NewTextFrame(f.Payload)); err != nil {
		return err
	}
	return ws.WriteFrame(nc, f)
}

type gobwasClient struct{ nc net.Conn }

func dialGobwas(ctx context.Context, addr string) (Client, error) {
	nc, _, _, err := ws.Dial(ctx, "ws://"+addr+"/echo")
	if err != nil {
		return nil, err
	}
	return gobwasClient{nc}, nil
}

func (g gobwasClient) Talk(next Next) error {
	var reply []byte
	for p := next(nil); p != nil; p = next(reply) {
		if err := wsutil.WriteClientText(g.nc, p); err != nil {
			return err
		}
		var err error
		if reply, err = wsutil.ReadServerText(g.nc); err != nil {
			return err
		}
	}
	return nil
}

func (g gobwasClient) Close() { g.nc.Close() }
