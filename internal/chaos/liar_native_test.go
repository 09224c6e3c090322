//go:build !js

package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// said is a message as it was read.
type said struct {
	typ ws.MessageType
	p   []byte
}

// liar is a connection that does not do what it says. What is nil is honest.
type liar struct {
	api.Conn
	read     func(n int, m said) []said // replaces what is read, n counts from 1
	wait     bool                       // Read does not hear its context
	readErr  error                      // of the third Read
	write    func(ctx context.Context, n int, send func(context.Context) error) error
	close    func()
	closeNow func()
	amount   int64

	reads, writes int
	heard         []said // replaced, and not yet given out
	unread        bool   // a Reader has not been read to its end
}

func (l *liar) Read(ctx context.Context) (ws.MessageType, []byte, error) {
	if l.unread {
		return 0, nil, ws.ErrUnreadMessage
	}
	if l.wait {
		ctx = context.Background()
	}
	for len(l.heard) == 0 {
		typ, p, err := l.Conn.Read(ctx)
		if err != nil {
			return typ, p, err
		}
		if l.reads++; l.reads == 3 && l.readErr != nil {
			return 0, nil, l.readErr
		}
		l.heard = []said{{typ, p}}
		if l.read != nil {
			l.heard = l.read(l.reads, l.heard[0])
		}
	}
	m := l.heard[0]
	l.heard = l.heard[1:]
	return m.typ, m.p, nil
}

func (l *liar) ReadAppend(ctx context.Context, dst []byte) (ws.MessageType, []byte, error) {
	typ, p, err := l.Read(ctx)
	return typ, append(dst, p...), err
}

func (l *liar) Reader(ctx context.Context) (ws.MessageType, io.Reader, error) {
	typ, p, err := l.Read(ctx)
	l.unread = l.unread || err == nil
	return typ, &liarReader{l, bytes.NewReader(p)}, err
}

type liarReader struct {
	l *liar
	r io.Reader
}

func (r *liarReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.l.unread = err == nil
	return n, err
}

func (l *liar) Write(ctx context.Context, typ ws.MessageType, p []byte) error {
	send := func(ctx context.Context) error { return l.Conn.Write(ctx, typ, p) }
	if l.write == nil {
		return send(ctx)
	}
	l.writes++
	return l.write(ctx, l.writes, send)
}

func (l *liar) Close(code ws.StatusCode, reason string) error {
	if l.close != nil {
		l.close()
	}
	return l.Conn.Close(code, reason)
}

func (l *liar) CloseNow() error {
	if l.closeNow != nil {
		l.closeNow()
	}
	return l.Conn.CloseNow()
}

func (l *liar) BufferedAmount() int64 { return l.amount + l.Conn.BufferedAmount() }

// told is how many messages each side sends in a plan for liars.
const told = 40

// plain returns a plan in which nothing is left to chance that a lie needs: the
// client closes, and the server reads to the end.
func plain() *plan {
	p := &plan{fair: true, random: rand.New(rand.NewPCG(1, 2)), patience: time.Minute, ending: orderly, closer: client}
	for side := range p.sides {
		p.sides[side] = sidePlan{writers: 1, messages: told, readers: 1}
		p.weather[side] = weather{room: 16 << 10, latency: 10 * time.Millisecond}
	}
	return p
}

// replace returns a lie about the messages from one on, up to another.
func replace(first, last int, f func(m said) []said) func(l *liar, done <-chan struct{}) {
	return func(l *liar, _ <-chan struct{}) {
		l.read = func(n int, m said) []said {
			if n < first || n > last || len(m.p) == 0 {
				return []said{m}
			}
			return f(m)
		}
	}
}

var errForeign = errors.New("an error of nobody's")

// lies are what a connection may get wrong, and how the complaint begins.
var lies = []struct {
	name string
	side int
	want string
	lie  func(l *liar, done <-chan struct{})
}{
	{"a message is lost", server, "lost", replace(3, 3, func(m said) []said { return nil })},
	{"the last messages are lost", server, "lost", replace(told/2, told, func(m said) []said { return nil })},
	{"all are lost", server, "lost", replace(1, told, func(m said) []said { return nil })},
	{"a message comes twice", server, "repeated", replace(3, 3, func(m said) []said { return []said{m, m} })},
	{"messages change places", server, "disordered", func(l *liar, _ <-chan struct{}) {
		var held []said
		l.read = func(n int, m said) []said {
			if n < 3 || n > 6 {
				return []said{m}
			}
			if held = append([]said{m}, held...); n < 6 {
				return nil
			}
			return held
		}
	}},
	{"a message lacks its end", server, "damaged", replace(3, 6, func(m said) []said { return []said{{m.typ, m.p[:len(m.p)-1]}} })},
	{"a message lacks its beginning", server, "damaged", replace(3, 6, func(m said) []said { return []said{{m.typ, m.p[1:]}} })},
	{"a message is too long", server, "damaged", replace(3, 6, func(m said) []said { return []said{{m.typ, append(m.p, 'x')}} })},
	{"a bit flips", server, "damaged", replace(1, told, func(m said) []said {
		m.p[len(m.p)-1] ^= 1
		return []said{m}
	})},
	{"two messages become one", server, "damaged", replace(3, 6, func(m said) []said { return []said{{m.typ, append(m.p, m.p...)}} })},
	{"the type changes", server, "changed", replace(3, 6, func(m said) []said { return []said{{3 - m.typ, m.p}} })},
	{"a message of another connection", server, "astray", replace(3, 3, func(m said) []said {
		return []said{m, {m.typ, compose(nil, m.typ, label{conn: 7, side: client}, rand.New(rand.NewPCG(1, 1)))}}
	})},
	{"a message of nobody's", server, "astray", replace(3, 3, func(m said) []said {
		return []said{m, {m.typ, compose(nil, m.typ, label{side: client, seq: told + 1}, rand.New(rand.NewPCG(1, 1)))}}
	})},
	{"an empty message of nobody's", server, "repeated", replace(1, told, func(m said) []said { return []said{m, {m.typ, nil}} })},
	{"memory is given out twice", server, "reused", func(l *liar, _ <-chan struct{}) {
		var same []byte
		l.read = func(n int, m said) []said {
			same = append(same[:0], m.p...)
			return []said{{m.typ, same}}
		}
	}},
	{"a Write only claims to send", client, "lost", func(l *liar, _ <-chan struct{}) {
		l.write = func(ctx context.Context, n int, send func(context.Context) error) error {
			if n%3 == 0 && ctx.Err() == nil {
				return nil
			}
			return send(ctx)
		}
	}},
	{"a Write sends what it gave up", client, "undead", func(l *liar, _ <-chan struct{}) {
		l.write = func(ctx context.Context, n int, send func(context.Context) error) error {
			if err := send(context.Background()); err != nil {
				return err
			}
			return ctx.Err()
		}
	}},
	{"a Write fails for no reason", client, "untyped", func(l *liar, _ <-chan struct{}) {
		l.write = func(context.Context, int, func(context.Context) error) error { return errForeign }
	}},
	{"a Write ends with a context that lasts", client, "untyped", func(l *liar, _ <-chan struct{}) {
		l.write = func(context.Context, int, func(context.Context) error) error { return context.Canceled }
	}},
	{"a Read fails for no reason", server, "untyped", func(l *liar, _ <-chan struct{}) { l.readErr = errForeign }},
	{"a Read ends bare", server, "untyped", func(l *liar, _ <-chan struct{}) { l.readErr = io.EOF }},
	{"the connection breaks", server, "broken", func(l *liar, _ <-chan struct{}) { l.readErr = &ws.CloseError{Code: 1006} }},
	{"a Read does not hear its context", server, "late", func(l *liar, _ <-chan struct{}) { l.wait = true }},
	{"Close takes its time", client, "late", func(l *liar, _ <-chan struct{}) { l.close = func() { time.Sleep(6 * time.Second) } }},
	{"CloseNow waits", server, "late", func(l *liar, _ <-chan struct{}) { l.closeNow = func() { time.Sleep(time.Nanosecond) } }},
	{"a Read never returns", server, "hang", func(l *liar, done <-chan struct{}) {
		l.read = func(n int, m said) []said {
			if n == told/2 {
				<-done
			}
			return []said{m}
		}
	}},
	{"a Write never returns", client, "hang", func(l *liar, done <-chan struct{}) {
		l.write = func(ctx context.Context, n int, send func(context.Context) error) error {
			<-done
			return send(ctx)
		}
	}},
	{"a goroutine stays", server, "left", func(l *liar, done <-chan struct{}) { l.closeNow = func() { go func() { <-done }() } }},
	{"an amount stays", server, "left", func(l *liar, _ <-chan struct{}) { l.amount = 1 }},
}

// TestLiars shows that every kind of complaint is made when there is reason to.
func TestLiars(t *testing.T) {
	for _, tt := range lies {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := plain()
				if tt.want == "late" {
					p.sides[tt.side].restless = 1
				}
				done := make(chan struct{})
				r := hold(p, func(side int, c api.Conn) api.Conn {
					if side != tt.side {
						return c
					}
					l := &liar{Conn: c}
					tt.lie(l, done)
					return l
				})
				close(done)
				if got := strings.Join(r.complaints, "\n"); !strings.Contains(got, "s: "+tt.want+": ") {
					t.Errorf("no complaint begins with %q:\n%s", tt.want, got)
				}
			})
		})
	}
}

// TestHonest shows that it takes a lie to be complained about.
func TestHonest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := hold(plain(), func(side int, c api.Conn) api.Conn { return &liar{Conn: c} })
		if len(r.complaints) > 0 || r.came < told/2 || r.withheld == 0 || r.clean == 0 {
			t.Errorf("%d messages came, %d were withheld, %d closes clean, and:\n%s", r.came, r.withheld, r.clean, strings.Join(r.complaints, "\n"))
		}
	})
}
