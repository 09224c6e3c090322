//go:build linux

package ws_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/twinws/ws"
)

// records counts the TLS records that it reads (RFC 8446 section 5.1).
type records struct {
	net.Conn
	skip int // bytes until the next record begins
	head []byte
	n    atomic.Int64
}

func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	for _, b := range p[:n] {
		if r.skip > 0 {
			r.skip--
			continue
		}
		if r.head = append(r.head, b); len(r.head) == 5 {
			r.skip, r.head = int(r.head[3])<<8|int(r.head[4]), r.head[:0]
			r.n.Add(1)
		}
	}
	return n, err
}

// A Read of TLS returns one record, so one message, if the peer sent each in a
// record. Those that wait in the socket are seen all the same, and the replies
// to them go together, as without TLS.
func TestGatherTLS(t *testing.T) {
	for _, noGather := range []bool{false, true} {
		t.Run(fmt.Sprint("NoGather=", noGather), func(t *testing.T) {
			sent := make(chan struct{})
			h := ws.Handler(func(ctx context.Context, c *ws.Conn) {
				<-sent
				for {
					typ, p, err := c.Read(ctx)
					if err != nil || c.Write(ctx, typ, p) != nil {
						return
					}
				}
			}, &ws.AcceptOptions{NoGather: noGather})
			s := httptest.NewTLSServer(h) // its sockets are net's own, which a census wraps
			t.Cleanup(s.Close)
			var r *records
			d := &ws.Dialer{Proxy: noProxy, TLSConfig: trusting(s)}
			d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				r = &records{Conn: nc}
				return r, err
			}
			c, err := d.Dial(within(t), s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			before := r.n.Load()
			const messages = 200
			for range messages {
				if err := c.Write(within(t), ws.MessageBinary, make([]byte, 100)); err != nil {
					t.Fatal(err)
				}
			}
			close(sent)
			for range messages {
				if _, _, err := c.Read(within(t)); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.n.Load() - before; (got < messages/2) == noGather {
				t.Errorf("NoGather = %v: %d replies came in %d records", noGather, messages, got)
			}
			c.Close(ws.StatusNormalClosure, "")
		})
	}
}
