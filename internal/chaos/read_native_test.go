//go:build !js

package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/twinws/ws"
)

// kept is how many messages a reader keeps for a while: memory that it was
// given must stay its own.
const kept = 3

// reader is one goroutine that reads.
type reader struct {
	*side
	r    *rand.Rand
	o    order
	kept [][]byte
	sip  [16 << 10]byte // what streams are read by
}

// read reads to the connection's end.
func (s *side) read(r *rand.Rand) {
	x := &reader{side: s, r: r, o: order{}}
	for {
		s.pause(r)
		typ, p, err := x.receive()
		if err != nil {
			x.finish(err)
			break
		}
		s.deliver(s.name, x.o, typ, p)
		x.keep(p)
	}
	for len(x.kept) > 0 {
		x.drop()
	}
}

// finish notes how the connection ended.
func (x *reader) finish(err error) {
	e, ok := errors.AsType[*ws.CloseError](err)
	if ok && !e.Local && e.Code != ws.StatusAbnormalClosure {
		x.drain(x.name)
	}
}

func (x *reader) keep(p []byte) {
	if x.kept = append(x.kept, p); len(x.kept) > kept {
		x.drop()
	}
}

// drop looks at the oldest kept message again.
func (x *reader) drop() {
	p := x.kept[0]
	x.kept = x.kept[1:]
	if len(p) == 0 {
		return
	}
	if _, problem := decompose(p); problem != "" {
		x.complain("reused: a message changed after the %s had read it: %s", sideNames[x.name], problem)
	}
}

// receive reads one message in one of several ways, through any number of
// contexts that end. An error is the connection's end.
func (x *reader) receive() (typ ws.MessageType, p []byte, err error) {
	for {
		switch x.r.IntN(3) {
		case 0:
			typ, p, err = x.whole(func(ctx context.Context) (ws.MessageType, []byte, error) { return x.c.Read(ctx) })
		case 1:
			typ, p, err = x.whole(x.appended)
		case 2:
			select {
			case <-x.streaming:
				typ, p, err = x.streamed()
				x.streaming <- struct{}{}
			default:
				continue
			}
		}
		if err != errAgain {
			return typ, p, err
		}
	}
}

// errAgain says that nothing was read for a reason that passes.
var errAgain = errors.New("again")

func (x *reader) newCall() call { return newCall(x.r, x.restless, 50*time.Millisecond) }

// whole reads a message by one call of f.
func (x *reader) whole(f func(context.Context) (ws.MessageType, []byte, error)) (typ ws.MessageType, p []byte, err error) {
	c := x.newCall()
	defer c.cancel()
	err = x.timed("Read", c, func() error {
		typ, p, err = f(c)
		return err
	})
	if errors.Is(err, ws.ErrUnreadMessage) && x.readers > 1 {
		x.sleep(time.Millisecond) // another one is at it
		return 0, nil, errAgain
	}
	over := x.judge("Read", c, err)
	if err != nil && !over {
		return 0, nil, errAgain
	}
	return typ, p, err
}

// appended reads into memory of its own, whose beginning must stay.
func (x *reader) appended(ctx context.Context) (ws.MessageType, []byte, error) {
	before := []byte("before")
	dst := append(make([]byte, 0, len(before)+x.r.IntN(5000)), before...)
	typ, p, err := x.c.ReadAppend(ctx, dst)
	if !bytes.HasPrefix(p, before) || err != nil && len(p) != len(before) {
		x.complain("damaged: ReadAppend returned %d bytes for %q, and the error %v", len(p), before, err)
		return typ, nil, err
	}
	return typ, p[len(before):], err
}

// streamed reads a message by Reader, and what an ended context leaves of it by
// another.
func (x *reader) streamed() (typ ws.MessageType, p []byte, err error) {
	for {
		c := x.newCall()
		var t ws.MessageType
		var r io.Reader
		err := x.timed("Reader", c, func() (err error) {
			t, r, err = x.c.Reader(c)
			return err
		})
		if err == nil && len(p) > 0 && t != typ {
			x.complain("changed: the %s's message began as %v and went on as %v", sideNames[x.name], typ, t)
		}
		if err == nil {
			typ = t
			if p, err = x.drink(c, r, p); err == io.EOF {
				c.cancel()
				return typ, p, nil
			}
		}
		over := x.judge("Reader", c, err)
		c.cancel()
		switch {
		case over:
			return 0, nil, err
		case len(p) == 0:
			return 0, nil, errAgain
		}
	}
}

// drink appends what r gives to p.
func (x *reader) drink(c call, r io.Reader, p []byte) ([]byte, error) {
	for {
		x.pause(x.r)
		if c.ends.IsZero() && x.r.IntN(50) == 0 {
			x.intrude(c)
		}
		some := x.sip[:1+x.r.IntN(64<<x.r.IntN(9))]
		var n int
		err := x.timed("stream's Read", c, func() (err error) {
			n, err = r.Read(some)
			return err
		})
		if p = append(p, some[:n]...); err != nil {
			return p, err
		}
	}
}

// intrude reads while a stream is at work, which must not take from it. The
// stream's context lasts: with its end the message would be anybody's.
func (x *reader) intrude(c call) {
	if _, p, err := x.c.Read(c); err == nil {
		x.complain("disordered: the %s's Read took %d bytes from under a Reader", sideNames[x.name], len(p))
	} else if !errors.Is(err, ws.ErrUnreadMessage) {
		x.judge("Read beside a Reader", c, err)
	}
}

// closeRead has the connection read by itself.
func (s *side) closeRead() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx = s.c.CloseRead(ctx)
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, ws.ErrClosed) {
		s.complain("untyped: CloseRead's context ended because of: %v", err)
	}
}
