package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

type contextKey struct{}

// serverContext returns a context for who serves c, made of one that has a value
// and is then cancelled.
func serverContext(t *testing.T, c *Conn) *Context {
	t.Helper()
	parent, cancel := context.WithCancel(context.WithValue(background, contextKey{}, "value"))
	x := new(Context)
	x.Init(parent, c)
	cancel()
	return x
}

func (x *Context) wantOpen(t *testing.T) {
	t.Helper()
	select {
	case <-x.Done():
		t.Error("the context has ended")
	default:
	}
	if err := x.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
}

// TestContextValues has the values of the context it was made of, before and
// after its end is watched for, and not its end nor its deadline.
func TestContextValues(t *testing.T) {
	x := serverContext(t, New(nil, Config{}))
	for range 2 {
		if v := x.Value(contextKey{}); v != "value" {
			t.Errorf("Value = %v", v)
		}
		if _, ok := x.Deadline(); ok {
			t.Error("it has a deadline")
		}
		if cause := context.Cause(x); cause != nil {
			t.Errorf("Cause = %v", cause)
		}
		x.wantOpen(t)
	}
	x.End()
	if v := x.Value(contextKey{}); v != "value" {
		t.Errorf("after End, Value = %v", v)
	}
}

// TestContextEnd ends it, watched or not: all that can be asked says so.
func TestContextEnd(t *testing.T) {
	for _, watched := range []bool{true, false} {
		x := serverContext(t, New(nil, Config{}))
		if watched {
			x.wantOpen(t)
		}
		x.End()
		x.End()
		<-x.Done()
		if x.Err() != context.Canceled || context.Cause(x) != context.Canceled {
			t.Errorf("Err = %v, Cause = %v", x.Err(), context.Cause(x))
		}
	}
}

// TestContextChildren makes contexts of it: they end with it, have its values, and
// no goroutine watches for that.
func TestContextChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := serverContext(t, New(nil, Config{}))
		child, cancel := context.WithTimeout(x, time.Hour)
		defer cancel()
		told := false
		context.AfterFunc(x, func() { told = true })
		if child.Value(contextKey{}) != "value" || child.Err() != nil {
			t.Errorf("Value = %v, Err = %v", child.Value(contextKey{}), child.Err())
		}
		// A goroutine that watches would keep the bubble open.
		x.End()
		synctest.Wait()
		if child.Err() != context.Canceled || !told {
			t.Errorf("Err = %v, AfterFunc called: %v", child.Err(), told)
		}
	})
}

// TestContextOfOwnConnection reads and writes with it: nothing watches for its
// end, and nothing is allocated.
func TestContextOfOwnConnection(t *testing.T) {
	client, server := pair(t)
	x := serverContext(t, server)
	p, dst := pattern(100, 1), make([]byte, 0, 100)
	echo := func() {
		if err := client.Write(background, api.MessageBinary, p); err != nil {
			t.Fatal(err)
		}
		if _, _, err := server.ReadAppend(x, dst); err != nil {
			t.Fatal(err)
		}
		if err := server.Write(x, api.MessageBinary, p); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.ReadAppend(background, dst); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	most := 0.0
	if raced() {
		most = 8
	}
	if got := testing.AllocsPerRun(50, echo); got > most {
		t.Errorf("%v allocations", got)
	}
	if x.inner != nil {
		t.Error("its end is watched for")
	}
}

// TestContextOfAnotherConnection reads with the context of another connection,
// as a proxy does: its end interrupts the Read.
func TestContextOfAnotherConnection(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		x := serverContext(r.T, New(nil, Config{}))
		read := r.startRead(x)
		synctest.Wait()
		x.End()
		wantCtx(r.T, "Read", read(), x)
		r.send(r.text("next"))
		r.wantRead(api.MessageText, []byte("next"))
	})
}
