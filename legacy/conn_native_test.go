//go:build !js

package legacy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// opened returns a connection of draft d that a server has accepted on nc, and
// the other end after the handshake. The request is the draft's example.
func opened(t *testing.T, d legacy.Draft, opts *legacy.AcceptOptions, wrap func(net.Conn) net.Conn) (c api.Conn, peer net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(ours, requests[d].request)
		if err == nil {
			_, err = io.ReadFull(ours, make([]byte, len(strings.Replace(strings.Replace(requests[d].response, "Sec-WebSocket-Protocol: sample\r\n", "", 1), "WebSocket-Protocol: sample\r\n", "", 1))))
		}
		done <- err
	}()
	if wrap != nil {
		theirs = wrap(theirs)
	}
	c, err := legacy.Upgrade(t.Context(), theirs, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return c, ours
}

// What a draft does not have returns errors.ErrUnsupported, names draft and
// section, and leaves the connection as it is.
func TestUnsupported(t *testing.T) {
	url := serve(t, nil, nil, func(ctx context.Context, c api.Conn) { echo(ctx, c) })
	binary, err := ws.Prepare(ws.MessageBinary, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := ws.Prepare(ws.MessageText, []byte("prepared"))
	if err != nil {
		t.Fatal(err)
	}
	each(t, old, func(t *testing.T, d legacy.Draft) {
		ctx := limited(t)
		c := dial(t, url, d, nil).(*ws.Conn)
		for name, err := range map[string]error{
			"binary":          c.Write(ctx, ws.MessageBinary, []byte("x")),
			"prepared binary": c.WritePrepared(ctx, binary),
			"Pong":            c.Pong(ctx, nil),
			"Ping":            ping(ctx, c, hixie(d)),
			"PingPayload":     pingPayload(ctx, c, hixie(d)),
			"Writer":          writer(ctx, c, hixie(d)),
		} {
			if !hixie(d) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), d.String()) || !strings.Contains(err.Error(), "section 4.2") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if hixie(d) {
			if err := c.WritePrepared(ctx, text); err != nil {
				t.Error(err)
			}
			if _, p, err := c.Read(ctx); string(p) != "prepared" {
				t.Errorf("%q, %v", p, err)
			}
			wantEcho(t, c, api.MessageText, "still open")
		}
		if c.Extensions() != "" || !strings.HasPrefix(c.URL(), "ws://") || c.ResponseHeader() == nil || c.RemoteAddr() == nil || c.LocalAddr() == nil || c.ReadBuffered() != 0 {
			t.Errorf("%q %q %v %v %v %d", c.Extensions(), c.URL(), c.ResponseHeader(), c.RemoteAddr(), c.LocalAddr(), c.ReadBuffered())
		}
		err := c.Close(api.StatusNormalClosure, "bye")
		if hixie(d) != errors.Is(err, errors.ErrUnsupported) || hixie(d) && !strings.Contains(err.Error(), d.String()+" has no close codes (section 6)") {
			t.Errorf("close: %v", err)
		}
		if c.Context().Err() == nil {
			t.Error("the connection is open after Close")
		}
	})
}

func ping(ctx context.Context, c *ws.Conn, only bool) error {
	if !only {
		go drain(ctx, c)
	}
	return c.Ping(ctx)
}

func drain(ctx context.Context, c *ws.Conn) {
	for {
		if _, _, err := c.Read(ctx); err != nil {
			return
		}
	}
}

func pingPayload(ctx context.Context, c *ws.Conn, _ bool) error {
	return c.PingPayload(ctx, []byte("x"))
}

func writer(ctx context.Context, c *ws.Conn, _ bool) error {
	w, err := c.Writer(ctx, ws.MessageBinary)
	if err != nil {
		return err
	}
	return w.Close()
}

// The codes that section 7.4.1 of each hybi draft defines can be sent; the
// others close without, and the error names the draft. 1009 becomes the drafts'
// 1004 where the library itself sends it.
func TestCloseCodes(t *testing.T) {
	for d, codes := range map[legacy.Draft]map[api.StatusCode]bool{
		legacy.Hybi07: {1000: true, 1001: true, 1002: true, 1003: true, 1007: false, 1008: false, 1009: false, 1011: false, 3000: true, 4999: true},
		legacy.Hybi10: {1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: false, 1009: false, 1011: false, 3000: true, 4999: true},
	} {
		for code, sendable := range codes {
			synctest.Test(t, func(t *testing.T) {
				c, peer := opened(t, d, nil, nil)
				done := make(chan error, 1)
				go func() { done <- c.Close(code, "bye") }()
				want := string([]byte{0x88, 5, byte(code >> 8), byte(code), 'b', 'y', 'e'})
				if !sendable {
					want = "\x88\x00"
				}
				p := make([]byte, len(want))
				if _, err := io.ReadFull(peer, p); err != nil || string(p) != want {
					t.Errorf("%v %v: %x, %v; want %x", d, code, p, err, want)
				}
				io.WriteString(peer, "\x88\x80\x00\x00\x00\x00")
				err := <-done
				if e, ok := errors.AsType[*api.ArgumentError](err); sendable && err != nil || !sendable && (!ok || !strings.Contains(e.Problem, d.String())) {
					t.Errorf("%v %v: %v", d, code, err)
				}
				peer.Close()
			})
		}
	}
}

// A peer of a later library sends codes of RFC 6455 in a draft, too, and 1004
// is the drafts' own.
func TestPeersCodes(t *testing.T) {
	for _, d := range []legacy.Draft{legacy.Hybi07, legacy.Hybi10} {
		for code, valid := range map[int]bool{1000: true, 1004: true, 1007: true, 1008: true, 1009: true, 4000: true, 999: false, 1005: false, 1006: false, 2000: false, 5000: false} {
			synctest.Test(t, func(t *testing.T) {
				c, peer := opened(t, d, nil, nil)
				go io.Copy(io.Discard, peer)
				go io.WriteString(peer, string([]byte{0x88, 0x83, 0, 0, 0, 0, byte(code >> 8), byte(code), 'x'}))
				_, _, err := c.Read(t.Context())
				if e, ok := errors.AsType[*api.CloseError](err); valid && (!ok || int(e.Code) != code || e.Reason != "x") {
					t.Errorf("%v %d: %v", d, code, err)
				}
				if e, ok := errors.AsType[*api.ProtocolError](err); !valid && (!ok || !strings.Contains(e.Rule, d.String()) || e.Code != 1002) {
					t.Errorf("%v %d: %v, want a rule of the draft", d, code, err)
				}
				peer.Close()
			})
		}
	}
}

// Closing, from both sides, on the wire. hixie-76 (section 6) exchanges FF 00;
// hixie-75 ends TCP.
func TestClosingOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // we begin
		c, peer := opened(t, legacy.Hixie76, nil, nil)
		done := make(chan error, 1)
		go func() { done <- c.Close(api.StatusNoStatusRcvd, "") }()
		p := make([]byte, 2)
		if _, err := io.ReadFull(peer, p); err != nil || string(p) != "\xff\x00" {
			t.Errorf("%x, %v", p, err)
		}
		io.WriteString(peer, "\x00discarded\xff\xff\x00")
		if err := <-done; err != nil {
			t.Error(err)
		}
		_, _, err := c.Read(t.Context())
		if e, ok := errors.AsType[*api.CloseError](err); !ok || *e != (api.CloseError{Code: 1005, Local: true, Clean: true}) {
			t.Errorf("%#v", err)
		}
		peer.Close()
	})
	synctest.Test(t, func(t *testing.T) { // the peer begins
		c, peer := opened(t, legacy.Hixie76, nil, nil)
		go io.WriteString(peer, "\x00a\xff\xff\x00")
		if _, p, err := c.Read(t.Context()); err != nil || string(p) != "a" {
			t.Errorf("%q, %v", p, err)
		}
		done := make(chan error, 1)
		go func() { _, _, err := c.Read(t.Context()); done <- err }()
		if p, err := io.ReadAll(peer); string(p) != "\xff\x00" || err != nil {
			t.Errorf("%x, %v", p, err)
		}
		if e, ok := errors.AsType[*api.CloseError](<-done); !ok || *e != (api.CloseError{Code: 1005, Clean: true}) {
			t.Errorf("%#v", e)
		}
	})
	synctest.Test(t, func(t *testing.T) { // nobody answers: 5 s
		c, peer := opened(t, legacy.Hixie76, nil, nil)
		go io.Copy(io.Discard, peer)
		begin := time.Now()
		err := c.Close(api.StatusNoStatusRcvd, "")
		if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Clean || !e.Local || time.Since(begin) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		peer.Close()
	})
	synctest.Test(t, func(t *testing.T) { // hixie-75 ends the stream, behind what was written
		c, peer := opened(t, legacy.Hixie75, nil, nil)
		done := make(chan error, 1)
		go func() {
			done <- errors.Join(c.Write(t.Context(), api.MessageText, []byte("a")), c.Close(api.StatusNoStatusRcvd, ""))
		}()
		if p, err := io.ReadAll(peer); string(p) != "\x00a\xff" || err != nil {
			t.Errorf("%x, %v", p, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // and the peer does
		c, peer := opened(t, legacy.Hixie75, nil, nil)
		go func() {
			io.WriteString(peer, "\xff\x00\x00a\xff")
			peer.Close()
		}()
		if _, p, err := c.Read(t.Context()); err != nil || string(p) != "a" {
			t.Errorf("%q, %v", p, err)
		}
		_, _, err := c.Read(t.Context())
		if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Code != 1006 || e.Clean || e.Local || !strings.Contains(err.Error(), "hixie-75 closes") {
			t.Errorf("%v", err)
		}
	})
}

// deaf is a connection without deadlines, such as a channel of SSH.
type deaf struct{ net.Conn }

var errDeaf = errors.New("no deadlines")

func (deaf) SetDeadline(time.Time) error      { return errDeaf }
func (deaf) SetReadDeadline(time.Time) error  { return errDeaf }
func (deaf) SetWriteDeadline(time.Time) error { return errDeaf }

// Over a connection without deadlines all limits hold.
func TestWithoutDeadlines(t *testing.T) {
	each(t, old, func(t *testing.T, d legacy.Draft) {
		synctest.Test(t, func(t *testing.T) {
			c, peer := opened(t, d, nil, func(nc net.Conn) net.Conn { return deaf{nc} })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, _, err := c.Read(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, api.ErrClosed) {
				t.Errorf("read: %v", err)
			}
			message := map[bool]string{true: "\x00a\xff", false: "\x81\x81\x00\x00\x00\x00a"}[hixie(d)]
			go io.WriteString(peer, message)
			if _, p, err := c.Read(t.Context()); err != nil || string(p) != "a" {
				t.Errorf("%q, %v", p, err)
			}
			c.CloseNow()
			peer.Close()
		})
	})
}

// A peer that accepts nothing is disconnected after WriteTimeout, since the
// hixie drafts have no ping to ask it.
func TestWriteTimeout(t *testing.T) {
	each(t, old, func(t *testing.T, d legacy.Draft) {
		synctest.Test(t, func(t *testing.T) {
			c, peer := opened(t, d, &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{WriteTimeout: 10 * time.Second}}, nil)
			begin := time.Now()
			err := c.Write(t.Context(), api.MessageText, []byte("hello"))
			if took := time.Since(begin); !errors.Is(err, api.ErrWriteTimeout) || took < 10*time.Second || took > 21*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			peer.Close()
		})
	})
}

// A Write whose context ends before a byte was accepted has sent nothing;
// later, it fails the connection.
func TestCutOffWrite(t *testing.T) {
	for _, d := range []legacy.Draft{legacy.Hixie75, legacy.Hixie76} {
		synctest.Test(t, func(t *testing.T) {
			c, peer := opened(t, d, nil, nil)
			brief := func() context.Context {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				t.Cleanup(cancel)
				return ctx
			}
			err := c.Write(brief(), api.MessageText, []byte("never sent"))
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, api.ErrClosed) {
				t.Errorf("%v", err)
			}
			got := make(chan string)
			go func() {
				p := make([]byte, 6)
				io.ReadFull(peer, p)
				got <- string(p)
			}()
			if err := c.Write(t.Context(), api.MessageText, []byte("sent")); err != nil {
				t.Error(err)
			}
			if p := <-got; p != "\x00sent\xff" {
				t.Errorf("%q", p)
			}
			go io.ReadFull(peer, make([]byte, 3))
			err = c.Write(brief(), api.MessageText, []byte("cut off"))
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, api.ErrClosed) {
				t.Errorf("%v", err)
			}
			peer.Close()
		})
	}
}

// Peers that flood take no memory, hang nothing, and end with Close and with
// their context.
func TestFloods(t *testing.T) {
	for name, row := range map[string]struct {
		first, again string
		want         error
	}{
		"a message without end":      {"\x00", strings.Repeat("a", 4096), api.ErrMessageTooBig},
		"a frame without end":        {"\x01", strings.Repeat("a", 4096), context.DeadlineExceeded},
		"a length without end":       {"\x80", strings.Repeat("\x80", 4096), api.ErrClosed},
		"a payload without end":      {"\x80\xff\xff\xff\xff\xff\xff\xff\xff\x7f", strings.Repeat("a", 4096), context.DeadlineExceeded},
		"frames without a meaning":   {"", strings.Repeat("\x80\x00", 2048), context.DeadlineExceeded},
		"closing frames of hixie-75": {"", strings.Repeat("\xff\x00", 2048), context.DeadlineExceeded},
	} {
		ours, theirs := net.Pipe()
		go io.WriteString(ours, requests[legacy.Hixie75].request)
		go func() {
			io.ReadFull(ours, make([]byte, 64))
			go io.Copy(io.Discard, ours)
			io.WriteString(ours, row.first)
			for {
				if _, err := io.WriteString(ours, row.again); err != nil {
					return
				}
			}
		}()
		c, err := legacy.Upgrade(limited(t), theirs, nil)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ctx, cancel := context.WithTimeout(limited(t), 300*time.Millisecond)
		_, _, err = c.Read(ctx)
		cancel()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
			t.Errorf("%s: %d bytes more are in use", name, grown)
		}
		c.CloseNow()
		ours.Close()
	}
}
