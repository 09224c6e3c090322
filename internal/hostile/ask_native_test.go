//go:build !js

package hostile

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// answer is what a raw request brought about.
type answer struct {
	raw    string // all bytes, up to the stream's end
	status int
	header http.Header
	err    error // of Accept or Upgrade
}

// ask sends a raw request to a server and returns its answer. A connection that
// was accepted is ended at once.
func (d side) ask(t testing.TB, s settings, raw string) (a answer) {
	t.Helper()
	near, far := tcp(t)
	defer far.Close()
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		c, err := d.open(ctx, near, s)
		if err == nil {
			c.CloseNow()
		}
		done <- err
	}()
	go io.WriteString(far, raw)
	far.SetReadDeadline(time.Now().Add(patience))
	all, err := io.ReadAll(far)
	if err != nil && len(all) == 0 {
		t.Fatalf("no answer: %v", err)
	}
	far.Close()
	a.raw, a.err = string(all), <-done
	if r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(a.raw)), nil); err == nil {
		a.status, a.header = r.StatusCode, r.Header
	}
	return a
}

// servers are the sides that are asked.
var servers = sides[:2]

// onServers runs f for each of them.
func onServers(t *testing.T, f func(t *testing.T, d side)) {
	for _, d := range servers {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			f(t, d)
		})
	}
}

// dialed lets a Dialer, which change may prepare, dial a raw server that
// answers what the function says, and returns the error.
func dialed(t testing.TB, change func(*ws.Dialer), reply func(r *http.Request) string) error {
	t.Helper()
	near, far := tcp(t)
	go func() {
		defer far.Close()
		r, err := http.ReadRequest(bufio.NewReader(far))
		if err != nil {
			return
		}
		io.WriteString(far, reply(r))
		far.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, far)
	}()
	d := dialer(func(context.Context) (net.Conn, error) { return near, nil })
	if change != nil {
		change(d)
	}
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	c, err := d.Dial(ctx, "ws://example.com/")
	if err == nil {
		c.CloseNow()
	}
	return err
}
