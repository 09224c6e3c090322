//go:build !js

package legacytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// talk is one connection of ours.
type talk struct {
	api.Conn
	spec
	draft legacy.Draft
	done  int // messages sent
	pong  chan error
}

// verify is what a client does: it sends a batch, and compares the echoes.
func (c *talk) verify(ctx context.Context) error {
	for _, batch := range c.Batches {
		for _, m := range batch {
			if err := c.send(ctx, m.typ(), m.data()); err != nil {
				return fmt.Errorf("sending message %d: %w", c.done, err)
			}
		}
		for i, m := range batch {
			typ, p, err := c.receive(ctx, i)
			switch want := m.data(); {
			case err != nil:
				return fmt.Errorf("echo %d of the batch up to message %d: %w", i, c.done, err)
			case typ != m.typ() || !bytes.Equal(p, want):
				return fmt.Errorf("%v of %d bytes came back as %v of %d, another", m.typ(), len(want), typ, len(p))
			}
		}
	}
	return c.finish(ctx)
}

// echo is what a server does.
func (c *talk) echo(ctx context.Context) error {
	for c.done < c.Messages {
		typ, p, err := c.receive(ctx, c.done)
		if err != nil {
			return fmt.Errorf("reading message %d: %w", c.done, err)
		}
		if err := c.send(ctx, typ, p); err != nil {
			return fmt.Errorf("sending message %d: %w", c.done, err)
		}
	}
	return c.finish(ctx)
}

// send sends every fifth message as a stream, in pieces that end anywhere. A
// ping goes beside the messages, where the draft has pings; its pong is waited
// for before the last message, after which the peer may close.
func (c *talk) send(ctx context.Context, typ ws.MessageType, p []byte) error {
	if c.done == c.Messages/2 && !isHixie(c.draft) {
		c.pong = make(chan error, 1)
		go func() { c.pong <- c.Ping(ctx) }()
	}
	if c.done++; c.done == c.Messages && c.pong != nil {
		if err := <-c.pong; err != nil {
			return fmt.Errorf("the ping beside the messages: %w", err)
		}
	}
	if c.done%5 != 0 {
		return c.Write(ctx, typ, p)
	}
	w, err := c.Writer(ctx, typ)
	if err != nil {
		return err
	}
	for _, part := range [][]byte{p[:len(p)/3], nil, p[len(p)/3:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

// receive reads every third message as a stream.
func (c *talk) receive(ctx context.Context, i int) (ws.MessageType, []byte, error) {
	if i%3 != 0 {
		return c.Read(ctx)
	}
	typ, r, err := c.Reader(ctx)
	if err != nil {
		return typ, nil, err
	}
	p, err := io.ReadAll(r)
	return typ, p, err
}

// finish closes, or waits for the peer's close.
func (c *talk) finish(ctx context.Context) error {
	code := c.Code
	if code == 0 {
		code = ws.StatusNoStatusRcvd // all that a hixie draft can do
	}
	if !c.PeerCloses {
		if err := c.CloseContext(ctx, code, c.Reason); err != nil {
			return fmt.Errorf("Close: %w", err)
		}
		return nil
	}
	_, _, err := c.Read(ctx)
	e, ok := errors.AsType[*ws.CloseError](err)
	if !ok {
		return fmt.Errorf("after the peer's close Read returned: %w", err)
	}
	return c.closed(e)
}

// closed checks what Read tells about the peer's close: its code and reason
// (hybi), no code (hixie-76, whose close frame has none), and that there was no
// closing handshake (hixie-75, where the end of TCP is all there is).
func (c *talk) closed(e *ws.CloseError) error {
	want := ws.CloseError{Code: c.Code, Reason: c.Reason, Clean: true}
	switch c.draft {
	case hixie75:
		want = ws.CloseError{Code: ws.StatusAbnormalClosure}
	case hixie76:
		want = ws.CloseError{Code: ws.StatusNoStatusRcvd, Clean: true}
	}
	if e.Code != want.Code || e.Reason != want.Reason || e.Clean != want.Clean || e.Local {
		return fmt.Errorf("the peer's close is %+v, want code %d, reason %q, clean %v", *e, want.Code, want.Reason, want.Clean)
	}
	return nil
}
