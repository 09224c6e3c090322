package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/twinws/ws"
)

// maxLine is the longest line of the input that becomes a message.
const maxLine = 64 << 20

// barrierWait is how long the server may take to answer the ping that follows
// the last message.
const barrierWait = 5 * time.Second

// input are the flags of what is sent.
type input struct {
	binary     bool
	oneMessage bool
	wait       time.Duration
	expect     int
	stay       bool
}

func (f *input) add(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.binary, "binary", "b", false, "send all of the input as one binary message")
	fs.BoolVarP(&f.oneMessage, "one-message", "1", false, "send all of the input as one text message")
	fs.DurationVarP(&f.wait, "wait", "w", 0, "after the input: go on until no message has come for this time")
	fs.IntVarP(&f.expect, "expect", "n", 0, "after the input: go on until this many messages have come in all")
	fs.BoolVar(&f.stay, "stay", false, "after the input: go on until the server closes")
}

// whole reports whether the input is one message.
func (f *input) whole() bool { return f.binary || f.oneMessage }

// pipe sends the input and prints what is received.
func (d *dialing) pipe(ctx context.Context, c *ws.Conn) error {
	r := &receiver{arrived: make(chan struct{}, 1), over: make(chan struct{})}
	p := newPrinter(d.format, d.out)
	go r.run(ctx, c, func(typ ws.MessageType, data []byte) error {
		d.taped(false, typ, data)
		return p.message(typ, data)
	})
	sent := make(chan error, 1)
	go func() { sent <- d.send(ctx, c) }()
	select {
	case err := <-sent:
		if err == nil {
			d.drain(ctx, c, r)
			break
		}
		if !errors.Is(err, ws.ErrClosed) && ctx.Err() == nil { // the input is at fault
			c.Close(ws.StatusNormalClosure, "")
			return err
		}
		<-r.over
		if f := explain(ctx, r.err); f.status != exitOK && f.status != exitOther {
			return f
		}
		return &failure{exitClosed, "dial: the server closed the connection before all of the input was sent", err}
	case <-r.over: // the server has closed, whatever is still to be sent
	}
	return d.finish(ctx, c, r)
}

// finish closes the connection if it is still open, and says how it ended.
func (d *dialing) finish(ctx context.Context, c *ws.Conn, r *receiver) error {
	c.Close(ws.StatusNormalClosure, "") // r.err says how that went, too
	<-r.over
	switch {
	case r.failed:
		return r.err
	case ctx.Err() != nil:
		return ctxError(ctx, "dial")
	}
	if d.verbose {
		d.note("* %s", closing(r.err))
	}
	return ended(ctx, r.err)
}

// ctxError is the error of a command whose context has ended.
func ctxError(ctx context.Context, what string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fail(exitTimeout, what+": the time limit of --timeout has passed")
	}
	return fail(exitInterrupted, "")
}

// receiver reads messages until the connection ends.
type receiver struct {
	arrived chan struct{} // has an element when a message has come since
	over    chan struct{} // closed at the end; the rest is then constant
	err     error
	failed  bool // the messages could not be used: err is not the connection's
	counter
}

// run passes each message to use.
func (r *receiver) run(ctx context.Context, c *ws.Conn, use func(ws.MessageType, []byte) error) {
	defer close(r.over)
	for {
		typ, data, err := c.Read(ctx)
		if err != nil {
			r.err = err
			return
		}
		if err := use(typ, data); err != nil {
			r.err, r.failed = fmt.Errorf("output: %w", err), true
			return
		}
		r.add()
		select {
		case r.arrived <- struct{}{}:
		default:
		}
	}
}

// send sends the input.
func (d *dialing) send(ctx context.Context, c *ws.Conn) error {
	if d.whole() {
		return d.sendWhole(ctx, c)
	}
	in := bufio.NewReaderSize(d.in, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(in)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("dial: input, line %d: %w", n, err)
		case !utf8.Valid(line):
			return fail(exitOther, "dial: input, line "+strconv.Itoa(n)+" is not UTF-8, as text must be: use --binary, which sends all of the input as one binary message")
		}
		d.taped(true, ws.MessageText, line)
		if err := c.Write(ctx, ws.MessageText, line); err != nil {
			return err
		}
	}
}

// readLine returns the next line without its end, CRLF or LF. io.EOF means that
// there is none.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("the line is over 64 MiB: use --one-message, which sends all of the input as one message of any size")
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) > 0:
			return line, nil
		case err != nil:
			return nil, err
		}
		line = line[:len(line)-1]
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		return line, nil
	}
}

// sendWhole sends the input as one message, of any size.
func (d *dialing) sendWhole(ctx context.Context, c *ws.Conn) error {
	typ := ws.MessageText
	if d.input.binary {
		typ = ws.MessageBinary
	}
	w, err := c.Writer(ctx, typ)
	if err != nil {
		return err
	}
	to := io.Writer(w)
	var kept keeper
	if d.tape != nil {
		to = io.MultiWriter(w, &kept)
	}
	_, err = io.Copy(to, d.in)
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	d.taped(true, typ, kept.data)
	return nil
}

// keeper keeps what is written to it.
type keeper struct{ data []byte }

func (k *keeper) Write(p []byte) (int, error) {
	k.data = append(k.data, p...)
	return len(p), nil
}

func (d *dialing) taped(sent bool, typ ws.MessageType, data []byte) {
	if d.tape != nil {
		d.tape(sent, typ, data)
	}
}

// drain waits after the last message for what the flags ask for. It returns
// when the connection has ended, at the latest.
func (d *dialing) drain(ctx context.Context, c *ws.Conn, r *receiver) {
	if d.stay {
		<-r.over
		return
	}
	for r.count() < d.expect {
		select {
		case <-r.arrived:
		case <-r.over:
			return
		}
	}
	// A server reads in order: with the pong it has read everything, and one
	// that answers as it reads has answered.
	barrier, cancel := context.WithTimeout(ctx, barrierWait)
	c.Ping(barrier)
	cancel()
	if d.wait <= 0 {
		return
	}
	idle := time.NewTimer(d.wait)
	defer idle.Stop()
	for {
		select {
		case <-r.arrived:
			idle.Reset(d.wait)
		case <-idle.C:
			return
		case <-r.over:
			return
		}
	}
}
