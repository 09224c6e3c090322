package main

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws"
)

// maxPending is how many messages of a connection may be under way.
const maxPending = 10_000

// driver sends over one connection.
type driver struct {
	*load
	c       *ws.Conn
	slots   chan struct{}  // has an element for each message under way
	pending chan time.Time // when the messages under way should have been sent
	over    chan struct{}  // closed when nothing more is received
}

// drive sends over c until the test is over, awaits the last answers and
// closes. n is the number of the connection.
func (l *load) drive(ctx context.Context, c *ws.Conn, n int) {
	defer c.CloseNow()
	d := &driver{load: l, c: c, over: make(chan struct{})}
	d.slots = make(chan struct{}, l.window())
	d.pending = make(chan time.Time, l.window())
	sending, cancel := ctx, context.CancelFunc(func() {})
	if l.duration > 0 {
		sending, cancel = context.WithTimeout(ctx, l.duration)
	}
	defer cancel()
	var end error
	go func() {
		end = d.receive(context.WithoutCancel(ctx))
		close(d.over)
	}()
	d.send(sending, n)
	d.settle(ctx)
	c.Close(ws.StatusNormalClosure, "")
	<-d.over
	if e, ok := errors.AsType[*ws.CloseError](end); !ok || !e.Local {
		l.stats.lost(end)
	}
	l.stats.unanswered(len(d.pending))
}

// window is how many messages of a connection may be under way.
func (l *load) window() int {
	if l.rate > 0 || l.oneWay {
		return maxPending
	}
	return l.inFlight
}

// send sends until ctx ends, or --messages were sent.
func (d *driver) send(ctx context.Context, n int) {
	typ := ws.MessageText
	if d.binary {
		typ = ws.MessageBinary
	}
	text := d.text()
	begin := d.now()
	for k := 0; d.messages == 0 || k < d.messages; k++ {
		var due time.Time
		if d.rate > 0 {
			// The connections take turns.
			due = begin.Add(time.Duration((float64(k)*float64(d.connections) + float64(n)) / d.rate * float64(time.Second)))
			if !d.sleep(ctx, due.Sub(d.now())) {
				return
			}
		}
		if !d.occupy(ctx) {
			return
		}
		if !d.oneWay {
			if d.rate == 0 {
				due = d.now()
			}
			d.pending <- due // has room: see occupy
		}
		p := d.message(text)
		// A message that has begun is sent whole, though the time is up.
		if d.c.Write(context.WithoutCancel(ctx), typ, p) != nil {
			return
		}
		d.stats.sent(len(p))
	}
}

// occupy waits until one more message may be under way.
func (d *driver) occupy(ctx context.Context) bool {
	if d.oneWay {
		return ctx.Err() == nil
	}
	select {
	case <-d.over:
	case <-ctx.Done():
	case d.slots <- struct{}{}:
		return true
	}
	return false
}

func (d *driver) sleep(ctx context.Context, t time.Duration) bool {
	if t <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.over:
	case <-ctx.Done():
	}
	return false
}

// receive measures the answers until the connection ends.
func (d *driver) receive(ctx context.Context) error {
	var buf []byte
	for {
		_, data, err := d.c.ReadAppend(ctx, buf[:0])
		if err != nil {
			return err
		}
		buf = data
		if d.oneWay {
			d.stats.received(len(data))
			continue
		}
		select {
		case due := <-d.pending:
			d.stats.answered(len(data), d.now().Sub(due))
			<-d.slots
		default:
			d.stats.surplus(len(data))
		}
	}
}

// settle waits for the answers to the messages under way, or, if none are
// awaited, until the server has read everything.
func (d *driver) settle(ctx context.Context) {
	wait, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	if d.oneWay {
		d.c.Ping(wait)
		return
	}
	for range cap(d.slots) {
		if !d.occupy(wait) {
			return
		}
	}
}
