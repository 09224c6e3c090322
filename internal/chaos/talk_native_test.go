//go:build !js

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

const (
	// hang is when somebody who should have finished never will.
	hang = 24 * time.Hour
	// farewell is how long the peer of a side that closed may take to hear it.
	farewell = 10 * time.Second
)

// talk is one connection and what happens on it, inside a bubble.
type talk struct {
	*plan
	*ledger
	link   *link
	sides  [2]*side
	ending atomic.Bool
	stop   chan struct{}
}

// report is what is known of a connection afterwards.
type report struct {
	came       int // messages delivered
	withheld   int // messages given up before they were sent
	clean      int // sides that heard the other's close frame
	opened     bool
	tally      tally
	complaints []string
	trace      *trace
}

// hold has the connection of p from its handshake to its end. wrap may put
// something between the ends and those who use them.
func hold(p *plan, wrap func(side int, c api.Conn) api.Conn) (r report) {
	t := &talk{plan: p, stop: make(chan struct{})}
	t.ledger = newLedger(p.conn, [2]int{p.sides[0].writers, p.sides[1].writers})
	l, ends := newLink(p.weather, p.random.Uint64(), t.complain)
	t.link = l
	if c, ok := t.open(ends); ok {
		r.opened = true
		for side := range c {
			t.sides[side] = t.newSide(side, wrap(side, c[side]))
		}
		t.run()
	}
	t.checkGoroutines()
	t.ledger.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	r.came, r.withheld, r.clean = t.counts()
	r.tally, r.complaints, r.trace = l.trace.tally, t.complaints, &l.trace
	return r
}

// open does the handshake. In foul weather it may fail, but not otherwise.
func (t *talk) open(ends [2]*end) (c [2]api.Conn, ok bool) {
	streams := [2]net.Conn{ends[client], ends[server]}
	if t.halves {
		streams = [2]net.Conn{halfEnd{ends[client]}, halfEnd{ends[server]}}
	}
	for side, s := range streams {
		if h, ok := s.(halfEnd); t.tunnel[side] && ok {
			streams[side] = halfTunnel{tunnel{s}, h}
		} else if t.tunnel[side] {
			streams[side] = tunnel{s}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.patience)
	defer cancel()
	var conns [2]*ws.Conn
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() {
		conns[server], errs[server] = ws.Upgrade(ctx, streams[server], &ws.AcceptOptions{
			Compression: t.compression[server], Keepalive: t.keepalive[server],
			WriteTimeout: t.write[server], ReadLimit: t.limit[server], NoGather: noGather()})
	})
	d := &ws.Dialer{
		DialOptions:  ws.DialOptions{Compression: t.compression[client], ReadLimit: t.limit[client]},
		Proxy:        func(*http.Request) (*url.URL, error) { return nil, nil },
		NetDial:      func(context.Context, string, string) (net.Conn, error) { return streams[client], nil },
		Keepalive:    t.keepalive[client],
		WriteTimeout: t.write[client],
		NoGather:     noGather(),
	}
	both.Go(func() { conns[client], errs[client] = d.Dial(ctx, "ws://chaos.test/") })
	both.Wait()
	for side, err := range errs {
		_, handshake := errors.AsType[*ws.HandshakeError](err)
		switch {
		case err == nil:
			c[side] = conns[side]
		case t.fair:
			t.complain("broken: the %s's handshake: %v", sideNames[side], err)
		case !handshake && !(ctx.Err() != nil && errors.Is(err, ctx.Err())):
			t.complain("untyped: the %s's handshake: %v (%T)", sideNames[side], err, err)
		}
	}
	if ok = errs[0] == nil && errs[1] == nil; !ok {
		for _, c := range conns {
			if c != nil {
				c.CloseNow()
			}
		}
	}
	return c, ok
}

func (t *talk) newSide(name int, c api.Conn) *side {
	s := &side{sidePlan: t.plan.sides[name], ledger: t.ledger, name: name, c: c, fair: t.fair, limited: t.limit[name] > 0,
		ending: &t.ending, stop: t.stop, streaming: make(chan struct{}, 1)}
	s.streaming <- struct{}{}
	s.random = t.random
	return s
}

// run lets both sides talk, and ends it.
func (t *talk) run() {
	for _, s := range t.sides {
		s.start()
	}
	t.end()
	t.ending.Store(true)
	close(t.stop)
	for _, s := range t.sides {
		s.closeNow()
	}
	synctest.Wait()
	for side, s := range t.sides {
		if n := s.c.BufferedAmount(); n != 0 {
			t.complain("left: the %s's BufferedAmount is %d after the end", sideNames[side], n)
		}
	}
}

// end brings the connection to its planned end, but for what CloseNow does.
func (t *talk) end() {
	a, b := t.sides[t.closer], t.sides[1-t.closer]
	t.within(hang, "write", &a.writing)
	if t.plan.ending != orderly {
		t.within(hang, "write", &b.writing)
	}
	if t.fair && t.random.IntN(2) == 0 { // while both read, every Ping is answered
		t.within(hang, "ping", &a.pinging)
		t.within(hang, "ping", &b.pinging)
	}
	switch t.plan.ending {
	case orderly:
		clean := a.close(ws.StatusNormalClosure)
		t.expect(clean, a)
		done := t.within(farewell, "read", &b.reading)
		t.expect(done && (b.readers == 0 || t.hasDrained(b)), b)
	case mutual:
		var clean [2]bool
		var both sync.WaitGroup
		both.Go(func() { clean[0] = a.close(ws.StatusNormalClosure) })
		both.Go(func() { clean[1] = b.close(ws.StatusNormalClosure) })
		both.Wait()
		t.expect(clean[0], a)
		t.expect(clean[1], b)
	case abrupt:
		a.closeNow()
		t.within(farewell, "read", &b.reading)
	}
}

// expect complains when a fair connection did not close as it should.
func (t *talk) expect(ok bool, s *side) {
	if t.fair && !ok {
		t.complain("broken: the %s's end was not clean, though nothing had broken the connection", sideNames[s.name])
	}
}

func (t *talk) hasDrained(s *side) bool {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	return t.drained[s.name]
}

// within waits for g. Where nothing breaks the connection it must be done in
// time; elsewhere nobody may hang indefinitely.
func (t *talk) within(limit time.Duration, what string, g *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() {
		g.Wait()
		close(done)
	}()
	wait := time.NewTimer(limit)
	defer wait.Stop()
	select {
	case <-done:
		return true
	case <-wait.C:
	}
	if t.fair || limit == hang {
		t.complain("hang: those who %s do not come to an end within %v:\n%s", what, limit, goroutines())
	}
	return false
}

// checkGoroutines complains about whoever is still there a second after the
// connection has ended: until then a stream may wait for the peer's end.
func (t *talk) checkGoroutines() {
	time.Sleep(time.Second)
	synctest.Wait()
	if left := goroutines(); left != "" {
		t.complain("left: goroutines that have nothing to do any more:\n%s", left)
	}
}

// bubble finds the number of the bubble in a goroutine's first line.
var bubble = regexp.MustCompile(`^goroutine \d+ .*(synctest bubble \d+)`)

// keeper finds the goroutines of package testing that keep a bubble.
var keeper = regexp.MustCompile(`\n(internal|testing)/synctest\.`)

// stacks lends room for the stacks of all goroutines.
var stacks = sync.Pool{New: func() any { return new([1 << 20]byte) }}

// goroutines returns the stacks of the other goroutines in this bubble.
func goroutines() string {
	var own [200]byte
	m := bubble.FindSubmatch(own[:runtime.Stack(own[:], false)])
	if m == nil {
		return fmt.Sprintf("(no bubble in %q)", own[:])
	}
	mark := string(m[1]) + "]"
	buf := stacks.Get().(*[1 << 20]byte)
	defer stacks.Put(buf)
	all := buf[:runtime.Stack(buf[:], true)]
	var left []string
	for i, g := range strings.Split(string(all), "\n\n") {
		if first, _, _ := strings.Cut(g, "\n"); i > 0 && strings.Contains(first, mark) && !keeper.MatchString(g) {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
