//go:build !js

package hostile

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// story is what a peer sends before its stream dies: one message that is whole,
// and others that may be cut.
func story(p *peer) (first, rest []byte) {
	return p.frames(fin|text, "whole"), slices.Concat(p.frame(fin|binaryFrame, make([]byte, 300)),
		p.frames(text, "half"), p.frames(fin|ping, "p"), p.frames(fin|continuation, "half"), p.close(1000, "never whole"))
}

// TestRow23Cut ends the stream after every byte: mid-header, mid-payload and
// mid-close. No hang, no panic, no part of a message delivered as whole, and a
// *CloseError without a close frame.
func TestRow23Cut(t *testing.T) {
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			first, rest := story(&peer{client: d.client})
			for cut := range rest {
				synctest.Test(t, func(t *testing.T) {
					c, p := d.pair(t, memory, settings{})
					p.conn.SetDeadline(time.Time{})
					read := reading(c)
					go io.Copy(io.Discard, p.in)
					if _, err := p.conn.Write(slices.Concat(first, rest[:cut])); err != nil {
						t.Fatal(err)
					}
					p.conn.Close()
					got, err := read()
					wantCause(t, "Read", err, io.ErrUnexpectedEOF)
					binary := len(p.frame(fin|binaryFrame, make([]byte, 300)))
					message := binary + len(p.frames(text, "half")) + len(p.frames(fin|ping, "p")) + len(p.frames(0, "half"))
					want := [][]byte{[]byte("whole"), make([]byte, 300), []byte("halfhalf")}
					switch {
					case cut < binary:
						want = want[:1]
					case cut < message:
						want = want[:2]
					}
					if !slices.EqualFunc(got, want, bytes.Equal) {
						t.Errorf("cut at %d: %d messages were delivered, want %d", cut, len(got), len(want))
					}
					wantCause(t, "Write", c.Write(background, ws.MessageText, nil), io.ErrUnexpectedEOF)
				})
			}
		})
	}
}

// TestRow23Reset does so with resets of TCP, at some places.
func TestRow23Reset(t *testing.T) {
	for name, sent := range map[string]func(p *peer) []byte{
		"idle":        func(p *peer) []byte { return nil },
		"mid-header":  func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<17)[:5] },
		"mid-payload": func(p *peer) []byte { return append(p.header(fin|binaryFrame, 64, 1<<17), "half"...) },
		"mid-message": func(p *peer) []byte { return p.frames(text, "half") },
		"mid-close":   func(p *peer) []byte { return p.close(1000, "half")[:6] },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
				read := reading(c)
				p.send(p.frames(fin|ping, "x"), sent(p))
				p.wantFrame(fin|pong, "x")
				p.conn.(*net.TCPConn).SetLinger(0) // Close sends RST
				p.conn.Close()
				got, err := read()
				wantCause(t, "Read", err, syscall.ECONNRESET)
				if len(got) > 0 {
					t.Errorf("%d messages were delivered", len(got))
				}
				wantCause(t, "Write", c.Write(background, ws.MessageText, nil), syscall.ECONNRESET)
				wantCause(t, "Close", c.Close(ws.StatusNormalClosure, ""), syscall.ECONNRESET)
			})
		})
	}
}

// TestRow23HalfOpen has a peer that is gone without a word: a Read ends by the
// keepalive, a Close within 5 s, and CloseNow at once.
func TestRow23HalfOpen(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(c *ws.Conn) error
		took time.Duration
	}{
		"Read":     {func(c *ws.Conn) error { _, _, err := c.Read(background); return err }, time.Minute},
		"Close":    {func(c *ws.Conn) error { return c.Close(ws.StatusNormalClosure, "") }, 5 * time.Second},
		"CloseNow": {func(c *ws.Conn) error { return c.CloseNow() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, settings{}, func(t *testing.T, conn *ws.Conn, p *peer) {
				go io.Copy(io.Discard, p.in)
				begun := time.Now()
				if err := c.end(conn); name != "CloseNow" && !errors.Is(err, ws.ErrClosed) {
					t.Errorf("%s: %v", name, err)
				}
				if took := time.Since(begun); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

// grudging is a connection that takes and gives one byte at a time, and now and
// then nothing, without an error.
type grudging struct {
	net.Conn
	r      io.Reader
	writes atomic.Int64
	reads  atomic.Int64
}

func newGrudging(nc net.Conn) *grudging { return &grudging{Conn: nc, r: iotest.OneByteReader(nc)} }

func (g *grudging) Read(p []byte) (int, error) {
	if g.reads.Add(1)%3 == 0 {
		return 0, nil
	}
	return g.r.Read(p)
}

func (g *grudging) Write(p []byte) (int, error) {
	if g.writes.Add(1)%3 == 0 {
		return 0, nil
	}
	return g.Conn.Write(p[:min(len(p), 1)])
}

// TestRow23Grudging uses a stream that accepts one byte at a time, gives one at
// a time, or none: everything arrives, once and in order.
func TestRow23Grudging(t *testing.T) {
	for _, d := range sides[1:] { // the HTTP server does not take short writes
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			late := &switched{}
			c, p := d.pair(t, tcp, settings{near: func(nc net.Conn) net.Conn { late.Conn = nc; return late }})
			late.grudging.Store(newGrudging(late.Conn))
			body := strings.Repeat("0123456789", 2000)
			sent := make(chan error, 1)
			go func() { sent <- c.Write(background, ws.MessageText, []byte(body)) }()
			p.wantFrame(fin|text, body)
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
			read := reading(c)
			p.send(p.frames(fin|text, body), p.frames(fin|ping, "p"), p.frames(text, "a"), p.frames(fin|continuation, "b"), p.close(1000, ""))
			p.wantFrame(fin|pong, "p")
			p.wantClose(1000)
			p.conn.Close()
			if got, _ := read(); len(got) != 2 || string(got[0]) != body || string(got[1]) != "ab" {
				t.Errorf("%d messages were delivered", len(got))
			}
		})
	}
}

// switched becomes grudging once the handshake is done.
type switched struct {
	net.Conn
	grudging atomic.Pointer[grudging]
}

func (s *switched) Read(p []byte) (int, error) {
	if g := s.grudging.Load(); g != nil {
		return g.Read(p)
	}
	return s.Conn.Read(p)
}

func (s *switched) Write(p []byte) (int, error) {
	if g := s.grudging.Load(); g != nil {
		return g.Write(p)
	}
	return s.Conn.Write(p)
}

// nothing is a connection that gives nothing for ever, without an error.
type nothing struct {
	net.Conn
	on atomic.Bool
}

func (n *nothing) Read(p []byte) (int, error) {
	if n.on.Load() {
		return 0, nil
	}
	return n.Conn.Read(p)
}

// TestRow23Nothing uses a stream whose Read returns 0 and nil for ever: the
// connection ends, it does not spin.
func TestRow23Nothing(t *testing.T) {
	for _, d := range sides[1:] {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			n := &nothing{}
			c, _ := d.pair(t, tcp, settings{near: func(nc net.Conn) net.Conn { n.Conn = nc; return n }})
			n.on.Store(true)
			_, _, err := c.Read(background)
			wantCause(t, "Read", err, io.ErrNoProgress)
		})
	}
}
