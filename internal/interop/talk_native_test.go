//go:build !js

package interop

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twinws/ws"
)

// inFlight bounds how many messages are under way to the side that echoes and
// back, so that nobody has to hold more.
const inFlight = 256

// verify sends messages of its own while it reads the echoes, and compares
// them. A ping goes along half-way. It returns how many bytes came back.
func verify(ctx context.Context, c *ws.Conn, s spec) (payload int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent := make(chan message, inFlight)
	go func() {
		defer close(sent)
		if err := sendAll(ctx, c, s, sent); err != nil {
			cancel(err)
		}
	}()
	g := newGenerator(^s.Seed)
	n := 0
	for want := range sent {
		typ, p, err := receive(ctx, c, g)
		if err != nil {
			return payload, fmt.Errorf("echo %d, %v of %d bytes: %w", n, want.typ, len(want.data), errors.Join(err, context.Cause(ctx)))
		}
		if got := (message{typ, p}); !got.equal(want) {
			return payload, fmt.Errorf("echo %d is not what was sent: %s", n, got.difference(want))
		}
		payload += int64(len(p))
		n++
	}
	if err := context.Cause(ctx); err != nil || n == s.Messages {
		return payload, err
	}
	return payload, fmt.Errorf("%d echoes were compared, want %d", n, s.Messages)
}

// sendAll sends the messages of s, and puts each into sent before.
func sendAll(ctx context.Context, c *ws.Conn, s spec, sent chan<- message) error {
	g := newGenerator(s.Seed)
	var p ping
	for i := range s.Messages {
		m := g.message()
		select {
		case sent <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := p.beside(ctx, c, i, s.Messages); err != nil {
			return err
		}
		if err := send(ctx, c, g, m); err != nil {
			return fmt.Errorf("sending message %d: %w", i, err)
		}
	}
	return nil
}

// echo sends the first s.Messages messages back. A ping goes along half-way. It
// returns how many bytes came.
func echo(ctx context.Context, c *ws.Conn, s spec) (payload int64, err error) {
	g := newGenerator(s.Seed)
	var pinging ping
	for i := range s.Messages {
		typ, p, err := receive(ctx, c, g)
		if err != nil {
			return payload, fmt.Errorf("reading message %d: %w", i, err)
		}
		if err := pinging.beside(ctx, c, i, s.Messages); err != nil {
			return payload, err
		}
		if err := send(ctx, c, g, message{typ, p}); err != nil {
			return payload, fmt.Errorf("sending message %d back: %w", i, err)
		}
		payload += int64(len(p))
	}
	return payload, nil
}

// ping is one beside the messages.
type ping struct{ pong chan error }

// beside is called before message i of n is sent. It starts the ping half-way,
// and waits for the pong before the last message, since after that one the peer
// may close.
func (p *ping) beside(ctx context.Context, c *ws.Conn, i, n int) error {
	if i == n/2 {
		p.pong = make(chan error, 1)
		go func() { p.pong <- c.Ping(ctx) }()
	}
	if i < n-1 {
		return nil
	}
	if err := <-p.pong; err != nil {
		return fmt.Errorf("the ping beside the messages: %w", err)
	}
	return nil
}

// send sends m in one go or as a stream.
func send(ctx context.Context, c *ws.Conn, g generator, m message) error {
	pieces := g.pieces(m.data)
	if len(pieces) == 1 {
		return c.Write(ctx, m.typ, m.data)
	}
	w, err := c.Writer(ctx, m.typ)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// receive reads a message in one go or as a stream.
func receive(ctx context.Context, c *ws.Conn, g generator) (ws.MessageType, []byte, error) {
	if g.IntN(2) == 0 {
		return c.Read(ctx)
	}
	typ, r, err := c.Reader(ctx)
	if err != nil {
		return 0, nil, err
	}
	var p []byte
	for chunk := make([]byte, 1+g.IntN(4000)); ; {
		n, err := r.Read(chunk)
		p = append(p, chunk[:n]...)
		switch err {
		case nil:
		case io.EOF:
			return typ, p, nil
		default:
			return 0, nil, err
		}
	}
}

// finish ends the connection as s says, and checks what our side learns of it
// (RFC 6455 sections 7.1.5 and 7.1.6).
func finish(ctx context.Context, c *ws.Conn, s spec) error {
	if !s.PeerCloses {
		if err := c.Close(s.Code, s.Reason); err != nil {
			return fmt.Errorf("Close: %w", err)
		}
	}
	_, _, err := c.Read(ctx)
	e, ok := errors.AsType[*ws.CloseError](err)
	switch {
	case !ok, e.Code != s.Code, !e.Clean, e.Local == s.PeerCloses,
		s.PeerCloses && e.Reason != s.Reason: // an answer repeats the code, and the reason only if it likes
		return fmt.Errorf("after a close with %v %q Read returned: %w", s.Code, s.Reason, err)
	}
	return nil
}
