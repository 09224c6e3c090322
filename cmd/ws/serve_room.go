package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/twinws/ws"
)

// backlog is how many messages may wait for a client of a broadcast.
const backlog = 256

// guest is one client of a server.
type guest struct {
	conn    *ws.Conn
	id      int
	from    string
	came    time.Time
	in, out counter
	queue   chan *ws.PreparedMessage // of a room; nil otherwise
}

// room passes each message of a client to all others.
type room struct {
	mu     sync.Mutex
	guests map[*guest]struct{} // protected by mu
}

func newRoom() *room { return &room{guests: map[*guest]struct{}{}} }

// enter lets g receive what others send, until leave is called.
func (r *room) enter(g *guest) (leave func()) {
	g.queue = make(chan *ws.PreparedMessage, backlog)
	r.mu.Lock()
	r.guests[g] = struct{}{}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m := range g.queue {
			if g.conn.WritePrepared(context.Background(), m) == nil {
				g.out.add()
			}
		}
	}()
	return func() {
		r.mu.Lock()
		delete(r.guests, g)
		close(g.queue) // nobody sends to it without mu
		r.mu.Unlock()
		g.conn.CloseNow() // ends a Write that waits
		<-done
	}
}

// send passes a message to all but its sender. It never waits for a client.
func (r *room) send(from *guest, typ ws.MessageType, data []byte) error {
	m, err := ws.Prepare(typ, append([]byte(nil), data...))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for g := range r.guests {
		if g == from {
			continue
		}
		select {
		case g.queue <- m:
		default:
			go g.conn.Close(ws.StatusTryAgainLater, "the client is too slow")
		}
	}
	return nil
}

// noteWriter makes notes of what net/http logs.
type noteWriter struct{ s *serving }

func (w noteWriter) Write(p []byte) (int, error) {
	w.s.print("! %s", p)
	return len(p), nil
}

func (s *serving) errorLog() *log.Logger { return log.New(noteWriter{s}, "", 0) }
