//go:build !js

package hostile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// TestRow06Pools fills the pools with a secret, by messages of every kind on
// one connection, and then looks at all that another one sends that is built
// from them, close frames with reasons of every length above all: never a stale
// byte on the wire. (The package engine's own tests poison its pools.)
func TestRow06Pools(t *testing.T) {
	const secret = "SECRET"
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			fill(t, d, []byte(strings.Repeat(secret, 10_000)))
			for n := range 124 {
				c, p := d.pair(t, tcp, deflated(d.client, 0))
				read := reading(c)
				p.send(p.frames(fin|ping, strings.Repeat("p", n)))
				p.wantFrame(fin|pong, strings.Repeat("p", n))
				sent := make(chan error, 1)
				go func() { sent <- c.Write(background, ws.MessageBinary, make([]byte, n)) }()
				if f := p.mustNext(); bytes.Contains(f.payload, []byte(secret)) || f.first&rsv1 == 0 && len(f.payload) != n {
					t.Fatalf("a message of %d bytes became %q", n, f.payload)
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
				reason := strings.Repeat("r", n)
				go func() { sent <- c.Close(4000, reason) }()
				if got := p.wantClose(4000); got != reason {
					t.Fatalf("the reason %q became %q", reason, got)
				}
				p.send(p.close(4000, ""))
				if !p.client {
					p.wantEnd()
				}
				p.conn.Close()
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
				if got, _ := read(); len(got) > 0 {
					t.Fatalf("%d messages were delivered", len(got))
				}
			}
		})
	}
}

// fill sends and receives messages that consist of p.
func fill(t *testing.T, d side, body []byte) {
	c, p := d.pair(t, tcp, deflated(d.client, 0))
	read := reading(c)
	z := newDeflater()
	p.send(p.frame(fin|binaryFrame, body), p.frame(fin|rsv1|binaryFrame, z.message(body)),
		p.frame(fin|ping, body[:125]), p.frame(fin|pong, body[:125]))
	p.wantFrame(fin|pong, string(body[:125]))
	for n := 1; n < len(body); n *= 3 {
		sent := make(chan error, 1)
		go func() { sent <- c.Write(background, ws.MessageBinary, body[:n]) }()
		p.mustNext()
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
	p.send(p.close(1000, string(body[:123])))
	p.wantClose(1000)
	p.conn.Close()
	if got, _ := read(); len(got) != 2 {
		t.Fatalf("%d messages were delivered", len(got))
	}
}
