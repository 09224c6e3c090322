//go:build js && wasm

package wasmtest

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// TestNetConn tests package wsnet with both ends in the page, which the server
// joins.
func TestNetConn(t *testing.T) {
	serverURL(t)
	h := here(t)
	run := func(name string, f func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			if why := h.leftOut(name); why != "" {
				t.Skip(why)
			}
			f(t)
		})
	}
	run("nettest", netConnNettest)
	run("addresses", netConnAddresses)
	run("ends", netConnEnds)
	run("other type", netConnOtherType)
	run("half-close", netConnHalfClose)
	run("text", netConnText)
}

func netConnNettest(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := joined(t, "")
		c1, c2 = wsnet.Conn(a, ws.MessageBinary), wsnet.Conn(b, ws.MessageBinary)
		return c1, c2, func() {
			var both sync.WaitGroup
			both.Go(func() { c1.Close() })
			both.Go(func() { c2.Close() })
			both.Wait()
		}, nil
	})
}

// joined returns the two ends of a connection. A page cannot make a peer wait,
// and nettest floods: nothing bounds what is unread.
func joined(t *testing.T, subprotocol string) (a, b *ws.Conn) {
	t.Helper()
	url := serverURL(t) + "/join?id=" + newID()
	opts := &ws.DialOptions{ReadLimit: -1, ReadBuffer: -1}
	if subprotocol != "" {
		url += "&subprotocol=" + subprotocol
		opts.Subprotocols = []string{subprotocol}
	}
	var ends [2]*ws.Conn
	for i := range ends {
		c, err := ws.Dial(t.Context(), url, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		ends[i] = c
	}
	return ends[0], ends[1]
}

// The network's addresses are hidden: the remote one is that of the URL.
func netConnAddresses(t *testing.T) {
	c, err := wsnet.Dial(t.Context(), serverURL(t)+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimPrefix(serverURL(t), "ws://"); c.RemoteAddr() != net.Addr(wsnet.Addr(want)) {
		t.Errorf("the remote address is %v, want %v", c.RemoteAddr(), want)
	}
	if c.LocalAddr() != net.Addr(wsnet.Addr("")) {
		t.Errorf("the local address is %v", c.LocalAddr())
	}
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read returned %v", err)
	}
	c.SetReadDeadline(time.Time{})
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Error(err)
	}
	p := make([]byte, 5)
	if _, err := io.ReadFull(c, p); err != nil || string(p) != "hello" {
		t.Errorf("read %q, %v", p, err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// RFC 6455 section 7.4.1: 1000 alone, of the codes that a page sends, says that
// the peer has nothing more to send.
func netConnEnds(t *testing.T) {
	for _, code := range []ws.StatusCode{ws.StatusNormalClosure, 4000, ws.StatusNoStatusRcvd} {
		a, b := joined(t, "")
		c := wsnet.Conn(a, ws.MessageBinary)
		if err := b.Write(t.Context(), ws.MessageBinary, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(code, ""); err != nil {
			t.Errorf("the peer's Close: %v", err)
		}
		got, err := io.ReadAll(c)
		if string(got) != "hello" || code == ws.StatusNormalClosure && err != nil || code != ws.StatusNormalClosure && ws.CloseStatus(err) != code {
			t.Errorf("after %v: %q, %v", code, got, err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// A page may not send 1003: the peer sees 4003.
func netConnOtherType(t *testing.T) {
	a, b := joined(t, "")
	c := wsnet.Conn(a, ws.MessageBinary)
	if err := b.Write(t.Context(), ws.MessageText, []byte("stray")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 10))
	if e, ok := errors.AsType[*wsnet.MessageTypeError](err); !ok || e.Got != ws.MessageText || !strings.Contains(err.Error(), "4003") {
		t.Errorf("Read returned %v", err)
	}
	if _, _, err := b.Read(t.Context()); ws.CloseStatus(err) != 4003 {
		t.Errorf("the peer saw %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func netConnHalfClose(t *testing.T) {
	a, b := joined(t, wsnet.HalfClose)
	c, peer := wsnet.Conn(a, ws.MessageBinary), wsnet.Conn(b, ws.MessageBinary)
	for _, way := range [][2]net.Conn{{c, peer}, {peer, c}} {
		if _, err := io.WriteString(way[0], "hello"); err != nil {
			t.Error(err)
		}
		if err := way[0].(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Errorf("CloseWrite: %v", err)
		}
		if got, err := io.ReadAll(way[1]); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
	}
	for _, end := range []net.Conn{c, peer} {
		if err := end.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// Text is cut between characters.
func netConnText(t *testing.T) {
	a, b := joined(t, "")
	c, peer := wsnet.Conn(a, ws.MessageText), wsnet.Conn(b, ws.MessageText)
	want := strings.Repeat("aß水𝄞", 10_000)
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		for rest := want; rest != ""; rest = rest[min(33_333, len(rest)):] {
			if _, err := io.WriteString(c, rest[:min(33_333, len(rest))]); err != nil {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if got, err := io.ReadAll(peer); string(got) != want || err != nil {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
	}
	if err := peer.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
