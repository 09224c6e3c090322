package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

type contextKey struct{}

// serverContext returns a context for who serves c, made of one that has a
// value and is then cancelled.
func serverContext(t *testing.T, c *Conn) *Context {
	t.Helper()
	parent, cancel := context.WithCancel(context.WithValue(background, contextKey{}, "value"))
	x := new(Context)
	x.Init(parent, c)
	cancel()
	return x
}

// inMemory returns a stream whose other end is never used.
func inMemory() Transport {
	a, _ := newLink()
	return a
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
	x := serverContext(t, New(inMemory(), Config{}))
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
	x.conn.CloseNow()
	if v := x.Value(contextKey{}); v != "value" {
		t.Errorf("after the end, Value = %v", v)
	}
}

// TestContextEnd ends its connection, watched or not: all that can be asked
// says so, and by which cause.
func TestContextEnd(t *testing.T) {
	for _, watched := range []bool{true, false} {
		bothRoles(t, Config{}, func(r *rig) {
			x := serverContext(r.T, r.c)
			if watched {
				x.wantOpen(r.T)
			}
			r.send(r.close(4000, "enough"))
			r.p.finish()
			_, _, err := r.c.ReadAppend(x, nil)
			<-x.Done()
			if x.Err() != context.Canceled {
				t.Errorf("Err = %v", x.Err())
			}
			want := api.CloseError{Code: 4000, Reason: "enough", Clean: true}
			wantCloseError(r.T, "Read", err, want)
			wantCloseError(r.T, "the cause", context.Cause(x), want)
			child, cancel := context.WithCancel(x)
			defer cancel()
			wantCloseError(r.T, "the cause of one made later", context.Cause(child), want)
		})
	}
}

// TestContextChildren makes contexts of it: they end with it, have its values,
// and no goroutine watches for that.
func TestContextChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := serverContext(t, New(inMemory(), Config{}))
		child, cancel := context.WithTimeout(x, time.Hour)
		defer cancel()
		told := false
		context.AfterFunc(x, func() { told = true })
		if child.Value(contextKey{}) != "value" || child.Err() != nil {
			t.Errorf("Value = %v, Err = %v", child.Value(contextKey{}), child.Err())
		}
		// A goroutine that watches would keep the bubble open.
		x.conn.CloseNow()
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
	if server.watched() != nil {
		t.Error("its end is watched for")
	}
}

// TestContextOfAnotherConnection reads with the context of another connection,
// as a proxy does: its end interrupts the Read.
func TestContextOfAnotherConnection(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		x := serverContext(r.T, New(inMemory(), Config{}))
		read := r.startRead(x)
		synctest.Wait()
		x.conn.CloseNow()
		wantCtx(r.T, "Read", read(), x)
		r.send(r.text("next"))
		r.wantRead(api.MessageText, []byte("next"))
	})
}
