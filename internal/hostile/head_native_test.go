//go:build !js

package hostile

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// TestRow07Lists sends subprotocols that are 64 KB of spaces, extensions with
// unclosed quotes and escapes, and names that mean something to other
// languages: linear time, which package handshake counts, and bounded memory.
func TestRow07Lists(t *testing.T) {
	on := settings{compression: &ws.Compression{}, options: func(o *ws.AcceptOptions) { o.Subprotocols = []string{"chat"} }}
	for name, c := range map[string]struct {
		line           string
		accept, direct int // the statuses of Accept, and of Upgrade with its 16 KiB
	}{
		"spaces":          {"Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 64<<10) + "b", 431, 431},
		"less spaces":     {"Sec-WebSocket-Protocol: chat" + strings.Repeat(" ,", 7<<10), 101, 101},
		"spaces inside":   {"Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 14<<10) + "b, chat", 400, 400},
		"open quotes":     {`Sec-WebSocket-Extensions: a; b="` + strings.Repeat(`\"`, 32<<10), 431, 431},
		"less quotes":     {`Sec-WebSocket-Extensions: a; b="` + strings.Repeat(`\"`, 7<<10), 400, 400},
		"many quotes":     {`Sec-WebSocket-Extensions: a` + strings.Repeat(`; b="c`, 2<<10), 400, 400},
		"many extensions": {`Sec-WebSocket-Extensions: a` + strings.Repeat(`,a`, 7<<10), 400, 400},
		"names":           {"Sec-WebSocket-Protocol: constructor, __proto__, toString\r\nSec-WebSocket-Extensions: constructor, hasOwnProperty; constructor=1", 101, 101},
	} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, d side) {
				var a answer
				used := allocated(func() { a = d.ask(t, on, with(c.line)) })
				want := c.accept
				if d.name == "Upgrade" {
					want = c.direct
				}
				if a.status != want {
					t.Errorf("status %d, want %d (%v): %.300q", a.status, want, a.err, a.raw)
				}
				if strings.Contains(a.raw, "constructor") {
					t.Errorf("the answer takes up the name: %q", a.raw)
				}
				wantMemory(t, "allocated", used, 1<<20)
			})
		})
	}
}

// TestRow07Answers sends such lists to a client.
func TestRow07Answers(t *testing.T) {
	leavesNothing(t)
	on := func(d *ws.Dialer) { d.Compression, d.Subprotocols = &ws.Compression{}, []string{"chat"} }
	for _, line := range []string{
		"Sec-WebSocket-Protocol: " + strings.Repeat(" ", 60<<10) + "constructor",
		"Sec-WebSocket-Protocol: chat" + strings.Repeat(" ", 60<<10) + "b",
		`Sec-WebSocket-Extensions: permessage-deflate; b="` + strings.Repeat(`\"`, 30<<10),
		"Sec-WebSocket-Extensions: permessage-deflate" + strings.Repeat(";a", 30<<10),
		"Sec-WebSocket-Extensions: constructor",
	} {
		used := allocated(func() {
			err := dialed(t, on, func(r *http.Request) string { return response(r, line) })
			wantHandshakeError(t, err, 101, "")
		})
		wantMemory(t, "allocated", used, 2<<20)
	}
}

// TestRow08Fields sends 2,000 header fields, no Upgrade or two, and a
// Connection of many tokens: 431, 400 or 426, and no nil dereference.
func TestRow08Fields(t *testing.T) {
	many := strings.Split(strings.TrimSuffix(strings.Repeat("a: b\n", 2000), "\n"), "\n")
	for name, c := range map[string]struct {
		raw    string
		status int
	}{
		"2,000 fields":                      {with(many...), 431},
		"201 fields":                        {with(many[:201]...), 431},
		"150 fields":                        {with(many[:150]...), 101},
		"no Upgrade":                        {strings.Replace(request, "Upgrade: websocket\r\n", "", 1), 426},
		"an empty Upgrade":                  {strings.Replace(request, "Upgrade: websocket", "Upgrade:", 1), 426},
		"Upgrade twice":                     {with("Upgrade: websocket"), 400},
		"no Connection":                     {strings.Replace(request, "Connection: Upgrade\r\n", "", 1), 426},
		"a Connection of many tokens":       {with("Connection: " + strings.Repeat("a, ", 4000) + "b"), 101},
		"a Connection of many other tokens": {strings.Replace(request, "Connection: Upgrade", "Connection: "+strings.Repeat("a, ", 4000), 1), 426},
		"no field at all":                   {"GET / HTTP/1.1\r\n\r\n", 400},
		"only a Host":                       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426},
	} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, d side) {
				a := d.ask(t, settings{}, c.raw)
				if a.status != c.status {
					t.Errorf("status %d, want %d (%v)", a.status, c.status, a.err)
				}
				if c.status == 101 {
					if a.err != nil {
						t.Error(a.err)
					}
				} else if !errors.Is(a.err, errNotReached) {
					wantHandshakeError(t, a.err, c.status, "")
				}
			})
		})
	}
}

// TestRow08Answers sends the like to a client.
func TestRow08Answers(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct {
		reply  func(r *http.Request) string
		status int
		says   string
	}{
		"2,000 fields": {func(r *http.Request) string { return response(r, strings.Repeat("a: b\r\n", 1999)+"a: b") }, 0, "limit of 200"},
		"no Upgrade": {func(r *http.Request) string {
			return strings.Replace(response(r), "Upgrade: websocket\r\n", "", 1)
		}, 101, "no Upgrade"},
		"Upgrade twice":   {func(r *http.Request) string { return response(r, "Upgrade: websocket") }, 101, "websocket alone"},
		"no field at all": {func(r *http.Request) string { return "HTTP/1.1 101 \r\n\r\n" }, 101, "no Upgrade"},
	} {
		t.Run(name, func(t *testing.T) { wantHandshakeError(t, dialed(t, nil, c.reply), c.status, c.says) })
	}
	if err := dialed(t, nil, func(r *http.Request) string { return response(r, "Connection: "+strings.Repeat("a, ", 4000)+"b") }); err != nil {
		t.Errorf("a Connection of many tokens: %v", err)
	}
}

// endless sends a head, and then a's as fast as they are taken; it returns how
// many it sent in pieces of the given size.
func endless(far net.Conn, start string, size int) (n int) {
	piece := []byte(strings.Repeat("a", size))
	_, err := io.WriteString(far, start)
	for n = len(start); err == nil; n += size {
		_, err = far.Write(piece)
	}
	return n
}

// TestRow09EndlessHead sends a head that never ends, one byte at a time and in
// large pieces: there is a cap on its bytes, 16 KiB for a server and 64 KiB for
// a client. That no byte is looked at again, package handshake counts. Accept
// has net/http's cap.
func TestRow09EndlessHead(t *testing.T) {
	for _, size := range []int{1, 4096} {
		for _, d := range sides {
			t.Run(d.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					near, far := memory(t)
					sent, answered := make(chan int, 1), make(chan string, 1)
					limit, start := 64<<10, "HTTP/1.1 101 \r\nX: "
					if !d.client {
						limit, start = 16<<10+4096, "GET / HTTP/1.1\r\nHost: a\r\nX: "
					}
					go func() {
						if d.client {
							http.ReadRequest(bufio.NewReader(far))
						}
						go func() { sent <- endless(far, start, size) }()
						all, _ := io.ReadAll(far)
						answered <- string(all)
					}()
					ctx, cancel := context.WithTimeout(background, time.Minute)
					defer cancel()
					var err error
					used := allocated(func() { _, err = d.open(ctx, near, settings{}) })
					near.Close()
					if n := <-sent; n > limit+2*4096 {
						t.Errorf("%d bytes were taken, want %d at most", n, limit)
					}
					switch reply := <-answered; d.name {
					case "Dialer":
						wantHandshakeError(t, err, 0, "over the limit of 65536 bytes")
					case "Upgrade":
						wantHandshakeError(t, err, 431, "over the limit of 16384 bytes")
						fallthrough
					default:
						if !strings.HasPrefix(reply, "HTTP/1.1 431 ") {
							t.Errorf("the answer is %.50q, want 431", reply)
						}
					}
					wantMemory(t, "allocated", used, 8*limit)
				})
			})
		}
	}
}
