//go:build !js

package chaos

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/twinws/ws"
)

// write sends one writer's messages.
func (s *side) write(writer int, r *rand.Rand) {
	for range s.messages {
		s.pause(r)
		typ := ws.MessageText
		if r.IntN(2) == 0 {
			typ = ws.MessageBinary
		}
		c := s.writeCall(r)
		if r.IntN(50) == 0 {
			s.refuse(c)
		}
		p, settle := s.begin(s.name, writer, typ, r)
		err := s.send(c, typ, p, r)
		over := s.judge("Write", c, err)
		c.cancel()
		spoil(p) // it is this side's again
		switch {
		case err == nil:
			settle(accepted)
		case over:
			settle(pending)
			return
		default:
			settle(withheld)
		}
	}
}

// writeCall returns a context for writing. Where nothing may break the
// connection it lasts or has ended: what is being sent cannot be taken back.
func (s *side) writeCall(r *rand.Rand) call {
	if !s.fair {
		return newCall(r, s.hasty, 20*time.Millisecond)
	}
	c := newCall(r, 0.1, 0)
	if !c.ends.IsZero() {
		c.cancel()
	}
	return c
}

// refuse writes what is no text.
func (s *side) refuse(c call) {
	err := s.c.Write(c, ws.MessageText, wrongText)
	if _, ok := errors.AsType[*ws.ArgumentError](err); !ok {
		s.complain("untyped: the %s's Write of what is not UTF-8: %v", sideNames[s.name], err)
	}
}

// send sends p in one of several ways.
func (s *side) send(c call, typ ws.MessageType, p []byte, r *rand.Rand) error {
	if r.Float64() >= s.streamed {
		return s.timed("Write", c, func() error { return s.c.Write(c, typ, p) })
	}
	var w io.WriteCloser
	err := s.timed("Writer", c, func() (err error) {
		w, err = s.c.Writer(c, typ)
		return err
	})
	if err != nil {
		return err
	}
	for err == nil && len(p) > 0 {
		s.pause(r)
		if typ == ws.MessageText && r.IntN(20) == 0 {
			s.refuseStreamed(w)
		}
		n := 1 + r.IntN(len(p))
		err = s.timed("stream's Write", c, func() error {
			_, err := w.Write(p[:n])
			return err
		})
		p = p[n:]
	}
	if done := s.timed("stream's Close", c, w.Close); err == nil {
		err = done
	} else if done == nil {
		s.complain("broken: the %s's stream was closed without an error though a Write had failed: %v", sideNames[s.name], err)
	}
	return err
}

// refuseStreamed writes what is no text into a stream, which must take no harm.
func (s *side) refuseStreamed(w io.Writer) {
	n, err := w.Write(wrongText)
	if _, ok := errors.AsType[*ws.ArgumentError](err); n != 0 || !ok {
		s.complain("untyped: the %s's stream, given what is not UTF-8: %d, %v", sideNames[s.name], n, err)
	}
}
