package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// fetch is a way to read one message, which goes on after an ended context.
// got collects what the caller was given of the message so far.
type fetch func(c *Conn, ctx context.Context, got *bytes.Buffer) (api.MessageType, error)

var fetches = []struct {
	name string
	f    fetch
}{
	{"Read", func(c *Conn, ctx context.Context, got *bytes.Buffer) (api.MessageType, error) {
		typ, p, err := c.ReadAppend(ctx, nil)
		got.Write(p)
		return typ, err
	}},
	{"ReadAppend", func(c *Conn, ctx context.Context, got *bytes.Buffer) (api.MessageType, error) {
		dst := append(make([]byte, 0, 20), "prefix"...)
		typ, p, err := c.ReadAppend(ctx, dst)
		if err != nil && len(p) != len(dst) || !bytes.HasPrefix(p, []byte("prefix")) {
			return typ, errors.New("dst was not kept: " + brief(p))
		}
		got.Write(p[len(dst):])
		return typ, err
	}},
	{"Reader", func(c *Conn, ctx context.Context, got *bytes.Buffer) (api.MessageType, error) {
		typ, s, err := c.Reader(ctx)
		if err == nil {
			_, err = io.CopyBuffer(got, struct{ io.Reader }{s}, make([]byte, 3))
		}
		return typ, err
	}},
}

// TestResume cancels a read after every byte of a stream of frames: inside the
// header, the mask key, the payload, and a control frame between fragments. The
// next read goes on and nothing is lost.
func TestResume(t *testing.T) {
	long := strings.Repeat("0123456789", 13)
	for _, way := range fetches {
		t.Run(way.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				all := slices.Concat(
					r.text("hé"), r.frame(false, frame.OpText, []byte("水")[:2]), r.ping("between"),
					r.frame(false, 0, []byte("水")[2:]), r.pong(""), r.frame(true, 0, nil), r.binary([]byte(long)))
				want := []string{"hé", "水", long}
				var got bytes.Buffer
				for i := range all {
					r.send(all[i : i+1])
					ctx, cancel := context.WithCancel(background)
					wait := start(func() error {
						_, err := way.f(r.c, ctx, &got)
						return err
					})
					synctest.Wait()
					cancel()
					switch err := wait(); {
					case err == nil:
						if len(want) == 0 || got.String() != want[0] {
							r.Fatalf("after byte %d: got %s, want one of %q", i, brief(got.Bytes()), want)
						}
						want = want[1:]
						got.Reset()
					case err != ctx.Err():
						r.Fatalf("after byte %d: %v", i, err)
					}
				}
				if len(want) > 0 {
					r.Fatalf("%q was lost", want)
				}
				r.wantFrame(true, frame.OpPong, []byte("between"))
			})
		})
	}
}

// TestResumeOnce cancels one read at every byte position, and reads the rest
// without another interruption.
func TestResumeOnce(t *testing.T) {
	for _, way := range fetches {
		t.Run(way.name, func(t *testing.T) {
			for _, client := range []bool{true, false} {
				shape := &rig{T: t, client: client}
				all := slices.Concat(shape.frame(false, frame.OpText, []byte("é")[:1]), shape.ping("p"),
					shape.frame(true, 0, []byte("é")[1:]), shape.text("more"))
				for cut := range all {
					synctest.Test(t, func(t *testing.T) {
						resumeAt(newRig(t, Config{Client: client}), way.f, all, cut)
					})
				}
			}
		})
	}
}

func resumeAt(r *rig, f fetch, all []byte, cut int) {
	r.send(all[:cut])
	var got bytes.Buffer
	ctx, cancel := context.WithCancel(background)
	wait := start(func() error {
		_, err := f(r.c, ctx, &got)
		return err
	})
	synctest.Wait()
	cancel()
	err := wait()
	r.send(all[cut:])
	if err != nil {
		wantCtx(r.T, "the cancelled read", err, ctx)
		if typ, err := f(r.c, background, &got); err != nil || typ != api.MessageText {
			r.Fatalf("cut at %d: the read after: %v, %v", cut, typ, err)
		}
	}
	if got.String() != "é" {
		r.Fatalf("cut at %d: got %s", cut, brief(got.Bytes()))
	}
	r.wantRead(api.MessageText, []byte("more"))
	r.wantFrame(true, frame.OpPong, []byte("p"))
}

// TestResumeMixed reads a message's parts by Reader, Read and Reader again.
func TestResumeMixed(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		whole := r.binary([]byte("abcdef"))
		r.send(whole[:len(whole)-3])
		ctx, cancel := context.WithCancel(background)
		wait := r.startRead(ctx)
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Read", wait(), ctx)

		// The part that Read had taken is given to a stream.
		ctx, cancel = context.WithCancel(background)
		_, s, err := r.c.Reader(ctx)
		if err != nil {
			r.Fatal(err)
		}
		p := make([]byte, 2)
		if n, err := io.ReadFull(s, p); err != nil || string(p[:n]) != "ab" {
			r.Fatalf("the stream gives %q, %v", p[:n], err)
		}
		if _, _, err := r.c.ReadAppend(background, nil); err != api.ErrUnreadMessage {
			r.Fatalf("Read beside a stream: %v", err)
		}
		cancel()
		// A whole message can no more be had, the rest of it can.
		if _, _, err := r.c.ReadAppend(background, nil); err != api.ErrUnreadMessage {
			r.Fatalf("Read after half a message was given away: %v", err)
		}
		_, rest, err := r.c.Reader(background)
		if err != nil {
			r.Fatalf("Reader after the stream's context ended: %v", err)
		}
		r.send(whole[len(whole)-3:])
		if p, err := io.ReadAll(rest); err != nil || string(p) != "cdef" {
			r.Fatalf("the rest is %q, %v", p, err)
		}
		if _, err := s.Read(p); err != ctx.Err() {
			r.Fatalf("the old stream: %v", err)
		}
		r.send(r.text("next"))
		r.wantRead(api.MessageText, []byte("next"))
	})
}

// TestReadEnded reads with a context that has ended: nothing happens.
func TestReadEnded(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.text("here"))
		for _, way := range fetches {
			if _, err := way.f(r.c, gone(), new(bytes.Buffer)); err != context.Canceled {
				r.Errorf("%s: %v", way.name, err)
			}
		}
		r.wantRead(api.MessageText, []byte("here"))
	})
}

// endsWhenAsked is a context that ends right after it was asked whether it had,
// at which point then is called.
type endsWhenAsked struct {
	context.Context
	cancel context.CancelFunc
	then   func()
}

func (x *endsWhenAsked) Err() error {
	err := x.Context.Err()
	if then := x.then; then != nil {
		x.then = nil
		x.cancel()
		then()
	}
	return err
}

// TestStreamWhoseMessageIsGone has a stream's context end while its Read
// begins, when another Read takes the message: the first must not go on in the
// next message as if it were its own.
func TestStreamWhoseMessageIsGone(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.text("first"), r.frame(false, frame.OpBinary, []byte("sec")), r.frame(true, frame.OpContinuation, []byte("ond")), r.text("third"))
		ctx, cancel := context.WithCancel(background)
		x := &endsWhenAsked{Context: ctx, cancel: cancel}
		_, stale, err := r.c.Reader(x)
		if err != nil {
			r.Fatal(err)
		}
		var second io.Reader
		x.then = func() {
			r.wantRead(api.MessageText, []byte("first"))
			if typ, s, err := r.c.Reader(background); err != nil || typ != api.MessageBinary {
				r.Fatalf("Reader = %v, %v", typ, err)
			} else {
				second = s
			}
		}
		p := make([]byte, 10)
		if n, err := stale.Read(p); n != 0 || err != context.Canceled {
			r.Errorf("the Read whose context ended: %q, %v", p[:n], err)
		}
		if got, err := io.ReadAll(second); err != nil || string(got) != "second" {
			r.Errorf("the next message: %q, %v", got, err)
		}
		if n, err := stale.Read(p); n != 0 || err != context.Canceled {
			r.Errorf("again: %q, %v", p[:n], err)
		}
		r.wantRead(api.MessageText, []byte("third"))
	})
}
