package engine

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// tally is an end that counts its writes.
type tally struct {
	*end
	writes atomic.Int32
}

func (s *tally) Write(p []byte) (int, error) {
	s.writes.Add(1)
	return s.end.Write(p)
}

// gatherRig is a rig whose connection gathers, whatever the tests were told.
type gatherRig struct {
	*rig
	tally *tally
}

// gathers runs f in both roles.
func gathers(t *testing.T, cfg Config, f func(r *gatherRig)) {
	bothRoles(t, cfg, func(r *rig) {
		cfg := cfg
		cfg.Client, cfg.ReadLimit = r.client, -1
		cfg.Keys = func() [4]byte { return goldenKey }
		s := &tally{end: r.s}
		r.c = New(s, cfg)
		r.Cleanup(func() { r.c.CloseNow() })
		f(&gatherRig{r, s})
	})
}

// texts makes the peer send "0", "1" and so on, n messages in one piece.
func (r *gatherRig) texts(n int) {
	var all []byte
	for i := range n {
		all = append(all, r.text(strconv.Itoa(i))...)
	}
	r.send(all)
}

// wantTexts checks that the messages from to n-1 come as frames, and returns
// when whoever sent them has. The peer has a frame before its sender's Write of
// the stream is back and gives the wire up, and until then a next message is
// held back for that sender: how many writes it takes would be left to chance.
func (r *gatherRig) wantTexts(from, n int) {
	r.Helper()
	for i := from; i < n; i++ {
		r.wantFrame(true, frame.OpText, []byte(strconv.Itoa(i)))
	}
	synctest.Wait()
}

// echo answers the next n messages, from on.
func (r *gatherRig) echo(from, n int) {
	r.Helper()
	for i := from; i < n; i++ {
		p := []byte(strconv.Itoa(i))
		r.wantRead(api.MessageText, p)
		r.write(api.MessageText, p)
	}
}

// wantSent checks how many bytes and writes the peer's end has seen.
func (r *gatherRig) wantSent(when string, bytes, writes int) {
	r.Helper()
	if n, w := r.p.waiting(), int(r.tally.writes.Load()); n != bytes || w != writes {
		r.Errorf("%s: %d bytes in %d writes, want %d in %d", when, n, w, bytes, writes)
	}
}

// textLen is the length of the frame that echoes one digit.
func (r *gatherRig) textLen() int {
	if r.client {
		return 7
	}
	return 3
}

// TestGather answers messages that came together: the replies go together, with
// the reply to the last of them, in order.
func TestGather(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		begun := time.Now()
		r.texts(5)
		r.echo(0, 4)
		r.wantSent("before the last reply", 0, 0)
		if n := r.c.BufferedAmount(); n != 4 {
			r.Errorf("BufferedAmount is %d, want 4", n)
		}
		r.echo(4, 5)
		r.wantSent("after it", 5*r.textLen(), 1)
		r.wantTexts(0, 5)
		wantElapsed(r.T, "all", begun, 0)
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount is %d", n)
		}
	})
}

// TestGatherNothingWaiting writes while no whole message waits: the message
// goes out before Write returns.
func TestGatherNothingWaiting(t *testing.T) {
	for name, behind := range map[string]func(r *gatherRig) []byte{
		"nothing":              func(r *gatherRig) []byte { return nil },
		"half a header":        func(r *gatherRig) []byte { return r.text("x")[:1] },
		"half a message":       func(r *gatherRig) []byte { return r.text("half")[:5] },
		"a fragment":           func(r *gatherRig) []byte { return r.frame(false, frame.OpText, []byte("x")) },
		"the peer's close":     func(r *gatherRig) []byte { return r.close(1000, "") },
		"a pong":               func(r *gatherRig) []byte { return r.pong("x") },
		"a message half taken": func(r *gatherRig) []byte { return r.text("taken") },
	} {
		t.Run(name, func(t *testing.T) {
			gathers(t, Config{}, func(r *gatherRig) {
				r.send(r.text("0"), behind(r))
				r.wantRead(api.MessageText, []byte("0"))
				if name == "a message half taken" {
					if _, _, err := r.c.Reader(background); err != nil {
						r.Fatal(err)
					}
				}
				r.write(api.MessageText, []byte("0"))
				r.wantSent("after Write", r.textLen(), 1)
			})
		})
	}
}

// TestGatherTime holds a reply while the handler is busy with something else:
// it goes out in time, and those that follow before the next Read at once.
func TestGatherTime(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.texts(4)
		begun := time.Now()
		r.echo(0, 1)
		time.Sleep(gatherTime / 2)
		r.echo(1, 2) // the first one's time counts
		r.wantSent("before the time", 0, 0)
		r.wantTexts(0, 2)
		wantElapsed(r.T, "the replies", begun, gatherTime)
		r.wantSent("then", 0, 1)
		r.write(api.MessageText, []byte("2"))
		r.wantSent("the next Write", r.textLen(), 2)
		r.wantTexts(2, 3)

		r.wantRead(api.MessageText, []byte("2"))
		r.write(api.MessageText, []byte("3"))
		r.wantSent("after the next Read", 0, 2)
		begun = time.Now()
		r.wantTexts(3, 4)
		wantElapsed(r.T, "the reply", begun, gatherTime)
	})
}

// TestGatherTimer has batches come one after the other for long: each is sent
// in time. Then nothing is kept.
func TestGatherTimer(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		for range 50 {
			r.texts(2)
			begun := time.Now()
			r.wantRead(api.MessageText, []byte("0"))
			r.write(api.MessageText, []byte("0"))
			time.Sleep(gatherTime / 5)
			r.wantRead(api.MessageText, []byte("1"))
			r.wantTexts(0, 1)
			wantElapsed(r.T, "the reply", begun, gatherTime)
		}
		time.Sleep(2 * gatherTime)
		synctest.Wait()
		if t := r.c.more().ticker; t != nil || r.c.out != nil {
			r.Errorf("kept are the ticker %v and %+v", t, r.c.out)
		}
	})
}

// TestGatherRead reads on without an answer to the last messages: what is held
// back goes out before Read waits.
func TestGatherRead(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		begun := time.Now()
		r.texts(3)
		r.echo(0, 2)
		r.wantRead(api.MessageText, []byte("2"))
		r.wantSent("before Read waits", 0, 0)
		wait := r.startRead(background)
		synctest.Wait()
		r.wantSent("while Read waits", 2*r.textLen(), 1)
		wantElapsed(r.T, "all", begun, 0)
		r.send(r.text("more"))
		if err := wait(); err != nil {
			r.Error(err)
		}
	})
}

// TestGatherReadWaitsNot lets a peer take nothing, so that what is held back
// cannot be sent: Read does not wait for that.
func TestGatherReadWaitsNot(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.s.limit(0)
		r.texts(2)
		r.echo(0, 1)
		r.wantRead(api.MessageText, []byte("1"))
		wait := r.startRead(background)
		synctest.Wait()
		r.send(r.text("2"))
		if err := wait(); err != nil {
			r.Error(err)
		}
		r.s.limit(-1)
		r.wantTexts(0, 1)
	})
}

// TestGatherBound answers small messages with large ones: what is held back has
// its bound, and a message that is larger waits for no other.
func TestGatherBound(t *testing.T) {
	for _, size := range []int{1000, 20_000, gatherBytes / 2, gatherBytes - frame.MaxHeaderLen, gatherBytes, 3 * gatherBytes} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			gathers(t, Config{}, func(r *gatherRig) {
				const n = 100
				r.texts(n)
				p := pattern(size, 1)
				for i := range n {
					r.wantRead(api.MessageText, []byte(strconv.Itoa(i)))
					r.write(api.MessageBinary, p)
					held := r.c.BufferedAmount()
					if most := int64(gatherBytes); held > most || held > 0 && (i == n-1 || size >= gatherBytes) {
						r.Fatalf("%d bytes are held back after %d messages", held, i+1)
					}
				}
				if w, most := int(r.tally.writes.Load()), n*(size/gatherBytes+1); w > most || size < 2000 && w > 3 {
					r.Errorf("%d writes", w)
				}
				for range n {
					r.wantFrame(true, frame.OpBinary, p)
				}
			})
		})
	}
}

// TestGatherControl sends what is held back before a ping, a pong and the
// close.
func TestGatherControl(t *testing.T) {
	for name, act := range map[string]struct {
		do   func(r *gatherRig) (wait func() error)
		want frame.Opcode
	}{
		"Ping": {func(r *gatherRig) func() error { return start(func() error { return r.c.Ping(background) }) }, frame.OpPing},
		"Close": {func(r *gatherRig) func() error {
			return start(func() error { return r.c.Close(1000, "") })
		}, frame.OpClose},
		"Fail": {func(r *gatherRig) func() error {
			return start(func() error { r.c.Fail(1008, errTextEnd); return nil })
		}, frame.OpClose},
		"a pong": {func(r *gatherRig) func() error {
			r.send(r.ping(""))
			r.wantRead(api.MessageText, []byte("1"))
			return r.startRead(background)
		}, frame.OpPong},
		"the peer's close": {func(r *gatherRig) func() error {
			r.send(r.close(1000, ""))
			r.wantRead(api.MessageText, []byte("1"))
			return r.startRead(background)
		}, frame.OpClose},
	} {
		t.Run(name, func(t *testing.T) {
			gathers(t, Config{}, func(r *gatherRig) {
				begun := time.Now()
				r.texts(2)
				r.echo(0, 1)
				r.wantSent("before", 0, 0)
				wait := act.do(r)
				r.wantTexts(0, 1)
				if h, _ := r.next(); h.Opcode != act.want {
					r.Errorf("%v came, want %v", h.Opcode, act.want)
				}
				wantElapsed(r.T, "all", begun, 0)
				r.c.CloseNow()
				wait()
			})
		})
	}
}

// TestGatherPong has a ping come between messages whose replies are held back:
// its pong comes before the replies to what came after it.
func TestGatherPong(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.send(r.text("0"), r.text("1"), r.ping("p"), r.text("2"), r.text("3"))
		r.echo(0, 4)
		r.wantTexts(0, 2)
		r.wantFrame(true, frame.OpPong, []byte("p"))
		r.wantTexts(2, 4)
	})
}

// TestGatherWriter mixes streams and messages: they keep their order.
func TestGatherWriter(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.texts(4)
		r.echo(0, 1)
		r.wantRead(api.MessageText, []byte("1"))
		w := r.writer(background, api.MessageText)
		w.Write([]byte("1"))
		if err := w.Close(); err != nil {
			r.Fatal(err)
		}
		r.wantRead(api.MessageText, []byte("2"))
		w = r.writer(background, api.MessageBinary)
		big := pattern(middleBlock+1, 1)
		w.Write(big)
		r.wantSent("in the middle of a message", 0, 0)
		if err := w.Close(); err != nil {
			r.Fatal(err)
		}
		r.echo(3, 4)
		r.wantTexts(0, 2)
		r.wantFrame(false, frame.OpBinary, big[:middleBlock])
		r.wantFrame(true, frame.OpContinuation, big[middleBlock:])
		r.wantTexts(3, 4)
		if n := r.tally.writes.Load(); n != 1 {
			r.Errorf("%d writes, want 1", n)
		}
	})
}

// TestNoGather checks that every message is sent before Write returns.
func TestNoGather(t *testing.T) {
	gathers(t, Config{NoGather: true}, func(r *gatherRig) {
		r.texts(5)
		for i := range 5 {
			r.echo(i, i+1)
			r.wantSent("after Write", (i+1)*r.textLen(), i+1)
		}
		r.s.limit(0)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		first := start(func() error { return r.c.Write(background, api.MessageText, nil) })
		synctest.Wait()
		wantCtx(r.T, "a Write behind another", r.c.Write(ctx, api.MessageText, nil), ctx)
		r.s.limit(-1)
		if err := first(); err != nil {
			r.Error(err)
		}
	})
}
