// Package load drives servers: it opens connections, sends precomputed frames,
// and compares the replies. It uses no WebSocket library.
//
// A Session is a connected load; each Slice of it runs for a while and leaves
// nothing in flight, so that sessions of several servers can take turns.
package load

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/twinws/ws/bench/internal/child"
)

// Session is a load that is connected and ready.
type Session interface {
	// Slice runs for about d and returns what was done.
	Slice(d time.Duration) (Count, error)
	Close()
}

// Count is what a Slice did.
type Count struct {
	Ops  int64 // messages answered, handshakes, messages delivered
	Wire int64 // bytes of the replies, headers included
}

func (c *Count) add(d Count) {
	c.Ops += d.Ops
	c.Wire += d.Wire
}

// perAddress is how many connections begin at one address of 127.0.0.0/8: a
// system has at least 28,000 ports for each, minus those that rest.
const perAddress = 8000

// source returns where the nth connection begins.
func source(n int) *net.TCPAddr {
	k := n / perAddress
	return &net.TCPAddr{IP: net.IPv4(127, 0, byte(k>>8), byte(k+1))}
}

// dial opens the nth connection to addr.
func dial(addr string, n int) (*net.TCPConn, error) {
	to, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	return net.DialTCP("tcp", source(n), to)
}

// abort closes without leaving the port to rest.
func abort(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}

// each runs f for 0 to n-1 at once and adds up what they return.
func each(n int, f func(i int) (Count, error)) (sum Count, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c, e := f(i)
			mu.Lock()
			defer mu.Unlock()
			sum.add(c)
			err = errors.Join(err, e)
		})
	}
	wg.Wait()
	return sum, err
}

// Spent is what a server used for a Slice.
type Spent struct {
	Count
	CPU     time.Duration
	Mallocs int64
}

// PerOp returns the CPU time of an operation in microseconds.
func (s Spent) PerOp() float64 { return float64(s.CPU) / 1e3 / float64(s.Ops) }

// Measure runs a slice between two marks of the server's account.
func Measure(p *child.Process, s Session, d time.Duration) (Spent, error) {
	return Spend(p, func() (Count, error) { return s.Slice(d) })
}

// Spend is Measure for whatever f does.
func Spend(p *child.Process, f func() (Count, error)) (Spent, error) {
	defer p.Guard()()
	// The first two marks tell what a mark allocates by itself.
	first, err := p.Usage("mark")
	if err != nil {
		return Spent{}, err
	}
	before, err := p.Usage("mark")
	if err != nil {
		return Spent{}, err
	}
	n, err := f()
	if err != nil {
		return Spent{}, err
	}
	after, err := p.Usage("mark")
	if err != nil {
		return Spent{}, err
	}
	if n.Ops == 0 {
		return Spent{}, errors.New("nothing was done")
	}
	mallocs := int64(after.Mallocs-before.Mallocs) - int64(before.Mallocs-first.Mallocs)
	return Spent{n, after.CPU - before.CPU, max(0, mallocs)}, nil
}
