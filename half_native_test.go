//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/frame"
)

// reply answers the first message and then does as it is told: the second
// message, and the end of the peer's half, have come by then.
type reply struct {
	opts   *ws.AcceptOptions
	close  bool // by Close, not by reading on
	result chan error
}

func (h *reply) serve(ctx context.Context, c *ws.Conn) {
	typ, p, err := c.Read(ctx)
	if err == nil {
		err = c.Write(ctx, typ, append(p, " replied"...))
	}
	if err == nil && h.close {
		err = c.Close(ws.StatusProtocolError, "")
	}
	for err == nil {
		_, _, err = c.Read(ctx)
	}
	h.result <- err
	c.CloseNow()
}

// halves are the servers whose clients end their half.
var halves = map[string]func(n *census, t *testing.T, h *reply, prepare func(*httptest.Server)) net.Addr{
	"Accept": func(n *census, t *testing.T, h *reply, prepare func(*httptest.Server)) net.Addr {
		s, _ := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			if c, err := ws.Accept(w, r, h.opts); err == nil {
				h.serve(context.Background(), c)
			}
		}, prepare)
		return s.Listener.Addr()
	},
	"Handler": func(n *census, t *testing.T, h *reply, prepare func(*httptest.Server)) net.Addr {
		s, _ := n.serve(t, ws.Handler(h.serve, h.opts).ServeHTTP, prepare)
		return s.Listener.Addr()
	},
	"Upgrade": func(n *census, t *testing.T, h *reply, prepare func(*httptest.Server)) net.Addr {
		l := n.listen(t)
		addr := l.Addr()
		if prepare != nil {
			s := httptest.NewUnstartedServer(nil)
			s.StartTLS() // only for its certificate
			s.Close()
			l = tls.NewListener(l, &tls.Config{Certificates: s.TLS.Certificates})
		}
		go func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					if c, err := ws.Upgrade(context.Background(), nc, h.opts); err == nil {
						h.serve(context.Background(), c)
					}
				}()
			}
		}()
		return addr
	},
}

// TestHalfClosed sends two messages and the end of the client's half in one
// piece: the reply that Write accepted arrives, and a close frame behind it.
// RFC 6455 section 7.1.1 wants a close frame before the end; that it came
// without is a CloseError with 1006.
func TestHalfClosed(t *testing.T) {
	for name, server := range halves {
		for how := range 8 {
			secure, plain, closes := how&1 != 0, how&2 != 0, how&4 != 0
			t.Run(fmt.Sprintf("%s/TLS=%v,NoGather=%v,Close=%v", name, secure, plain, closes), func(t *testing.T) {
				n := newCensus(t)
				h := &reply{&ws.AcceptOptions{NoGather: plain}, closes, make(chan error, 1)}
				var prepare func(*httptest.Server)
				if secure {
					prepare = withTLS
				}
				addr := server(n, t, h, prepare).String()
				for range 20 {
					nc, err := n.dial(t.Context(), "tcp", addr)
					if err != nil {
						t.Fatal(err)
					}
					if secure {
						nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
					}
					h.check(t, nc)
					nc.Close()
				}
			})
		}
	}
}

// check talks to h over nc.
func (h *reply) check(t *testing.T, nc net.Conn) {
	t.Helper()
	nc.SetDeadline(time.Now().Add(patience))
	all := []byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	for _, text := range []string{"one", "two"} {
		all = frame.AppendHeader(all, frame.Header{Fin: true, Opcode: frame.OpText, Masked: true, Length: int64(len(text))})
		all = append(all, text...) // under the mask key 0
	}
	_, err := nc.Write(all)
	if err == nil {
		err = nc.(interface{ CloseWrite() error }).CloseWrite()
	}
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewReader(nc)
	if _, err := http.ReadResponse(b, nil); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(b)
	if want := "\x81\x0bone replied\x88\x02\x03\xea"; string(got) != want || err != nil {
		t.Errorf("the client got %q, %v; want %q", got, err, want)
	}
	err = <-h.result
	e, ok := errors.AsType[*ws.CloseError](err)
	if want := map[bool]ws.StatusCode{false: ws.StatusAbnormalClosure, true: -1}[h.close]; !ok || e.Code != want || e.Cause != io.ErrUnexpectedEOF {
		t.Errorf("the server got %v, want the code %d and the cause io.ErrUnexpectedEOF", err, want)
	}
}
