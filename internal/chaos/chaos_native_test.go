//go:build !js

package chaos

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

// How many messages must be delivered, when CHAOS_MESSAGES does not say.
const (
	messages      = 100_000
	messagesShort = 5_000
)

// noGather reports whether the tests run with the gathering of replies off.
func noGather() bool { return os.Getenv("WS_NO_GATHER") == "1" }

// number returns an environment variable's value, or otherwise.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// asIs puts nothing between the ends and those who use them.
func asIs(_ int, c api.Conn) api.Conn { return c }

// TestChaos talks through one connection after the other, as many at a time as
// there are processors, until enough messages were delivered.
func TestChaos(t *testing.T) {
	seed := number(t, "CHAOS_SEED", uint64(time.Now().UnixNano()))
	want := number(t, "CHAOS_MESSAGES", messages)
	if testing.Short() {
		want = number(t, "CHAOS_MESSAGES", messagesShort)
	}
	x := &run{seed: seed, want: int64(want)}
	if os.Getenv("CHAOS_CONN") != "" {
		x.one(t, number(t, "CHAOS_CONN", 0))
	} else {
		t.Run("connections", func(t *testing.T) {
			for range runtime.GOMAXPROCS(0) {
				t.Run("", func(t *testing.T) {
					t.Parallel()
					for x.came.Load() < x.want && !t.Failed() {
						x.one(t, x.next.Add(1)-1)
					}
				})
			}
		})
	}
	t.Logf("CHAOS_SEED=%d: %d messages delivered and %d withheld on %d connections, %d of them closed cleanly, and %d that did not open; faults: %v",
		seed, x.came.Load(), x.withheld, x.opened, x.clean, x.failed, x.tally)
}

// run is what the connections of a run have in common.
type run struct {
	seed uint64 // constant
	want int64  // constant

	next atomic.Uint64 // number of the next connection
	came atomic.Int64  // messages delivered

	mu                              sync.Mutex
	withheld, opened, clean, failed int   // protected by mu
	tally                           tally // protected by mu
}

// one has connection n, and reports what was wrong with it.
func (x *run) one(t *testing.T, n uint64) {
	p := newPlan(x.seed, n)
	where := func() string {
		return fmt.Sprintf("repeat with CHAOS_SEED=%d CHAOS_CONN=%d, and -count since goroutines run in no fixed order\nplan: %v", x.seed, n, p)
	}
	defer func() { // a deadlock in a bubble is a panic
		if e := recover(); e != nil {
			fmt.Fprintln(os.Stderr, where())
			panic(e)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		r := hold(p, asIs)
		x.add(r)
		if len(r.complaints) > 0 {
			t.Errorf("%s\n%s\nthe stream's newest faults:\n%s", strings.Join(r.complaints, "\n"), where(), r.trace)
		}
	})
}

func (x *run) add(r report) {
	x.came.Add(int64(r.came))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tally.add(r.tally)
	x.withheld += r.withheld
	switch {
	case !r.opened:
		x.failed++
	case r.clean > 0:
		x.clean++
		fallthrough
	default:
		x.opened++
	}
}
