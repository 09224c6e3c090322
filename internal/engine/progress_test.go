package engine

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// system is an end with the systems of both sides: this one's takes any number
// of bytes, the peer's holds so many for its program.
type system struct {
	*end
	holds int

	mu      sync.Mutex
	written int // protected by mu
}

func (s *system) Write(p []byte) (int, error) {
	n, err := s.end.Write(p)
	s.mu.Lock()
	s.written += n
	s.mu.Unlock()
	return n, err
}

func (s *system) Progress() (Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unread := (&end{l: s.l, in: s.out}).waiting()
	unsent := max(0, unread-s.holds)
	return Progress{Unsent: int64(unsent), Acked: uint64(s.written - unsent + 1), Waits: unsent > 0}, nil
}

// overSystems runs f, in both roles, over a stream that knows how far the peer
// is.
func overSystems(t *testing.T, cfg Config, holds int, f func(r *rig)) {
	for _, client := range []bool{true, false} {
		cfg.Client = client
		bubble(t, role(client), func(t *testing.T) {
			r := &rig{T: t, client: client}
			r.s, r.p = newLink()
			r.p.SetReadDeadline(time.Now().Add(testPatience))
			cfg := cfg
			cfg.Keys, cfg.ReadLimit = func() [4]byte { return goldenKey }, -1
			r.c = New(&system{end: r.s, holds: holds}, cfg)
			t.Cleanup(func() { r.c.CloseNow() })
			f(r)
		})
	}
}

// take has the peer take n bytes.
func (r *rig) take(n int) {
	r.Helper()
	if _, err := io.ReadFull(r.p, make([]byte, n)); err != nil {
		r.Fatalf("the peer takes bytes: %v", err)
	}
}

// TestKeepaliveSlowPeer has a peer take a message for 5 minutes whose Write has
// long returned. The ping is behind it (RFC 6455 section 5.4: a control frame
// is never inside a frame), so that no answer can come. It is alive; once it
// has the ping it answers, or has its 30 s for that, 60 s at most.
func TestKeepaliveSlowPeer(t *testing.T) {
	for _, answers := range []bool{true, false} {
		overSystems(t, watched, 0, func(r *rig) {
			const pieces, piece = 30, 10_000
			read := r.startRead(background)
			h := frame.Header{Masked: r.client, Length: pieces * piece}
			r.write(api.MessageBinary, make([]byte, pieces*piece-len(frame.AppendHeader(nil, h))))
			time.Sleep(time.Second)
			for range pieces {
				time.Sleep(10 * time.Second)
				r.take(piece)
				synctest.Wait()
				if r.s.over() {
					r.Fatal("the connection was ended though the peer takes what it was sent")
				}
			}
			last := time.Now()
			if answers {
				r.wantFrame(true, frame.OpPing, nil)
				time.Sleep(29 * time.Second)
				r.send(r.text("in time"))
				if err := read(); err != nil {
					r.Errorf("Read: %v", err)
				}
				return
			}
			wantCloseError(r.T, "Read", read(), silent)
			wantElapsed(r.T, "Read, since the peer took something", last, 59*time.Second)
		})
	}
}

// TestKeepaliveStalledPeer has a peer take nothing of what its system has no
// room for: the connection ends after 60 s, whatever waits.
func TestKeepaliveStalledPeer(t *testing.T) {
	for _, holds := range []int{0, 1000} {
		overSystems(t, watched, holds, func(r *rig) {
			begun := time.Now()
			read := r.startRead(background)
			r.write(api.MessageBinary, make([]byte, 100_000))
			wantCloseError(r.T, "Read", read(), silent)
			wantElapsed(r.T, "Read", begun, time.Minute)
		})
	}
}

// TestKeepaliveHungProgram sends to a program that has stopped reading, whose
// system goes on taking what it is sent: that is no sign of life.
func TestKeepaliveHungProgram(t *testing.T) {
	overSystems(t, watched, 1<<20, func(r *rig) {
		begun := time.Now()
		read := r.startRead(background)
		write := start(func() error {
			time.Sleep(time.Second / 2) // never at the instant of the ping
			for {
				time.Sleep(time.Second)
				if err := r.c.Write(background, api.MessageText, []byte("tick")); err != nil {
					return err
				}
			}
		})
		wantCloseError(r.T, "Read", read(), silent)
		wantElapsed(r.T, "Read", begun, time.Minute)
		wantCloseError(r.T, "Write", write(), silent)
	})
}

// TestKeepaliveFarBehind has a program that is 100 s behind its system: the
// connection stays for as long as there is more to take, and for 30 s more.
// What only moves inside the peer nobody sees.
func TestKeepaliveFarBehind(t *testing.T) {
	const second = 1000 // bytes that the peer takes in one
	overSystems(t, watched, 100*second, func(r *rig) {
		begun := time.Now()
		read := r.startRead(background)
		r.write(api.MessageBinary, make([]byte, 300*second))
		go func() {
			for range 240 {
				time.Sleep(time.Second)
				if n := min(second, r.p.waiting()); n > 0 {
					r.p.Read(make([]byte, n))
				}
			}
		}()
		time.Sleep(220 * time.Second)
		synctest.Wait()
		if r.s.over() {
			r.Fatalf("the connection was ended after %v", time.Since(begun))
		}
		wantCloseError(r.T, "Read", read(), silent)
		wantElapsed(r.T, "Read", begun, 240*time.Second)
	})
}

// TestKeepaliveNoLimit sends a ping after each 30 s of silence and ends nobody.
func TestKeepaliveNoLimit(t *testing.T) {
	bothRoles(t, Config{Idle: 30 * time.Second, Timeout: -1}, func(r *rig) {
		begun := time.Now()
		read := r.startRead(background)
		for i := range 20 {
			r.wantPingAt(begun, time.Duration(i+1)*30*time.Second)
		}
		time.Sleep(time.Second)
		r.send(r.text("late"))
		if err := read(); err != nil {
			r.Errorf("Read: %v", err)
		}
	})
}

// hesitant is a stream that takes nothing, while its peer takes what it was
// given before.
type hesitant struct {
	*end
	mu    sync.Mutex
	acked uint64 // protected by mu
	cut   int    // protected by mu: deadlines for writing that were set
}

func (s *hesitant) Progress() (Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Progress{Unsent: 1, Acked: s.acked, Waits: true}, nil
}

func (s *hesitant) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	s.cut++
	s.mu.Unlock()
	return s.end.SetWriteDeadline(t)
}

// took has the peer take a byte. It returns the deadlines that there were.
func (s *hesitant) took() (cut int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked++
	return s.cut
}

// TestWriteTimeoutAsksThePeer writes to a system whose buffer is full, and
// takes more only once a good part is free. Meanwhile the peer takes what is in
// it: it is spared, and the write not interrupted, which TLS would not survive.
// A peer that then takes nothing is disconnected after twice the limit.
func TestWriteTimeoutAsksThePeer(t *testing.T) {
	for _, breaks := range []bool{false, true} {
		for _, client := range []bool{false, true} {
			bubble(t, role(client), func(t *testing.T) {
				a, far := newLink()
				s := &hesitant{end: a, acked: 1}
				c := New(s, Config{Client: client, WriteTimeout: writeLimit, CutOffBreaks: breaks})
				defer c.CloseNow()
				a.limit(0)
				message := make([]byte, 100)
				write := start(func() error { return c.Write(background, api.MessageBinary, message) })
				for range 10 {
					time.Sleep(writeLimit - time.Second)
					if cut := s.took(); cut > 0 || a.over() {
						t.Fatalf("the write was interrupted %d times, the stream is closed: %v", cut, a.over())
					}
				}
				a.limit(-1)
				if err := write(); err != nil {
					t.Fatalf("Write: %v", err)
				}
				if _, err := io.CopyN(io.Discard, far, int64(len(message))); err != nil {
					t.Fatal(err)
				}
				for far.waiting() > 0 {
					far.Read(message)
				}
				a.limit(0)
				begun := time.Now()
				wantCloseError(t, "Write", c.Write(background, api.MessageBinary, message), lateWrite)
				wantElapsed(t, "Write", begun, 2*writeLimit)
			})
		}
	}
}

// shown is what shows a connection below it, as TLS does.
type shown struct{ net.Conn }

func (s shown) NetConn() net.Conn { return s.Conn }

// TestProgressUnknown asks streams that nobody knows more of.
func TestProgressUnknown(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	for _, s := range []any{near, shown{near}, shown{shown{nil}}} {
		if p, err := progressOf(s); err == nil {
			t.Errorf("%T says %+v", s, p)
		}
	}
}
