package engine

import (
	"context"
	"encoding/binary"

	"github.com/twinws/ws/frame"
)

// pings are the pings that wait for their pong, oldest first.
type pings struct {
	last uint64 // number of the newest ping
	wait []pingWait
}

type pingWait struct {
	n       uint64
	payload string // of the frame
	done    context.CancelCauseFunc
}

// add returns a new ping. If payload is nil, its number is the payload.
func (p *pings) add(payload []byte, done context.CancelCauseFunc) pingWait {
	p.last++
	if payload == nil {
		payload = binary.BigEndian.AppendUint64(nil, p.last)
	}
	w := pingWait{p.last, string(payload), done}
	p.wait = append(p.wait, w)
	return w
}

// hear ends the wait of the oldest ping with this payload, and of all earlier
// ones, since a peer may answer only the newest (RFC 6455 section 5.5.3). An
// empty payload says nothing about earlier pings: it may answer the keepalive's
// ping, or be unsolicited.
func (p *pings) hear(payload []byte) {
	for i, w := range p.wait {
		switch {
		case w.payload != string(payload):
			continue
		case w.payload == "":
			w.done(errPong)
			p.drop(w.n)
		default:
			p.finish(i+1, errPong)
		}
		return
	}
}

// finish ends the first n waits with cause.
func (p *pings) finish(n int, cause error) {
	for _, w := range p.wait[:n] {
		w.done(cause)
	}
	if p.wait = p.wait[n:]; len(p.wait) == 0 {
		p.wait = nil
	}
}

// drop removes ping n.
func (p *pings) drop(n uint64) {
	for i, w := range p.wait {
		if w.n == n {
			p.wait = append(p.wait[:i:i], p.wait[i+1:]...)
			return
		}
	}
}

// Ping sends a ping and waits for its pong.
func (c *Conn) Ping(ctx context.Context) error { return c.ping(ctx, nil) }

// PingPayload sends a ping with payload p, at most 125 bytes, and waits for a
// pong with it.
func (c *Conn) PingPayload(ctx context.Context, p []byte) error {
	return c.ping(ctx, append([]byte{}, p...))
}

// Pong sends an unsolicited pong with payload p, at most 125 bytes.
func (c *Conn) Pong(ctx context.Context, p []byte) error {
	return c.sendControl(ctx, frame.OpPong, append([]byte{}, p...))
}

// ping is PingPayload; nil means a payload that no other ping has.
func (c *Conn) ping(ctx context.Context, p []byte) error {
	wait, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	if err := c.closing.err(); err != nil {
		c.mu.Unlock()
		return err
	}
	all := &c.more().pings
	w := all.add(p, cancel)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		all.drop(w.n)
		c.mu.Unlock()
	}()

	if err := c.sendControl(ctx, frame.OpPing, []byte(w.payload)); err != nil {
		return err
	}
	for wait.Err() == nil {
		select {
		case <-c.readControl(wait):
		case <-wait.Done():
		}
	}
	switch cause := context.Cause(wait); {
	case cause == errPong:
		return nil
	case ctx.Err() != nil:
		if err := c.missed(); err != nil {
			return err
		}
		return ctx.Err()
	default:
		return cause
	}
}

// sendControl sends a control frame. Once begun, it is sent completely even if
// ctx ends: a truncated frame would end the connection. payload is then used
// after the return.
func (c *Conn) sendControl(ctx context.Context, op frame.Opcode, payload []byte) error {
	t, err := c.awaitTurn(ctx)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func(t turn) {
		err := t.take()
		if err == nil {
			err = t.send(context.Background(), frame.Header{Fin: true, Opcode: op}, payload)
		}
		t.release()
		sent <- err
	}(t)
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readControl reads control frames while nobody else reads, until ctx ends or a
// message begins, which belongs to a Read. It then returns a channel that is
// closed when the message has been read, and there may be more control frames.
func (c *Conn) readControl(ctx context.Context) (passed <-chan struct{}) {
	in, err := c.lockReading(ctx)
	if err != nil {
		return nil
	}
	defer func() { in.release() }()
	switch {
	case !c.open.Load():
		in, _ = in.drain(ctx)
	case in.payloadWaits():
	default:
		in, err = in.awaitFrame(ctx)
		in, _ = in.conclude(ctx, err)
	}
	if !in.payloadWaits() {
		return nil
	}
	if in.passed == nil {
		in.passed = make(chan struct{})
	}
	return in.passed
}
