//go:build !js

package hostile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/bits"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twinws/ws"
)

// payloadOfHTTP looks like a request, to a cache that does not know WebSocket.
const payloadOfHTTP = "GET /script.js HTTP/1.1\r\nHost: target.example\r\n\r\n"

// TestRow15Masks sends 100,000 frames whose payload looks like HTTP: each has a
// fresh mask key (RFC 6455 section 10.3). Of that many keys of 32 bits that are
// drawn at random one or two are drawn again; their bits are even.
func TestRow15Masks(t *testing.T) {
	leavesNothing(t)
	const frames = 100_000
	c, p := sides[2].pair(t, tcp, settings{})
	payload := []byte(payloadOfHTTP)
	sent := make(chan error, 1)
	go func() {
		var err error
		for range frames {
			err = errors.Join(err, c.Write(background, ws.MessageText, payload))
		}
		sent <- err
	}()
	keys := make(map[[4]byte]int)
	var ones [32]int
	for range frames {
		f := p.mustNext()
		if string(f.payload) != payloadOfHTTP || f.key == [4]byte{} {
			t.Fatalf("payload %q with the key %x", f.payload, f.key)
		}
		keys[f.key]++
		for i := range ones {
			ones[i] += int(f.key[i/8]>>(i%8)) & 1
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if string(payload) != payloadOfHTTP {
		t.Errorf("the caller's memory was changed: %q", payload)
	}
	if again := frames - len(keys); again > 15 { // 1.2 are expected
		t.Errorf("%d of %d keys came before", again, frames)
	}
	for i, n := range ones {
		if n < frames*48/100 || n > frames*52/100 { // 12 standard deviations
			t.Errorf("bit %d is set in %d of %d keys", i, n, frames)
		}
	}
	p.conn.Close()
}

// TestRow15Caller writes one message from many goroutines at once, of every
// size that is treated differently: the caller's memory is only read.
func TestRow15Caller(t *testing.T) {
	leavesNothing(t)
	c, p := sides[2].pair(t, tcp, settings{limit: -1})
	go io.Copy(io.Discard, p.in)
	for _, n := range []int{1, 125, 126, 16 << 10, 16<<10 + 1, 300_000} {
		payload := bytes.Repeat([]byte(payloadOfHTTP), n/len(payloadOfHTTP)+1)[:n]
		before := bytes.Clone(payload)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				err := c.Write(background, ws.MessageBinary, payload)
				w, err2 := c.Writer(background, ws.MessageBinary)
				if err2 == nil {
					_, err2 = w.Write(payload)
					err2 = errors.Join(err2, w.Close())
				}
				if err := errors.Join(err, err2); err != nil {
					t.Error(err)
				}
			})
		}
		if all.Wait(); !bytes.Equal(payload, before) {
			t.Errorf("%d bytes of the caller's were changed", n)
		}
	}
}

// TestRow15Control masks pings, pongs and the close with keys of their own,
// too.
func TestRow15Control(t *testing.T) {
	leavesNothing(t)
	c, p := sides[2].pair(t, tcp, settings{})
	read := reading(c)
	keys := make(map[[4]byte]int)
	set := 0
	for range 100 {
		p.send(p.frames(fin|ping, payloadOfHTTP))
		f := p.mustNext()
		if f.first != fin|pong || string(f.payload) != payloadOfHTTP {
			t.Fatalf("a frame %#x with %q", f.first, f.payload)
		}
		keys[f.key]++
		for _, b := range f.key {
			set += bits.OnesCount8(b)
		}
	}
	if len(keys) < 99 || set < 1300 || set > 1900 { // 3,200 bits, half of them set
		t.Errorf("%d keys of 100, %d bits of 3200", len(keys), set)
	}
	p.send(p.close(1000, ""))
	p.wantClose(1000)
	p.conn.Close()
	read()
}

// TestRow16Injection puts CR, LF and NUL wherever the caller's words go on the
// wire: refused before anything is sent, nobody is even dialed.
func TestRow16Injection(t *testing.T) {
	leavesNothing(t)
	for _, bad := range []string{"\r", "\n", "\x00", "\r\nInjected: yes", "\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"} {
		for name, c := range map[string]struct {
			url    string
			change func(d *ws.Dialer)
		}{
			"subprotocol":  {"", func(d *ws.Dialer) { d.Subprotocols = []string{"chat" + bad} }},
			"header value": {"", func(d *ws.Dialer) { d.Header = http.Header{"A": {"b" + bad + "c"}} }},
			"header name":  {"", func(d *ws.Dialer) { d.Header = http.Header{"A" + bad: {"b"}} }},
			"host":         {"", func(d *ws.Dialer) { d.Host = "example.com" + bad }},
			"path":         {"ws://example.com/a" + bad + "b", nil},
			"query":        {"ws://example.com/?a" + bad + "b", nil},
			"host of URL":  {"ws://exam" + bad + "ple.com/", nil},
		} {
			d := dialer(func(context.Context) (net.Conn, error) { return nil, errors.New("was dialed") })
			url := "ws://example.com/"
			if c.url != "" {
				url = c.url
			}
			if c.change != nil {
				c.change(d)
			}
			_, err := d.Dial(background, url)
			if _, ok := errors.AsType[*ws.ArgumentError](err); !ok {
				t.Errorf("%q in the %s: %v, want an *ArgumentError", bad, name, err)
			}
		}
	}
}

// TestRow16Servers does so to what a server adds to its responses.
func TestRow16Servers(t *testing.T) {
	onServers(t, func(t *testing.T, d side) {
		for _, bad := range []string{"\r", "\n", "\x00", "\r\nInjected: yes"} {
			for name, change := range map[string]func(o *ws.AcceptOptions){
				"value":       func(o *ws.AcceptOptions) { o.Header = http.Header{"A": {"b" + bad}} },
				"name":        func(o *ws.AcceptOptions) { o.Header = http.Header{"A" + bad: {"b"}} },
				"subprotocol": func(o *ws.AcceptOptions) { o.Subprotocols = []string{"chat" + bad} },
			} {
				near, far := tcp(t)
				go io.WriteString(far, request)
				replied := make(chan string, 1)
				go func() {
					all, _ := io.ReadAll(far)
					replied <- string(all)
					far.Close()
				}()
				_, err := d.open(background, near, settings{options: change})
				near.Close()
				if _, ok := errors.AsType[*ws.ArgumentError](err); !ok {
					t.Errorf("%q in the %s: %v, want an *ArgumentError", bad, name, err)
				}
				reply := <-replied
				if strings.Contains(reply, "Injected") || strings.HasPrefix(reply, "HTTP/1.1 101") || slices.Contains([]byte(reply), 0) {
					t.Errorf("%q in the %s: the answer is %q", bad, name, reply)
				}
			}
		}
	})
}
