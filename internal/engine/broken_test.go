package engine

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestStreamDies ends the stream after every byte of a message, in several
// ways: a *CloseError with the cause, and never a part of a message as whole.
func TestStreamDies(t *testing.T) {
	for _, c := range []struct {
		name string
		die  func(r *rig)
		want error
	}{
		{"reset", func(r *rig) { r.p.reset(errReset) }, errReset},
		{"end", func(r *rig) { r.p.Close() }, io.ErrUnexpectedEOF},
		{"end with the last bytes", func(r *rig) { r.s.eager = true; r.p.Close() }, io.ErrUnexpectedEOF},
	} {
		for _, way := range fetches[:2] {
			t.Run(c.name+"/"+way.name, func(t *testing.T) {
				for _, client := range []bool{true, false} {
					shape := &rig{T: t, client: client}
					first := shape.text("first")
					all := slices.Concat(first, shape.frame(false, frame.OpText, []byte("half")), shape.ping("p"),
						shape.frame(true, 0, []byte("half")), shape.close(1000, "never whole"))
					for cut := range all {
						if cut == len(all)-len(shape.close(1000, "never whole")) {
							break
						}
						synctest.Test(t, func(t *testing.T) {
							r := newRig(t, Config{Client: client})
							r.send(all[:cut])
							c.die(r)
							var got []string
							_, p, err := r.c.ReadAppend(background, nil)
							for ; err == nil; _, p, err = r.c.ReadAppend(background, nil) {
								got = append(got, string(p))
							}
							if cut < len(first) && len(got) > 0 || cut >= len(first) && !slices.Equal(got, []string{"first"}) {
								t.Errorf("cut at %d: got %q", cut, got)
							}
							want := api.CloseError{Code: 1006, Cause: c.want}
							wantCloseError(t, "Read", err, want)
							wantCloseError(t, "the next Read", r.startRead(background)(), want)
							wantCloseError(t, "Write", r.c.Write(background, 1, nil), want)
							wantCloseError(t, "Close", r.c.Close(1000, ""), want)
						})
					}
				}
			})
		}
	}
}

// TestStreamDiesInClose ends the stream inside the peer's close frame, which
// then counts for nothing.
func TestStreamDiesInClose(t *testing.T) {
	for _, ours := range []bool{true, false} {
		bothRoles(t, Config{}, func(r *rig) {
			wait := r.startRead(background)
			if ours {
				wait = start(func() error { return r.c.Close(1000, "") })
				r.wantClose(1000, "")
			}
			whole := r.close(1000, "reason")
			r.send(whole[:len(whole)-1])
			r.p.reset(errReset)
			want := api.CloseError{Code: 1006, Cause: errReset}
			if ours {
				want.Code, want.Local = -1, true
			}
			wantCloseError(r.T, "the end", wait(), want)
		})
	}
}

// TestStreamDiesInReader does the same to a stream of a message.
func TestStreamDiesInReader(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		whole := r.text("half a message")
		r.send(whole[:len(whole)-1])
		r.p.finish()
		_, s, err := r.c.Reader(background)
		if err != nil {
			r.Fatal(err)
		}
		p, err := io.ReadAll(s)
		if string(p) != "half a messag" {
			r.Errorf("got %q", p)
		}
		want := api.CloseError{Code: 1006, Cause: io.ErrUnexpectedEOF}
		wantCloseError(r.T, "the stream", err, want)
		_, err = s.Read(make([]byte, 1))
		wantCloseError(r.T, "the stream again", err, want)
	})
}

// noProgress is a stream that gives nothing, or takes nothing, and says so.
type noProgress struct{ *end }

func (noProgress) Read([]byte) (int, error)  { return 0, nil }
func (noProgress) Write([]byte) (int, error) { return 0, nil }

// liar is a stream that claims to have written more than it was given.
type liar struct{ *end }

func (liar) Write(p []byte) (int, error) { return len(p) + 1, nil }

// TestNoProgress uses streams that break the contracts of io.Reader and
// io.Writer: an error, no spinning.
func TestNoProgress(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.c.transport = noProgress{r.s}
		wantCloseError(r.T, "Write", r.c.Write(background, 1, []byte("x")), api.CloseError{Code: 1006, Cause: io.ErrShortWrite})
		wantCloseError(r.T, "Read", r.startRead(background)(), api.CloseError{Code: 1006, Cause: io.ErrNoProgress})
	})
	bothRoles(t, Config{}, func(r *rig) {
		r.c.transport = liar{r.s}
		err := r.c.Write(background, 1, []byte("x"))
		if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Cause == nil {
			r.Errorf("Write: %v", err)
		}
	})
}

// TestNetPipe runs both roles over net.Pipe, whose every Write waits for its
// Read: messages, pings and the close must not wait for each other.
func TestNetPipe(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		a, b := net.Pipe()
		crosswise(t, New(a, Config{Client: true, ReadLimit: -1}), New(b, Config{ReadLimit: -1}))
	})
}

// TestSockets does so over TCP and Unix sockets, which gather writes.
func TestSockets(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = t.TempDir() + "/s"
			}
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			a, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			crosswise(t, New(a, Config{Client: true, ReadLimit: -1}), New(b, Config{ReadLimit: -1}))
		})
	}
}

// crosswise sends messages of all sizes both ways at once, with pings, and
// then closes from both sides.
func crosswise(t *testing.T, client, server *Conn) {
	sizes := []int{0, 1, 125, 126, middleBlock - 14, middleBlock, 65536, 2*stride + 1}
	var writers, readers sync.WaitGroup
	for i, c := range []*Conn{client, server} {
		writers.Go(func() {
			for _, n := range sizes {
				if err := c.Write(background, api.MessageBinary, pattern(n, uint32(i))); err != nil {
					t.Errorf("Write of %d bytes: %v", n, err)
				}
				if err := c.Ping(background); err != nil {
					t.Errorf("Ping: %v", err)
				}
			}
		})
		readers.Go(func() {
			for _, n := range sizes {
				_, p, err := c.ReadAppend(background, nil)
				if err != nil || !slices.Equal(p, pattern(n, uint32(1-i))) {
					t.Errorf("Read: %s, %v; want %d bytes", brief(p), err, n)
				}
			}
			_, _, err := c.ReadAppend(background, nil)
			wantIs(t, "Read", err, api.ErrClosed)
		})
	}
	writers.Wait() // each has had its last pong, so everything was read
	for _, c := range []*Conn{client, server} {
		readers.Go(func() {
			if err := c.Close(1000, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	readers.Wait()
}
