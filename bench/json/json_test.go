// Package json compares package wsjson with what other libraries have for JSON,
// over connections whose other side costs nothing:
//
//	go test -bench . ./json
package json

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	coderjson "github.com/coder/websocket/wsjson"
	gorilla "github.com/gorilla/websocket"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// order is what is sent and received.
type order struct {
	ID    int      `json:"id"`
	Buyer string   `json:"buyer"`
	Lines []line   `json:"lines"`
	Notes []string `json:"notes"`
}

type line struct {
	Article string  `json:"article"`
	Count   int     `json:"count"`
	Price   float64 `json:"price"`
}

// orderOf returns an order with n lines; each is about 50 bytes of JSON.
func orderOf(n int) order {
	o := order{ID: 4711, Buyer: "Ada Lovelace", Notes: []string{"fragile"}}
	for i := range n {
		o.Lines = append(o.Lines, line{fmt.Sprintf("article %d", i), i, float64(i) * 1.25})
	}
	return o
}

var sizes = []struct {
	name  string
	lines int
}{{"150B", 1}, {"4KiB", 80}, {"1MiB", 19_000}}

// remote is the other side of a connection: it accepts the handshake, discards
// what it is sent, and sends the same message again and again.
type remote struct {
	net.Conn
	request bytes.Buffer
	answer  []byte // what is left of the response to the handshake
	ready   chan struct{}
	message []byte
	next    []byte // what is left of the message
}

func newRemote(message []byte) *remote {
	return &remote{ready: make(chan struct{}), message: message}
}

func (r *remote) Write(p []byte) (int, error) {
	if r.answer != nil {
		return len(p), nil
	}
	r.request.Write(p)
	if bytes.Contains(r.request.Bytes(), []byte("\r\n\r\n")) {
		req, err := http.ReadRequest(bufio.NewReader(&r.request))
		if err != nil {
			return 0, err
		}
		r.answer = []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
			wstest.AcceptKey(req.Header.Get("Sec-WebSocket-Key")) + "\r\n\r\n")
		close(r.ready)
	}
	return len(p), nil
}

func (r *remote) Read(p []byte) (int, error) {
	<-r.ready
	if len(r.answer) > 0 {
		n := copy(p, r.answer)
		r.answer = r.answer[n:]
		return n, nil
	}
	if len(r.next) == 0 {
		r.next = r.message
	}
	n := copy(p, r.next)
	r.next = r.next[n:]
	return n, nil
}

func (r *remote) Close() error                     { return nil }
func (r *remote) SetDeadline(time.Time) error      { return nil }
func (r *remote) SetReadDeadline(time.Time) error  { return nil }
func (r *remote) SetWriteDeadline(time.Time) error { return nil }
func (r *remote) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (r *remote) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

const url = "ws://bench.test/"

// conn is a library's connection.
type conn struct {
	write func(v any) error
	read  func(v *order) error
}

// libraries dial a remote.
var libraries = []struct {
	name string
	dial func(r *remote) (conn, error)
}{
	{"ours", func(r *remote) (conn, error) {
		c, err := dialOurs(r)
		return conn{
			func(v any) error { return wsjson.Write(context.Background(), c, v) },
			func(v *order) (err error) { *v, err = wsjson.Read[order](context.Background(), c); return err },
		}, err
	}},
	{"gorilla", func(r *remote) (conn, error) {
		d := gorilla.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return r, nil }}
		c, _, err := d.Dial(url, nil)
		return conn{func(v any) error { return c.WriteJSON(v) }, func(v *order) error { *v = order{}; return c.ReadJSON(v) }}, err
	}},
	{"coder", func(r *remote) (conn, error) {
		t := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return r, nil }}
		c, _, err := coder.Dial(context.Background(), url, &coder.DialOptions{HTTPClient: &http.Client{Transport: t}})
		if err == nil {
			c.SetReadLimit(-1)
		}
		return conn{
			func(v any) error { return coderjson.Write(context.Background(), c, v) },
			func(v *order) error { *v = order{}; return coderjson.Read(context.Background(), c, v) },
		}, err
	}},
}

func dialOurs(r *remote) (*ws.Conn, error) {
	d := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return r, nil }}
	d.ReadLimit = -1
	return d.Dial(context.Background(), url)
}

func BenchmarkWrite(b *testing.B) {
	for _, s := range sizes {
		v := orderOf(s.lines)
		for _, l := range libraries {
			b.Run(s.name+"/"+l.name, func(b *testing.B) {
				c, err := l.dial(newRemote(nil))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := c.write(&v); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, s := range sizes {
		v := orderOf(s.lines)
		text, err := json.Marshal(v)
		if err != nil {
			b.Fatal(err)
		}
		frame := wstest.Text(string(text)).Append(nil)
		for _, l := range libraries {
			b.Run(s.name+"/"+l.name, func(b *testing.B) {
				c, err := l.dial(newRemote(frame))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					var got order
					if err := c.read(&got); err != nil || len(got.Lines) != s.lines {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkElements compares an array of 1 MiB in one value with its elements,
// one by one: the time, and the memory.
func BenchmarkElements(b *testing.B) {
	lines := orderOf(19_000).Lines
	text, err := json.Marshal(lines)
	if err != nil {
		b.Fatal(err)
	}
	frame := wstest.Text(string(text)).Append(nil)
	ctx := context.Background()
	each := func(yield func(line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
	for _, bm := range []struct {
		name string
		run  func(c api.Conn) error
	}{
		{"write/whole", func(c api.Conn) error { return wsjson.Write(ctx, c, lines) }},
		{"write/elements", func(c api.Conn) error { return wsjson.WriteElements(ctx, c, nil, each) }},
		{"read/whole", func(c api.Conn) error { _, err := wsjson.Read[[]line](ctx, c); return err }},
		{"read/elements", func(c api.Conn) error {
			for _, err := range wsjson.ReadElements[line](ctx, c, nil) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			c, err := dialOurs(newRemote(frame))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := bm.run(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestLibraries checks that each of them reads what it is sent, and writes.
func TestLibraries(t *testing.T) {
	want := orderOf(3)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range libraries {
		c, err := l.dial(newRemote(wstest.Text(string(text)).Append(nil)))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var got order
			if err := c.read(&got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s reads %v, %v", l.name, got, err)
			}
		}
		if err := c.write(want); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	if n := len(text); n < 150 || n > 300 || !strings.Contains(string(text), "article 2") {
		t.Errorf("the order has %d bytes of JSON", n)
	}
}
