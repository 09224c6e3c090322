package h2_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
	"golang.org/x/net/nettest"
)

// joint joins two streams of a server: what one sends the other receives.
type joint struct {
	mu sync.Mutex
	of map[string]*pair
}

type pair struct {
	w     [2]http.ResponseWriter
	n     int
	ready chan struct{}    // closed when both are there
	ended [2]chan struct{} // closed when nothing more comes for this one
}

// enter returns the pair of a path, and which of the two this is.
func (j *joint) enter(path string, w http.ResponseWriter) (p *pair, i int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p = j.of[path]
	if p == nil {
		p = &pair{ready: make(chan struct{}), ended: [2]chan struct{}{make(chan struct{}), make(chan struct{})}}
		j.of[path] = p
	}
	i = p.n
	p.w[i] = w
	if p.n++; p.n == 2 {
		delete(j.of, path)
		close(p.ready)
	}
	return p, i
}

func (j *joint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	control.EnableFullDuplex()
	w.WriteHeader(200)
	control.Flush()
	p, i := j.enter(r.URL.Path, w)
	<-p.ready
	go func() {
		defer close(p.ended[1-i])
		out := http.NewResponseController(p.w[1-i])
		b := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(b)
			if n > 0 {
				if _, err := p.w[1-i].Write(b[:n]); err != nil {
					return
				}
				out.Flush()
			}
			if err != nil {
				return
			}
		}
	}()
	<-p.ended[i]
}

// The stream keeps what net.Conn promises.
func TestNetConn(t *testing.T) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	s := httptest.NewUnstartedServer(&joint{of: map[string]*pair{}})
	s.Config.Protocols = &protocols
	// By default one stalled stream takes the window of the connection.
	s.Config.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerConnection: 16 << 20, MaxReceiveBufferPerStream: 64 << 10}
	s.Start()
	defer s.Close()
	tr := &h2.Transport{PriorKnowledge: true}
	defer tr.Close()
	d := new(ws.Dialer)
	var n atomic.Int32
	open := func(path string) (net.Conn, error) {
		u := &url.URL{Scheme: "http", Host: s.Listener.Addr().String(), Path: path}
		nc, _, err := tr.OpenStream(context.Background(), &ws.StreamRequest{
			Request: &http.Request{Method: "CONNECT", URL: u, Host: u.Host, Header: http.Header{":protocol": {"websocket"}}},
			Dialer:  d,
			Connect: func(ctx context.Context, _ ...string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", u.Host)
			},
		})
		return nc, err
	}
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		path := fmt.Sprint("/", n.Add(1))
		if c1, err = open(path); err != nil {
			return nil, nil, nil, err
		}
		if c2, err = open(path); err != nil {
			return nil, nil, nil, err
		}
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	})
}
