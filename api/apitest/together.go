package apitest

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/twinws/ws/api"
)

// signed returns message number i of a writer: both numbers, and a payload that
// depends on them, so that mixed messages are detected.
func signed(writer byte, i, size int) []byte {
	p := pattern(5+size, writer^byte(i))
	p[0] = writer
	binary.BigEndian.PutUint32(p[1:], uint32(i))
	return p
}

// signed is the same as a message of type binary: digits, where there is text
// alone.
func (t *trial) signed(writer byte, i, size int) []byte {
	p := signed(writer, i, size)
	if t.Draft.TextOnly {
		return hex.AppendEncode(nil, p)
	}
	return p
}

// inOrder checks messages made by signed: whole, and in order per writer.
type inOrder map[byte]int

func (o inOrder) add(t *trial, p []byte) {
	t.Helper()
	if t.Draft.TextOnly {
		var err error
		if p, err = hex.DecodeString(string(p)); err != nil {
			t.Errorf("a message is mixed up: %v", err)
			return
		}
	}
	if len(p) < 5 {
		t.Errorf("a message of %d bytes", len(p))
		return
	}
	writer, i := p[0], int(binary.BigEndian.Uint32(p[1:]))
	if !bytes.Equal(p, signed(writer, i, len(p)-5)) {
		t.Errorf("message %d of writer %d is mixed with another: %s", i, writer, brief(p))
	}
	if i < o[writer] {
		t.Errorf("message %d of writer %d came after number %d", i, writer, o[writer]-1)
	}
	o[writer] = i + 1
}

// stream sends p through a Writer, in pieces.
func (t *trial) stream(ctx context.Context, c api.Conn, p []byte) error {
	w, err := c.Writer(ctx, t.binary())
	if err != nil {
		return err
	}
	for len(p) > 0 && err == nil {
		n := min(len(p), 1+rand.IntN(2000))
		_, err = w.Write(p[:n])
		p = p[n:]
	}
	return errors.Join(err, w.Close())
}

var togetherCases = []testCase{
	{name: "ConcurrentWriters", rule: whole,
		why: "Write is safe from any number of goroutines: messages whole, and in order per writer (RFC 6455 section 5.4)",
		run: func(t *trial) {
			const writers, each = 8, 40
			c := t.dial(t.Echo)
			var writing []func() error
			for w := range byte(writers) {
				writing = append(writing, start(func() error {
					for i := range each {
						p := t.signed(w, i, rand.IntN(5000))
						err := error(nil)
						if i%4 == 3 {
							err = t.stream(t.ctx, c, p)
						} else {
							err = c.Write(t.ctx, t.binary(), p)
						}
						if err != nil {
							return err
						}
					}
					return nil
				}))
			}
			got := inOrder{}
			for range writers * each {
				_, p := t.read(c)
				got.add(t, p)
			}
			for w, wait := range writing {
				if err := wait(); err != nil || got[byte(w)] != each {
					t.Errorf("writer %d: %d messages, %v", w, got[byte(w)], err)
				}
			}
		}},
	{name: "ConcurrentReaders", rule: whole,
		why: "Read may be called from any number of goroutines: each message goes to exactly one, whole",
		run: func(t *trial) {
			const readers, n = 4, 200
			c := t.dial("/flood?n=200&size=300&code=4008")
			got := make(chan uint32, n)
			var reading []func() error
			for range readers {
				reading = append(reading, start(func() error {
					for {
						_, p, err := c.Read(t.ctx)
						if err != nil {
							return err
						}
						got <- uint32(t.floodIndex(p))
					}
				}))
			}
			for _, wait := range reading {
				want, _ := t.told(4008, "")
				if e := t.wantClosed("Read", wait()); e.Code != want {
					t.Errorf("Read returned %v", e)
				}
			}
			close(got)
			seen := map[uint32]bool{}
			for i := range got {
				seen[i] = true
			}
			if len(seen) != n {
				t.Errorf("%d different messages were read, want %d", len(seen), n)
			}
		}},
	{name: "ManyConnections", rule: whole,
		why: "connections are independent: what happens to one does not affect another",
		run: func(t *trial) {
			var all []func() error
			for i := range byte(16) {
				all = append(all, start(func() error {
					c, err := t.try(t.ctx, t.Echo, Options{})
					if err != nil {
						return err
					}
					for j := range 10 {
						p := t.signed(i, j, 100*j)
						if err := c.Write(t.ctx, t.binary(), p); err != nil {
							return err
						}
						if _, got, err := c.Read(t.ctx); err != nil || !bytes.Equal(got, p) {
							return errors.Join(errors.New("got "+brief(got)), err)
						}
					}
					return t.close(c, 1000, "")
				}))
			}
			for i, wait := range all {
				if err := wait(); err != nil {
					t.Errorf("connection %d: %v", i, err)
				}
			}
		}},
	{name: "EverythingAtOnce", rule: whole,
		why: "all methods may be called from any number of goroutines at once, contexts ending at random: no deadlock, messages whole and in order per writer",
		run: func(t *trial) {
			for round := range 3 {
				t.everythingAtOnce(byte(round))
			}
		}},
}

// everythingAtOnce calls all methods of one connection at the same time, and
// ends it.
func (t *trial) everythingAtOnce(round byte) {
	t.Helper()
	c := t.dial(t.Echo, Options{ReadLimit: -1})
	stop, cancel := context.WithCancel(t.ctx)
	defer cancel()
	brief, done := context.WithTimeout(t.ctx, 10*moment)
	defer done()
	// A page has one thread, which handles no event while any goroutine can
	// run.
	pause := time.Millisecond
	if t.Browser {
		pause = 10 * time.Millisecond
	}
	loop := func(f func(ctx context.Context, i int) error) func() error {
		return start(func() error {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for i := 0; stop.Err() == nil; i++ {
				ctx, cancel := context.WithTimeout(t.ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
				err := f(ctx, i)
				cancel()
				if err != nil && !errors.Is(err, ctx.Err()) && !errors.Is(err, errors.ErrUnsupported) {
					return err
				}
				<-tick.C
			}
			return nil
		})
	}
	order := inOrder{}
	came := make(chan struct{}, 1) // one token, when a message arrived
	all := []func() error{
		loop(func(ctx context.Context, _ int) error {
			for {
				_, p, err := c.Read(ctx)
				if err != nil {
					return err
				}
				order.add(t, p)
				select {
				case came <- struct{}{}:
				default:
				}
			}
		}),
		loop(func(ctx context.Context, _ int) error { return c.Ping(ctx) }),
		loop(func(context.Context, int) error {
			if n := c.BufferedAmount(); n < 0 {
				return errors.New("a negative BufferedAmount")
			}
			_, err := io.WriteString(io.Discard, c.Subprotocol())
			return err
		}),
	}
	for w := range byte(3) {
		all = append(all,
			loop(func(ctx context.Context, i int) error {
				return c.Write(ctx, t.binary(), t.signed(round*10+w, i, rand.IntN(3000)))
			}),
			loop(func(ctx context.Context, i int) error {
				// Not with ctx, whose end in the middle of a message would fail
				// the connection.
				return t.stream(t.ctx, c, t.signed(round*10+5+w, i, rand.IntN(3000)))
			}))
	}
	<-brief.Done()
	select { // on a loaded machine this may take longer
	case <-came:
	case <-t.ctx.Done():
	}
	cancel()
	for range 3 {
		all = append(all, start(func() error { c.Close(1000, ""); return nil }))
	}
	for _, wait := range all {
		if err := wait(); err != nil && !errors.Is(err, api.ErrClosed) {
			t.Errorf("unexpected: %v", err)
		}
	}
	if len(order) == 0 {
		t.Error("no message came back")
	}
}
