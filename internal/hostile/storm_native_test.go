//go:build !js

package hostile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinws/ws"
)

const (
	stormWriters  = 4
	stormMessages = 50
)

// storm is one end of a connection that everybody uses at once.
type storm struct {
	testing.TB
	c *ws.Conn
	// work is all that both ends do before either begins to close.
	work *sync.WaitGroup

	mu     sync.Mutex
	random *rand.Rand // protected by mu
}

func (s *storm) dice(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// context returns one that lasts, or ends at a random time.
func (s *storm) context() (context.Context, context.CancelFunc) {
	switch s.dice(4) {
	case 0:
		return context.WithTimeout(background, time.Duration(s.dice(300))*time.Microsecond)
	case 1:
		ctx, cancel := context.WithCancel(background)
		go cancel()
		return ctx, cancel
	}
	return context.WithTimeout(background, patience)
}

// again reports whether an operation ended by its context alone. Any other
// error must be the connection's end.
func (s *storm) again(what string, ctx context.Context, err error) bool {
	if err == nil || errors.Is(err, ws.ErrClosed) {
		return false
	}
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		s.Errorf("%s: %v", what, err)
	}
	if d, ok := ctx.Deadline(); ok && time.Until(d) < -patience/2 || errors.Is(err, ws.ErrUnreadMessage) {
		s.Errorf("%s: %v, long after its time", what, err)
	}
	return true
}

// write sends the messages of writer w, each again until it is sent.
func (s *storm) write(w int) {
	for i := range stormMessages {
		p := stormMessage(w, i)
		for again := true; again; {
			ctx, cancel := s.context()
			var err error
			if i%7 == 3 {
				var out io.WriteCloser
				if out, err = s.c.Writer(ctx, ws.MessageBinary); err == nil {
					_, err = out.Write(p)
					err = errors.Join(err, out.Close())
				}
			} else {
				err = s.c.Write(ctx, ws.MessageBinary, p)
			}
			again = s.again("Write", ctx, err)
			cancel()
			if err != nil && !again {
				return
			}
		}
	}
}

// stormMessage says whose it is, and which.
func stormMessage(w, i int) []byte {
	p := binary.BigEndian.AppendUint16([]byte{byte(w)}, uint16(i))
	for n := (i*37 + w*11) % 5000; n > 0; n-- {
		p = append(p, byte(n*i+w))
	}
	return p
}

// read reads until the end, whole messages, each writer's in their order and
// once, in two goroutines that share what they know.
func (s *storm) read(next *[stormWriters]int, turn *sync.Mutex) {
	for {
		turn.Lock()
		ctx, cancel := s.context()
		_, p, err := s.c.Read(ctx)
		again := s.again("Read", ctx, err)
		cancel()
		if err == nil {
			w, i := int(p[0]), int(binary.BigEndian.Uint16(p[1:]))
			if i != next[w] || !bytes.Equal(p, stormMessage(w, i)) {
				s.Errorf("message %d of writer %d came, or a broken one, where %d was due", i, w, next[w])
			}
			next[w] = i + 1
		}
		turn.Unlock()
		if err != nil && !again {
			return
		}
	}
}

func (s *storm) ping() {
	for range stormMessages {
		ctx, cancel := s.context()
		err := s.c.Ping(ctx)
		s.again("Ping", ctx, err)
		cancel()
		s.c.BufferedAmount()
		if errors.Is(err, ws.ErrClosed) {
			return
		}
	}
}

// run uses the end until the work is done, and then ends the connection. It
// returns how many messages were delivered.
func (s *storm) run() (delivered int) {
	var readers sync.WaitGroup
	var next [stormWriters]int
	var turn sync.Mutex
	for w := range stormWriters {
		go func() {
			defer s.work.Done()
			s.write(w)
		}()
	}
	go func() {
		defer s.work.Done()
		s.ping()
	}()
	readers.Go(func() { s.read(&next, &turn) })
	readers.Go(func() { s.read(&next, &turn) })
	s.work.Wait()
	var ends sync.WaitGroup
	for range 1 + s.dice(3) {
		ends.Go(func() { s.c.Close(ws.StatusNormalClosure, "done") })
		if s.dice(2) == 0 {
			ends.Go(func() { s.c.CloseNow() })
		}
	}
	ends.Wait()
	readers.Wait()
	if n := s.c.BufferedAmount(); n != 0 {
		s.Errorf("BufferedAmount is %d at the end", n)
	}
	for _, n := range next {
		delivered += n
	}
	return delivered
}

// TestRow24Storm calls Read, Write, Ping, Close and CloseNow from many
// goroutines at once, with contexts that end at random, both roles at each
// other: no data race, no deadlock, messages whole and in order per writer.
func TestRow24Storm(t *testing.T) {
	for name, compression := range map[string]*ws.Compression{"plain": nil, "compressed": {}, "no takeover": {ServerNoContextTakeover: true, ClientNoContextTakeover: true}} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				leavesNothing(t)
				s := settings{compression: compression}
				for i, server := range servers {
					a, b := meet(t, server, s)
					var all, work sync.WaitGroup
					var delivered atomic.Int64
					work.Add(2 * (stormWriters + 1))
					for j, c := range []*ws.Conn{a, b} {
						end := &storm{TB: t, c: c, work: &work, random: rand.New(rand.NewPCG(seed, uint64(2*i+j)))}
						all.Go(func() { delivered.Add(int64(end.run())) })
					}
					done := make(chan struct{})
					go func() {
						all.Wait()
						close(done)
					}()
					select {
					case <-done:
					case <-time.After(3 * patience):
						t.Fatalf("they wait for each other:\n%s", inLibrary())
					}
					// A context may cut a message off, and the connection with
					// it, but seldom.
					if n, all := delivered.Load(), int64(2*stormWriters*stormMessages); n < all/2 {
						t.Errorf("%d messages of %d were delivered", n, all)
					}
				}
			})
		}
	}
}

// meet connects the library to itself.
func meet(t *testing.T, server side, s settings) (client, accepted *ws.Conn) {
	near, far := tcp(t)
	done := make(chan error, 1)
	go func() {
		var err error
		accepted, err = server.open(background, far, s)
		done <- err
	}()
	d := dialer(func(context.Context) (net.Conn, error) { return near, nil })
	d.Compression, d.Header = s.compression, http.Header{"X-Storm": {"yes"}}
	client, err := d.Dial(background, "ws://example.com/")
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	return client, accepted
}
