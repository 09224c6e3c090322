//go:build !js

package hostile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// inMemory runs f for each side, with time of its own: the bubble sees to it
// that no goroutine stays behind.
func inMemory(t *testing.T, s settings, f func(t *testing.T, c *ws.Conn, p *peer)) {
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := d.pair(t, memory, s)
				p.conn.SetDeadline(time.Time{})
				f(t, c, p)
			})
		})
	}
}

// TestRow10Deaf has a peer that never reads while it sends pings: output is
// bounded, pongs stand for each other, and after the write time limit, 30 s by
// default, the peer is disconnected.
func TestRow10Deaf(t *testing.T) {
	for option, limit := range map[time.Duration]time.Duration{0: 30 * time.Second, time.Second: time.Second, 5 * time.Minute: 5 * time.Minute} {
		inMemory(t, settings{writeTimeout: option}, func(t *testing.T, c *ws.Conn, p *peer) {
			begun := time.Now()
			read := reading(c)
			pings := bytes.Repeat(p.frames(fin|ping, strings.Repeat("p", 125)), 1000)
			before := heap()
			sent, most := 0, 0
			for i := 0; ; i++ {
				if time.Since(begun) > 3*limit {
					t.Fatal("the peer is not disconnected")
				}
				if _, err := p.conn.Write(pings); err != nil {
					break
				}
				if sent += 1000; i%10 == 0 {
					most = max(most, heap()-before)
				}
				time.Sleep(limit / 20) // or the bubble's time would stand still
			}
			_, err := read()
			wantCause(t, "Read", err, ws.ErrWriteTimeout)
			wantCause(t, "Write", c.Write(background, ws.MessageText, nil), ws.ErrWriteTimeout)
			if took := time.Since(begun); took < limit || took > 2*limit+limit/20 {
				t.Errorf("disconnected after %v, want %v, and twice that at most", took, limit)
			}
			if sent < 10_000 {
				t.Errorf("only %d pings were taken", sent)
			}
			wantMemory(t, "held meanwhile", most, 256<<10)
		})
	}
}

// TestRow10DeafOverTCP does so as fast as it can, with buffers of the system's
// between the two. The library writes messages, too: a system whose buffer is
// full may not even take what acknowledges its pings, so that none follow, and
// nothing is owed.
func TestRow10DeafOverTCP(t *testing.T) {
	small := func(nc net.Conn) net.Conn {
		nc.(*net.TCPConn).SetWriteBuffer(4 << 10)
		return nc
	}
	everywhere(t, settings{near: small, writeTimeout: 100 * time.Millisecond}, func(t *testing.T, c *ws.Conn, p *peer) {
		p.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		read := reading(c)
		pings := bytes.Repeat(p.frames(fin|ping, strings.Repeat("p", 125)), 1000)
		flood := make(chan struct{})
		go func() {
			defer close(flood)
			for p.send(pings) == nil {
			}
		}()
		var err error
		for err == nil {
			err = c.Write(background, ws.MessageBinary, make([]byte, 1000))
		}
		wantCause(t, "Write", err, ws.ErrWriteTimeout)
		_, err = read()
		wantCause(t, "Read", err, ws.ErrWriteTimeout)
		p.conn.Close() // the system may not have been told of the end either
		<-flood
	})
}

// TestRow10Writers has a peer that never reads while messages, streams, pings
// and the close are sent: each of them ends.
func TestRow10Writers(t *testing.T) {
	for name, write := range map[string]func(c *ws.Conn) error{
		"Write": func(c *ws.Conn) error { return c.Write(background, ws.MessageText, make([]byte, 1<<20)) },
		"Writer": func(c *ws.Conn) error {
			w, err := c.Writer(background, ws.MessageText)
			if err == nil {
				_, err = w.Write(make([]byte, 1<<20))
				err = errors.Join(err, w.Close())
			}
			return err
		},
		"Ping": func(c *ws.Conn) error { return c.Ping(background) },
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
				begun := time.Now()
				wantCause(t, name, write(c), ws.ErrWriteTimeout)
				if took := time.Since(begun); took != 30*time.Second {
					t.Errorf("took %v, want 30 s", took)
				}
				if n := c.BufferedAmount(); n != 0 {
					t.Errorf("%d bytes are still held", n)
				}
			})
		})
	}
	t.Run("Close", func(t *testing.T) {
		inMemory(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
			begun := time.Now()
			if err := c.Close(ws.StatusNormalClosure, ""); !errors.Is(err, ws.ErrClosed) {
				t.Errorf("Close: %v", err)
			}
			if took := time.Since(begun); took != 5*time.Second {
				t.Errorf("took %v, want 5 s", took)
			}
		})
	})
}

// TestRow10Slow has a peer that reads slowly, but reads: it is not
// disconnected, though it takes much longer than the limit.
func TestRow10Slow(t *testing.T) {
	inMemory(t, settings{keepalive: &ws.Keepalive{Idle: -1}}, func(t *testing.T, c *ws.Conn, p *peer) {
		body := bytes.Repeat([]byte("slow"), 25)
		sent := make(chan error, 1)
		go func() { sent <- c.Write(background, ws.MessageText, body) }()
		var got []byte
		for len(got) < len(body) {
			time.Sleep(29 * time.Second)
			var b [1]byte
			if _, err := p.conn.Read(b[:]); err != nil {
				t.Fatal(err)
			}
			got = append(got, b[0])
		}
		go io.Copy(io.Discard, p.conn)
		if err := <-sent; err != nil {
			t.Errorf("Write: %v", err)
		}
	})
}

// TestRow17Handshake sends half a handshake, a byte a second, or nothing: 10 s
// are the limit, for a server and a client. With Accept it is net/http's own.
func TestRow17Handshake(t *testing.T) {
	for _, d := range sides {
		for name, piece := range map[string]int{"nothing": 0, "half": 1 << 20, "a byte a second": 1} {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					near, far := memory(t)
					half := []byte(request[:len(request)/2])
					if d.client {
						half = []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
					}
					gone := make(chan struct{})
					go func() {
						io.Copy(io.Discard, far)
						close(gone)
					}()
					go func() {
						for p := range slices.Chunk(half[:min(piece*len(half), len(half))], max(piece, 1)) {
							far.Write(p)
							select {
							case <-time.After(time.Second):
							case <-gone:
								return
							}
						}
					}()
					begun := time.Now()
					ctx, cancel := context.WithCancel(background)
					defer cancel()
					_, err := d.open(ctx, near, settings{})
					if took := time.Since(begun); took != 10*time.Second {
						t.Errorf("took %v, want 10 s: %v", took, err)
					}
					if d.name != "Accept" {
						wantHandshakeError(t, err, 0, "timed out")
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("%v does not match context.DeadlineExceeded", err)
						}
					} else if !errors.Is(err, errNotReached) {
						t.Errorf("Accept: %v", err)
					}
					<-gone
					far.Close()
				})
			})
		}
	}
}

// TestRow17Frames sends half a frame header, half a payload, or a byte a
// minute: the keepalive ends what says nothing for 60 s, and what it keeps is
// small.
func TestRow17Frames(t *testing.T) {
	for name, sent := range map[string]func(p *peer) []byte{
		"nothing":             func(p *peer) []byte { return nil },
		"half a header":       func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<17)[:7] },
		"a header":            func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 1<<17) },
		"half a payload":      func(p *peer) []byte { return append(p.header(fin|binaryFrame, 64, 1<<17), "half"...) },
		"half a ping":         func(p *peer) []byte { return p.frames(fin|ping, "half")[:4] },
		"half a message":      func(p *peer) []byte { return p.frames(text, "half") },
		"half a close frame":  func(p *peer) []byte { return p.close(1000, "half")[:5] },
		"half of a character": func(p *peer) []byte { return p.frames(text, "\xE4\xB8") },
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
				go io.Copy(io.Discard, p.in)
				begun := time.Now()
				read := reading(c)
				if b := sent(p); len(b) > 0 {
					p.conn.Write(b)
				}
				got, err := read()
				wantCause(t, "Read", err, ws.ErrKeepaliveTimeout)
				if took := time.Since(begun); took != time.Minute || len(got) > 0 {
					t.Errorf("took %v and delivered %d messages, want 60 s and none", took, len(got))
				}
			})
		})
	}
}

// TestRow17Drip sends a large message a byte a minute: the ping that the
// silence brings about is not answered, and that ends it at the first minute.
func TestRow17Drip(t *testing.T) {
	inMemory(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
		go io.Copy(io.Discard, p.in)
		read := reading(c)
		begun := time.Now()
		for b := range slices.Chunk(p.frame(fin|text, make([]byte, 1000)), 1) {
			if _, err := p.conn.Write(b); err != nil {
				break
			}
			time.Sleep(time.Minute + 1)
		}
		_, err := read()
		wantCause(t, "Read", err, ws.ErrKeepaliveTimeout)
		if took := time.Since(begun); took > 2*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}
