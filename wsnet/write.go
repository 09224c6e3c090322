package wsnet

import (
	"context"
	"net"
	"sync"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// Write sends p.
func (c *conn) Write(p []byte) (n int, err error) {
	ctx := c.writeBy.context()
	if !lock(ctx, c.writing) {
		return 0, c.passed("write")
	}
	defer unlock(c.writing)
	if c.finished {
		return 0, c.opError("write", net.ErrClosed)
	}
	for n < len(p) && err == nil {
		var sent int
		sent, err = c.sendSome(ctx, p[n:])
		n += sent
	}
	return n, err
}

// block is the memory of a message that is being sent.
type block [maxMessage]byte

var blocks = sync.Pool{New: func() any { return new(block) }}

// sendSome sends the beginning of p as one message, and returns how many bytes
// of p that or a later message has taken. writing is held.
func (c *conn) sendSome(ctx context.Context, p []byte) (n int, err error) {
	if !lock(ctx, c.sending) {
		return 0, c.passed("write")
	}
	b := blocks.Get().(*block)
	msg := append(append(b[:0], c.cut...), p[:min(len(p), maxMessage-len(c.cut))]...)
	n = len(msg) - len(c.cut)
	if c.typ == api.MessageText {
		end := len(msg) - incomplete(msg)
		if !utf8.Valid(msg[:end]) {
			blocks.Put(b)
			unlock(c.sending)
			return 0, c.opError("write", notUTF8)
		}
		c.cut = append(c.cut[:0], msg[end:]...)
		msg = msg[:end]
	}
	if len(msg) == 0 {
		blocks.Put(b)
		unlock(c.sending)
		return n, nil
	}
	done, err := c.send(ctx, msg, func() { blocks.Put(b) })
	if !done {
		n = 0
	}
	return n, err
}

var notUTF8 = &api.ArgumentError{Name: "p", Problem: "is text that is not UTF-8: use a stream of binary messages"}

// incomplete returns how many bytes at the end of p are the beginning of a
// character, 0 to 3.
func incomplete(p []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if last := p[len(p)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return i
		}
	}
	return 0
}

// send sends msg as a message on a goroutine of its own, since a message that
// has begun cannot be withdrawn when ctx ends. It calls free when msg is no
// longer in use. It reports whether the message has been sent or still is being
// sent. sending is held, and released when the message has been sent.
func (c *conn) send(ctx context.Context, msg []byte, free func()) (sent bool, err error) {
	if err := c.sendErr; err != nil {
		free()
		unlock(c.sending)
		return false, c.failed("write", err)
	}
	done := make(chan error, 1)
	go func() {
		err := c.ws.Write(context.Background(), c.typ, msg)
		free()
		c.sendErr = err
		unlock(c.sending)
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		default:
			return true, c.passed("write")
		}
	}
	if err != nil {
		return false, c.failed("write", err)
	}
	return true, nil
}
