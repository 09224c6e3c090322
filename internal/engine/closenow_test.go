package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

// TestCloseNow never waits, behind nothing, and its error says who was first.
func TestCloseNow(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(10)
		want := api.CloseError{Code: -1, Local: true}
		write := start(func() error { return r.c.Write(background, api.MessageText, make([]byte, 100)) })
		synctest.Wait()
		other := start(func() error { return r.c.Write(background, api.MessageText, make([]byte, gatherBytes)) })
		read := r.startRead(background)
		another := r.startRead(background)
		ping := start(func() error { return r.c.Ping(background) })
		synctest.Wait()
		end := start(func() error { return r.c.Close(1000, "") })
		synctest.Wait()
		begun := time.Now()
		if err := r.c.CloseNow(); err != nil {
			r.Errorf("CloseNow: %v", err)
		}
		for what, wait := range map[string]func() error{"Write": write, "another Write": other, "Read": read,
			"another Read": another, "Ping": ping, "Close": end, "CloseNow": r.c.CloseNow} {
			wantCloseError(r.T, what, wait(), want)
		}
		wantElapsed(r.T, "all", begun, 0)
	})
}

// TestEndFreesWriters ends the connection while a stream that nobody closes
// holds other writers back.
func TestEndFreesWriters(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageText)
		write := start(func() error { return r.c.Write(background, api.MessageText, nil) })
		synctest.Wait()
		r.c.CloseNow()
		want := api.CloseError{Code: -1, Local: true}
		wantCloseError(r.T, "Write", write(), want)
		_, err := r.c.Writer(background, api.MessageText)
		wantCloseError(r.T, "Writer", err, want)
		wantCloseError(r.T, "the stream's Close", w.Close(), want)
	})
}

// TestDeafStream ends a connection whose stream does not end a waiting Read
// when it is closed, as yamux's: neither Close nor CloseNow nor Fail waits for
// it longer than it may, and the Read ends with them, by a deadline.
func TestDeafStream(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(c *Conn)
		most time.Duration
	}{
		{"CloseNow", func(c *Conn) { c.CloseNow() }, 0},
		{"Close", func(c *Conn) { c.Close(1000, "") }, CloseWait},
		{"Fail", func(c *Conn) { c.Fail(1008, errFragments) }, lingerWait},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				r.s.deaf = true
				read := r.startRead(background)
				synctest.Wait()
				begun := time.Now()
				c.end(r.c)
				wantElapsed(t, c.name, begun, c.most)
				wantIs(t, "Read", read(), api.ErrClosed)
				wantElapsed(t, "Read", begun, c.most)
				wantIs(t, "the next Read", r.startRead(background)(), api.ErrClosed)
			})
		})
	}
}
