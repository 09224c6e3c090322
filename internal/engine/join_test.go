package engine

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// blocked starts a Write that its stream does not take. The one write that the
// stream then has at work ends with r.s.limit(-1).
func (r *gatherRig) blocked() (wait func() error) {
	r.s.limit(0)
	wait = start(func() error { return r.c.Write(background, api.MessageText, []byte("0")) })
	synctest.Wait()
	return wait
}

// TestJoin writes while another Write waits for the stream: the messages are
// taken at once, and sent in one write when that one is over.
func TestJoin(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		begun := time.Now()
		wait := r.blocked()
		for i := 1; i < 10; i++ {
			r.write(api.MessageText, []byte(strconv.Itoa(i)))
		}
		wantElapsed(r.T, "nine Writes", begun, 0)
		if n := r.c.BufferedAmount(); n != 10 {
			r.Errorf("BufferedAmount is %d, want 10", n)
		}
		r.s.limit(-1)
		if err := wait(); err != nil {
			r.Error(err)
		}
		synctest.Wait()
		r.wantSent("all", 10*r.textLen(), 2)
		r.wantTexts(0, 10)
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount is %d", n)
		}
	})
}

// TestJoinRoom writes more than is held back: Write waits for room, as long as
// its context lets it, and what it did not take is never sent.
func TestJoinRoom(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		wait := r.blocked()
		p := pattern(10_000, 1)
		for range 6 {
			r.write(api.MessageBinary, p)
		}
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		begun := time.Now()
		wantCtx(r.T, "Write without room", r.c.Write(ctx, api.MessageText, p), ctx)
		wantElapsed(r.T, "it", begun, time.Second)
		if n := r.c.BufferedAmount(); n != 60_001 {
			r.Errorf("BufferedAmount is %d, want 60,001", n)
		}
		last := start(func() error { return r.c.Write(background, api.MessageText, p) })
		synctest.Wait()
		r.s.limit(-1)
		for _, wait := range []func() error{wait, last} {
			if err := wait(); err != nil {
				r.Error(err)
			}
		}
		r.wantTexts(0, 1)
		for range 6 {
			r.wantFrame(true, frame.OpBinary, p)
		}
		r.wantFrame(true, frame.OpText, p)
		r.wantSent("then", 0, 2)
	})
}

// TestJoinOrder has writers join one another at random: each one's messages
// come whole and in its order, in fewer writes than messages.
func TestJoinOrder(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		const writers, each = 8, 50
		var all sync.WaitGroup
		wait := r.blocked()
		for w := range byte(writers) {
			all.Go(func() {
				for i := range byte(each) {
					p := append([]byte{w, i}, pattern(int(w)*500, 1)...)
					if err := r.c.Write(background, api.MessageBinary, p); err != nil {
						r.Error(err)
					}
				}
			})
		}
		synctest.Wait()
		r.s.limit(-1)
		wait()
		r.wantTexts(0, 1)
		var next [writers]byte
		for range writers * each {
			_, p := r.next()
			if w := p[0]; p[1] != next[w] || len(p) != 2+int(w)*500 {
				r.Fatalf("message %d of writer %d came with %d bytes, want message %d", p[1], w, len(p), next[w])
			}
			next[p[0]]++
		}
		all.Wait()
		if n := r.tally.writes.Load(); n >= writers*each {
			r.Errorf("%d writes for %d messages", n, writers*each)
		}
	})
}

// TestGatherBroken lets the stream fail under what is held back: the next calls
// and Close say so, and reading goes on.
func TestGatherBroken(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.s.fault = syscall.ENOBUFS
		r.texts(3)
		r.echo(0, 2)
		time.Sleep(gatherTime)
		synctest.Wait()
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount is %d", n)
		}
		r.wantRead(api.MessageText, []byte("2"))
		want := api.CloseError{Code: 1006, Cause: syscall.ENOBUFS}
		wantCloseError(r.T, "Write", r.c.Write(background, api.MessageText, nil), want)
		want.Code, want.Local = -1, true
		wantCloseError(r.T, "Close", r.c.Close(1000, ""), want)
	})
}

// TestGatherWriteTimeout lets the peer take nothing of what is held back: the
// write time limit holds for it.
func TestGatherWriteTimeout(t *testing.T) {
	gathers(t, Config{WriteTimeout: time.Second}, func(r *gatherRig) {
		r.s.limit(1)
		r.texts(3)
		r.echo(0, 2)
		begun := time.Now()
		r.wantRead(api.MessageText, []byte("2"))
		err := r.startRead(background)()
		wantCloseError(r.T, "Read", err, api.CloseError{Code: 1006, Cause: api.ErrWriteTimeout})
		if d := time.Since(begun); d < time.Second || d > 2*time.Second {
			r.Errorf("it took %v, want 1 s to 2 s", d)
		}
	})
}

// TestGatherEnd ends the connection over what is held back: nothing is kept.
func TestGatherEnd(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.texts(3)
		r.echo(0, 2)
		if err := r.c.CloseNow(); err != nil {
			r.Error(err)
		}
		r.wantEOF()
		if t := r.c.more().ticker; t != nil || r.c.out != nil || r.c.BufferedAmount() != 0 {
			r.Errorf("kept are the ticker %v and %+v, BufferedAmount is %d", t, r.c.out, r.c.BufferedAmount())
		}
	})
}

// TestGatherCancelled cancels a Write that is sent together with what was held
// back, at many places: what was held back is sent whole, and the connection
// goes on unless a part of the cancelled message is on the wire.
func TestGatherCancelled(t *testing.T) {
	for name, at := range map[string]func(held int) (room int){
		"before all":          func(int) int { return 0 },
		"in a header":         func(int) int { return 1 },
		"in a payload":        func(held int) int { return held - 1 },
		"between two":         func(held int) int { return held / 2 },
		"before the message":  func(held int) int { return held },
		"inside the message":  func(held int) int { return held + 1 },
		"in its last payload": func(held int) int { return held*3/2 - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			gathers(t, Config{}, func(r *gatherRig) {
				held := 2 * r.textLen()
				room := at(held)
				r.s.limit(room)
				r.texts(3)
				r.echo(0, 2)
				r.wantRead(api.MessageText, []byte("2"))
				ctx, cancel := context.WithCancel(background)
				wait := start(func() error { return r.c.Write(ctx, api.MessageText, []byte("2")) })
				synctest.Wait()
				cancel()
				if room > held {
					wantCloseError(r.T, "Write", wait(), api.CloseError{Code: -1, Local: true, Cause: context.Canceled})
					return
				}
				wantCtx(r.T, "Write", wait(), ctx)
				if n := r.c.BufferedAmount(); n != 2 && room < r.textLen() {
					r.Errorf("BufferedAmount is %d, want 2", n)
				}
				r.s.limit(-1)
				r.wantTexts(0, 2)
				r.write(api.MessageText, []byte("2"))
				r.wantTexts(2, 3)
				synctest.Wait()
				if n := r.c.BufferedAmount(); n != 0 {
					r.Errorf("BufferedAmount is %d", n)
				}
			})
		})
	}
}

// TestGatherCloseCancelled cancels a Read that answers the peer's close behind
// what was held back: nothing is lost, and the next Read completes the closing.
func TestGatherCloseCancelled(t *testing.T) {
	gathers(t, Config{}, func(r *gatherRig) {
		r.s.limit(1)
		r.send(r.text("0"), r.text("1"), r.close(4000, "bye"))
		r.echo(0, 1)
		r.wantRead(api.MessageText, []byte("1"))
		ctx, cancel := context.WithCancel(background)
		wait := r.startRead(ctx)
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Read", wait(), ctx)
		r.s.limit(-1)
		wait = r.startRead(background)
		r.wantTexts(0, 1)
		r.wantClose(4000, "")
		r.p.Close()
		wantCloseError(r.T, "Read", wait(), api.CloseError{Code: 4000, Reason: "bye", Clean: true})
	})
}

// TestGatherCompressed holds back compressed messages that refer to one
// another.
func TestGatherCompressed(t *testing.T) {
	bubble(t, "server", func(t *testing.T) {
		d := &Deflate{SendBits: 15, ReceiveBits: 15, SendTakeover: true, ReceiveTakeover: true}
		a, b := newLink()
		s := &tally{end: b}
		peer, c := New(a, Config{Client: true, ReadLimit: -1, Deflate: d}), New(s, Config{ReadLimit: -1, Deflate: d})
		defer peer.CloseNow()
		defer c.CloseNow()
		const n = 10
		message := func(i int) []byte { return bytes.Repeat([]byte{byte(i), 'a', 'b'}, 100) }
		for i := range n {
			if err := peer.Write(background, api.MessageBinary, message(i)); err != nil {
				t.Fatal(err)
			}
		}
		for range n {
			typ, p, err := c.ReadAppend(background, nil)
			if err == nil {
				err = c.Write(background, typ, p)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if w := s.writes.Load(); w != 1 {
			t.Errorf("%d writes, want 1", w)
		}
		for i := range n {
			if _, p, err := peer.ReadAppend(background, nil); err != nil || !bytes.Equal(p, message(i)) {
				t.Fatalf("message %d: %s, %v", i, brief(p), err)
			}
		}
	})
}
