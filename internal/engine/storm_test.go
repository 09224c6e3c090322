package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

const (
	stormWriters  = 3
	stormMessages = 30
)

// TestStorm uses both ends of connections from many goroutines at once, with
// contexts that end at any moment. Under the race detector it must be silent;
// that no goroutine is left, or waits for another, is the bubble's to tell.
func TestStorm(t *testing.T) {
	for _, c := range []struct {
		name string
		room int // how many bytes may wait on the way; a narrow way cuts messages
	}{{"wide", -1}, {"narrow", 3000}} {
		for seed := range uint64(3) {
			bubble(t, fmt.Sprint(c.name, seed), func(t *testing.T) {
				a, b := newLink()
				a.limit(c.room)
				b.limit(c.room)
				client := New(a, Config{Client: true, ReadLimit: -1})
				server := New(b, Config{ReadLimit: -1})
				var all, writing sync.WaitGroup
				for i, s := range []*stormer{{T: t, c: client, intact: c.room < 0}, {T: t, c: server, intact: c.room < 0}} {
					s.writing = &writing
					writing.Add(stormWriters + 1)
					s.random = rand.New(rand.NewPCG(seed, uint64(i)))
					all.Go(s.run)
				}
				all.Wait()
				time.Sleep(lingerWait) // both sides may wait for the other to end the stream
			})
		}
	}
}

// stormer is one end in a storm.
type stormer struct {
	*testing.T
	c      *Conn
	intact bool // no cancelled context can break the connection

	writing *sync.WaitGroup // all that must be done before an end begins to close

	mu     sync.Mutex
	random *rand.Rand // protected by mu
}

func (s *stormer) dice(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// context returns one that lasts, or that has ended, or that is just ending.
func (s *stormer) context() context.Context {
	if s.dice(2) == 0 {
		return background
	}
	ctx, cancel := newContext()
	if s.dice(3) == 0 {
		cancel()
	} else {
		go cancel()
	}
	return ctx
}

// check reports errors that may not be. It reports whether the operation is to
// be tried again.
func (s *stormer) check(what string, ctx context.Context, err error) (again bool) {
	if err != nil && err != ctx.Err() && !errors.Is(err, api.ErrClosed) {
		s.Errorf("%s: %v (%T)", what, err, err)
	}
	return err != nil && err == ctx.Err()
}

func (s *stormer) run() {
	var rest sync.WaitGroup
	for w := range stormWriters {
		rest.Go(func() {
			defer s.writing.Done()
			s.write(byte(w))
		})
	}
	rest.Go(s.read)
	rest.Go(func() {
		defer s.writing.Done()
		for range stormMessages {
			ctx := s.context()
			s.check("Ping", ctx, s.c.Ping(ctx))
			s.c.BufferedAmount()
		}
	})
	s.writing.Wait()
	switch s.dice(3) {
	case 0:
		s.c.CloseNow()
	case 1:
		rest.Go(func() { s.c.Close(1000, "") })
		rest.Go(func() { s.c.Close(1001, "") })
	case 2:
		s.c.Fail(1011, &api.ProtocolError{Code: 1011, Rule: "storm"})
	}
	rest.Wait()
	s.c.CloseNow()
	// A goroutine of the connection's own may be about to return from its last
	// write.
	turn, err := s.c.awaitTurn(background)
	if err != nil {
		s.Fatal(err)
	}
	turn.release()
	if n := s.c.BufferedAmount(); n != 0 {
		s.Errorf("BufferedAmount is %d", n)
	}
}

// write sends one writer's messages, in several ways. What a context kept from
// being sent is sent again.
func (s *stormer) write(w byte) {
	for i := range stormMessages {
		p := stormMessage(w, i)
		for again := true; again; {
			ctx := s.context()
			var err error
			if i%5 == 0 && ctx == background {
				err = s.stream(ctx, p)
			} else {
				err = s.c.Write(ctx, api.MessageBinary, p)
			}
			if again = s.check("Write", ctx, err); err != nil && !again {
				if s.intact {
					s.Errorf("Write: %v, though nothing broke the connection", err)
				}
				return
			}
		}
	}
}

func (s *stormer) stream(ctx context.Context, p []byte) error {
	w, err := s.c.Writer(ctx, api.MessageBinary)
	if err != nil {
		return err
	}
	_, err = w.Write(p)
	return errors.Join(err, w.Close())
}

// stormMessage is small enough to be written at once, so that on a wide way a
// context either sends it or does not.
func stormMessage(w byte, i int) []byte {
	p := binary.BigEndian.AppendUint16([]byte{w}, uint16(i))
	return append(p, pattern(i*i*10, uint32(w)*1000+uint32(i))...)
}

// read reads until the end: whole messages, each writer's in order.
func (s *stormer) read() {
	var next [stormWriters]int
	for {
		p, err := s.readOne()
		if err != nil {
			break
		}
		w, i := p[0], int(binary.BigEndian.Uint16(p[1:]))
		if i != next[w] || !bytes.Equal(p, stormMessage(w, i)) {
			s.Errorf("message %d of writer %d came broken, or where %d was due", i, w, next[w])
			return
		}
		next[w]++
	}
}

// readOne reads one message by Read, or by one or more streams.
func (s *stormer) readOne() (p []byte, err error) {
	streamed := s.dice(2) == 0
	for {
		ctx := s.context()
		if !streamed {
			_, q, err := s.c.ReadAppend(ctx, nil)
			if s.check("Read", ctx, err) {
				continue
			}
			return q, err
		}
		_, r, err := s.c.Reader(ctx)
		if err == nil {
			var q []byte
			q, err = io.ReadAll(r)
			p = append(p, q...)
		}
		if !s.check("Reader", ctx, err) {
			return p, err
		}
	}
}
