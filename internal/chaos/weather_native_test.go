//go:build !js

package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// still is a weather in which nothing happens, with room for so many bytes.
func still(room int) weather { return weather{room: room} }

// links runs f in a bubble, with both ends of a link.
func links(t *testing.T, w [2]weather, f func(t *testing.T, l *link, a, b *end)) {
	synctest.Test(t, func(t *testing.T) {
		l, ends := newLink(w, 1, func(format string, args ...any) { t.Errorf(format, args...) })
		f(t, l, ends[client], ends[server])
		ends[client].Close()
		ends[server].Close()
	})
}

// TestLinkKeepsBytes sends through every weather that does not end the stream:
// what comes is what was sent.
func TestLinkKeepsBytes(t *testing.T) {
	foggy := weather{room: 100, latency: time.Second, chop: 0.5, stall: 0.5, stalls: time.Minute}
	for _, w := range []weather{still(1), still(1 << 20), foggy} {
		links(t, [2]weather{w, w}, func(t *testing.T, l *link, a, b *end) {
			want := noise[:10_000]
			go func() {
				a.Write(want[:1])
				a.Write(want[1:5000])
				a.Write(want[5000:])
				a.Close()
			}()
			if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%+v: %d bytes came of %d, %v", w, len(got), len(want), err)
			}
		})
	}
}

// TestLinkRoom fills a link: what has no room waits.
func TestLinkRoom(t *testing.T) {
	links(t, [2]weather{still(10), still(10)}, func(t *testing.T, l *link, a, b *end) {
		a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(make([]byte, 11))
		if n != 10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %d, %v", n, err)
		}
		if l.trace.tally[filled] != 1 {
			t.Errorf("the trace: %v", l.trace.tally)
		}
	})
}

// TestLinkDeadlines interrupts a Read that waits, and one that is to come.
func TestLinkDeadlines(t *testing.T) {
	links(t, [2]weather{still(10), still(10)}, func(t *testing.T, l *link, a, b *end) {
		begun := time.Now()
		go func() {
			time.Sleep(time.Minute)
			a.SetReadDeadline(time.Unix(1, 0))
		}()
		for range 2 {
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Minute {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		}
		a.SetReadDeadline(time.Time{})
		b.Write([]byte("x"))
		if n, err := a.Read(make([]byte, 10)); n != 1 || err != nil {
			t.Errorf("without a deadline: %d, %v", n, err)
		}
	})
}

// TestLinkDoom ends a link after 5 of the bytes that the client writes. The
// server has written 3 that were not read yet.
func TestLinkDoom(t *testing.T) {
	for _, tt := range []struct {
		doom           fault
		server, client string // what they read, and how it ended
		write          error  // of the client
	}{
		{cut, "12345 EOF", "abc EOF", errBroken},
		{halved, "12345 EOF", "abc i/o timeout", errBroken},
		{reset, " " + errReset.Error(), " " + errReset.Error(), errBroken},
		{silenced, " i/o timeout", "", nil}, // what the client reads is left to chance
	} {
		w := still(100)
		w.doom, w.at = tt.doom, 5
		links(t, [2]weather{w, still(100)}, func(t *testing.T, l *link, a, b *end) {
			b.Write([]byte("abc"))
			n, err := a.Write([]byte("123456789"))
			if err != tt.write || err != nil && n != 5 {
				t.Errorf("%v: Write = %d, %v", tt.doom, n, err)
			}
			for i, e := range []*end{b, a} {
				e.SetReadDeadline(time.Now().Add(time.Hour))
				p, err := io.ReadAll(e)
				if err == nil {
					err = io.EOF
				}
				got, want := fmt.Sprintf("%s %v", p, err), [...]string{tt.server, tt.client}[i]
				if got != want && want != "" {
					t.Errorf("%v: read %q, want %q", tt.doom, got, want)
				}
			}
			if l.trace.tally[tt.doom] != 1 || !strings.Contains(l.trace.String(), tt.doom.String()+" 5 bytes") && tt.doom != reset {
				t.Errorf("%v: the trace: %v\n%v", tt.doom, l.trace.tally, &l.trace)
			}
		})
	}
}

// TestLinkClose closes an end: its own calls end, the peer reads what was sent,
// and is reset when something of its own had not been read.
func TestLinkClose(t *testing.T) {
	links(t, [2]weather{still(100), still(100)}, func(t *testing.T, l *link, a, b *end) {
		waiting := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			waiting <- err
		}()
		synctest.Wait()
		a.Write([]byte("last"))
		a.Close()
		if err := <-waiting; err != net.ErrClosed {
			t.Errorf("the Read at work: %v", err)
		}
		if _, err := a.Write([]byte("x")); err != net.ErrClosed {
			t.Errorf("a Write after Close: %v", err)
		}
		if got, err := io.ReadAll(b); string(got) != "last" || err != nil {
			t.Errorf("the peer read %q, %v", got, err)
		}
		if _, err := b.Write([]byte("x")); err != errBroken {
			t.Errorf("the peer's Write: %v", err)
		}
	})
	links(t, [2]weather{still(100), still(100)}, func(t *testing.T, l *link, a, b *end) {
		b.Write([]byte("unread"))
		a.Close()
		if _, err := io.ReadAll(b); err != errReset || l.trace.tally[unread] != 1 {
			t.Errorf("with bytes unread: %v", err)
		}
	})
	links(t, [2]weather{still(100), still(100)}, func(t *testing.T, l *link, a, b *end) {
		halfEnd{a}.CloseWrite()
		b.Write([]byte("still"))
		p := make([]byte, 10)
		if n, err := a.Read(p); string(p[:n]) != "still" || err != nil {
			t.Errorf("after CloseWrite: %q, %v", p[:n], err)
		}
		if _, err := b.Read(p); err != io.EOF {
			t.Errorf("the peer after CloseWrite: %v", err)
		}
	})
}

// TestLinkGuards uses a buffer while the stream has it.
func TestLinkGuards(t *testing.T) {
	for _, call := range []func(e *end, p []byte) (int, error){(*end).Read, (*end).Write} {
		synctest.Test(t, func(t *testing.T) {
			complaints := 0
			_, ends := newLink([2]weather{still(1), still(1)}, 1, func(string, ...any) { complaints++ })
			p := make([]byte, 8)
			done := make(chan bool)
			go func() {
				call(ends[client], p)
				close(done)
			}()
			synctest.Wait()
			p[7] = 'x'
			ends[client].Close()
			<-done
			if complaints == 0 {
				t.Error("nobody saw it")
			}
		})
	}
}
