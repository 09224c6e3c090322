package browser

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

var (
	errNotUTF8 = &api.ArgumentError{Name: "p", Problem: "a text message must be UTF-8: send these bytes as MessageBinary"}
	errSent    = errors.New("the message has ended: its Writer was closed")
)

// A Write that waits for room polls bufferedAmount: first after firstPause,
// then after twice as long each time, up to lastPause.
const (
	firstPause = 4 * time.Millisecond
	lastPause  = 16 * time.Millisecond
)

// Write sends p as one message, when no other message is being written.
func (c *Conn) Write(ctx context.Context, typ api.MessageType, p []byte) error {
	if err := lock(ctx, c.writing); err != nil {
		return err
	}
	err := c.send(ctx, typ, p)
	<-c.writing
	return err
}

// WritePrepared sends m as Write would send its message.
func (c *Conn) WritePrepared(ctx context.Context, m event.Prepared) error {
	if err := lock(ctx, c.writing); err != nil {
		return err
	}
	err := c.whenRoom(ctx, m.Size(), func() error { return c.s.(Preparer).SendPrepared(m) })
	<-c.writing
	return err
}

// Writer returns a stream that buffers one message, and sends it in Close.
func (c *Conn) Writer(ctx context.Context, typ api.MessageType) (io.WriteCloser, error) {
	if err := lock(ctx, c.writing); err != nil {
		return nil, err
	}
	c.mu.Lock()
	ok := c.writableLocked()
	c.mu.Unlock()
	if !ok {
		<-c.writing
		return nil, c.awaitEnd(ctx)
	}
	w := &writer{c: c, ctx: ctx, typ: typ, done: make(chan struct{})}
	go w.watch()
	return w, nil
}

// send sends one message when there is room. writing is held.
func (c *Conn) send(ctx context.Context, typ api.MessageType, p []byte) error {
	return c.whenRoom(ctx, len(p), func() error { return c.s.Send(typ, p) })
}

// whenRoom waits until there is room for a message of n bytes, and calls
// sendLocked with mu held, which sends it; the object itself accepts any
// amount. Once bufferedAmount is over the mark, it waits until half of the mark
// is left: otherwise each message would wait for an earlier one to be sent.
// writing is held.
func (c *Conn) whenRoom(ctx context.Context, n int, sendLocked func() error) error {
	mark := c.mark
	for pause := firstPause; ; pause, mark = min(2*pause, lastPause), c.mark/2 {
		c.mu.Lock()
		ok := c.writableLocked()
		if ok && !c.overfullLocked(mark) {
			c.buffered += int64(n)
			err := sendLocked()
			c.mu.Unlock()
			return err
		}
		c.mu.Unlock()
		if !ok {
			return c.awaitEnd(ctx)
		}
		if err := c.awaitRoom(ctx, pause); err != nil {
			return err
		}
	}
}

// overfullLocked reports whether bufferedAmount is over mark. It reads
// bufferedAmount only if that is possible: it is at most its last value plus
// what was sent since.
func (c *Conn) overfullLocked(mark int64) bool {
	if c.mark < 0 || c.buffered <= mark {
		return false
	}
	c.buffered = c.s.BufferedAmount()
	return c.buffered > mark
}

// awaitRoom waits until a message has arrived or the connection has ended, at
// most for pause. There is no event for a lower bufferedAmount.
func (c *Conn) awaitRoom(ctx context.Context, pause time.Duration) error {
	t := after(pause, func() { take(c.full) })
	err := lock(ctx, c.full)
	t.Stop()
	return err
}

// take removes the token, which unblocks its next sender.
func take(token chan struct{}) {
	select {
	case <-token:
	default:
	}
}

// writableLocked reports whether a message can be sent. Once either side has
// begun to close, the object would drop it silently. The state of a mock may be
// CONNECTING although it is open.
func (c *Conn) writableLocked() bool {
	return c.err == nil && !c.closing && c.s.State() <= event.Open
}

// writer buffers one message. It holds Conn.writing until it is closed or its
// context ends.
type writer struct {
	c    *Conn
	ctx  context.Context
	typ  api.MessageType
	done chan struct{} // closed by finish

	mu      sync.Mutex
	buf     []byte
	checked int   // of text: bytes of buf that are complete characters
	err     error // why no more can be written, else nil
}

// Write appends p to the message.
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(); err != nil {
		return 0, err
	}
	w.buf = append(w.buf, p...)
	if w.typ == api.MessageText {
		n, ok := wholeRunes(w.buf[w.checked:])
		if !ok {
			w.buf = w.buf[:len(w.buf)-len(p)]
			return 0, errNotUTF8
		}
		w.checked += n
	}
	return len(p), nil
}

// Close sends the message.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(); err != nil {
		return err
	}
	var err error
	if w.typ == api.MessageText && w.checked < len(w.buf) {
		err = errNotUTF8
	} else {
		err = w.c.send(w.ctx, w.typ, w.buf)
	}
	w.finishLocked(errSent)
	return err
}

// usableLocked returns why the message cannot be continued, else nil.
func (w *writer) usableLocked() error {
	if w.err != nil {
		return w.err
	}
	err := w.ctx.Err()
	if err == nil {
		err = w.c.terminal()
	}
	if err != nil {
		w.finishLocked(err)
	}
	return err
}

// watch unlocks Conn.writing when the context or the connection ends, even if
// the stream is never closed.
func (w *writer) watch() {
	select {
	case <-w.ctx.Done():
	case <-w.c.ended:
	case <-w.done:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.usableLocked()
}

// finishLocked unlocks Conn.writing, once.
func (w *writer) finishLocked(err error) {
	if w.err != nil {
		return
	}
	w.err, w.buf = err, nil
	close(w.done)
	<-w.c.writing
}

// wholeRunes returns how many bytes at the start of p are complete characters.
// It reports false if what follows cannot become UTF-8.
func wholeRunes(p []byte) (int, bool) {
	if utf8.Valid(p) {
		return len(p), true
	}
	for n := len(p) - 1; n >= 0 && n > len(p)-utf8.UTFMax; n-- {
		if utf8.RuneStart(p[n]) {
			return n, !utf8.FullRune(p[n:]) && utf8.Valid(p[:n])
		}
	}
	return 0, false
}

// Ping returns an error that matches errors.ErrUnsupported, or the terminal
// error of a connection that has ended.
func (c *Conn) Ping(context.Context) error {
	if err := c.terminal(); err != nil {
		return err
	}
	return Unsupported("a page cannot send pings: the browser answers the server's by itself; " +
		"to measure or keep alive, send a message of your own that the server answers")
}
