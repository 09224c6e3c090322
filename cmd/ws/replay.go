package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
	"github.com/twinws/ws/cmd/ws/wshar"
)

// replay is a run of ws replay.
type replay struct {
	console
	client
	format
	pace    string
	speed   float64
	index   int
	compare bool
	wait    time.Duration
	timeout time.Duration

	recorded *wshar.Connection
}

// reply is a message that came back.
type reply struct {
	typ  ws.MessageType
	data []byte
}

func replayCommand(c console) *cobra.Command {
	r := &replay{console: c}
	cmd := &cobra.Command{
		Use:   "replay FILE [URL]",
		Short: "Send the messages of a HAR file again, and print or compare what comes back",
		Long: `Replay dials the URL of a recording, or another one, and sends the messages that
the recording's client sent. FILE is one of ws record, of Chromium's DevTools or
of Playwright. What comes back is printed or, with --compare, compared with what
the recording received: exit status 7 means that it differs.

--pace says when a message is sent: "recorded" as long after the first one as in
the recording (--speed 2 is twice as fast), "fast" at once, "lockstep" when as
many messages have come as the recording had received before it.`,
		Example: `  ws replay session.har
  ws replay --compare --pace lockstep session.har ws://localhost:8080/
  ws replay --index 2 export-from-devtools.har`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args) },
	}
	fs := cmd.Flags()
	r.client.add(cmd)
	r.format.add(fs)
	fs.StringVar(&r.pace, "pace", "recorded", "when messages are sent: recorded, fast or lockstep")
	fs.Float64Var(&r.speed, "speed", 1, "the factor of --pace recorded")
	fs.IntVar(&r.index, "index", -1, "which WebSocket of the file, from 0; needed if it has several")
	fs.BoolVarP(&r.compare, "compare", "c", false, "compare what comes back with the recording")
	fs.DurationVarP(&r.wait, "wait", "w", 5*time.Second, "after the last message: how long to wait for each message that the recording received")
	fs.DurationVar(&r.timeout, "timeout", 0, "end after this time, with exit status 6; 0 for no limit")
	return cmd
}

// run dials and replays.
func (r *replay) run(ctx context.Context, args []string) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := r.load(args[0]); err != nil {
		return err
	}
	url := r.recorded.URL
	if len(args) > 1 {
		url = args[1]
	}
	if len(r.subprotocols) == 0 {
		r.subprotocols = offered(r.recorded.Request)
	}
	d, err := r.dialer()
	if err != nil {
		return err
	}
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	c, err := d.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	return r.over(ctx, c)
}

func (r *replay) check() error {
	switch r.pace {
	case "recorded", "fast", "lockstep":
	default:
		return fail(exitUsage, fmt.Sprintf("--pace: %q is none: use recorded, fast or lockstep", r.pace))
	}
	if r.speed <= 0 {
		return fail(exitUsage, "--speed: it must be over 0: use --pace fast for no waiting")
	}
	return r.format.check()
}

// load reads the recording.
func (r *replay) load(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fail(exitOther, "replay: "+err.Error())
	}
	defer f.Close()
	all, err := wshar.Read(f)
	if err != nil {
		return fail(exitOther, "replay: "+file+": "+err.Error())
	}
	switch {
	case r.index >= len(all):
		return fail(exitUsage, fmt.Sprintf("--index: %s has %s: use 0 to %d", file, count(len(all), "WebSocket"), len(all)-1))
	case r.index >= 0:
		r.recorded = all[r.index]
	case len(all) == 1:
		r.recorded = all[0]
	default:
		text := fmt.Sprintf("replay: %s has %d WebSockets: choose one by --index:", file, len(all))
		for i, c := range all {
			text += fmt.Sprintf(" %d is %s with %s;", i, c.URL, count(len(c.Messages), "message"))
		}
		return fail(exitUsage, text[:len(text)-1])
	}
	if n := r.recorded.Skipped; n > 0 {
		r.note("* %s of the recording without time, opcode or data left out", count(n, "message"))
	}
	return nil
}

// offered are the subprotocols that a recorded request offers.
func offered(header []wshar.Field) []string {
	var all []string
	for _, f := range header {
		if equalFold(f.Name, "Sec-WebSocket-Protocol") {
			all = append(all, splitList(f.Value)...)
		}
	}
	return all
}

// over replays over an open connection, and closes it.
func (r *replay) over(ctx context.Context, c *ws.Conn) error {
	in := &receiver{arrived: make(chan struct{}, 1), over: make(chan struct{})}
	p := newPrinter(r.format, r.out)
	var got []reply // of the receiver until in.over is closed
	go in.run(ctx, c, func(typ ws.MessageType, data []byte) error {
		if r.compare {
			got = append(got, reply{typ, data})
			return nil
		}
		return p.message(typ, data)
	})
	sendErr := r.send(ctx, c, in)
	if sendErr == nil {
		r.await(ctx, c, in)
	}
	select {
	case <-in.over: // by the server, or the time limit
	default:
		c.Close(ws.StatusNormalClosure, "")
		<-in.over
	}
	if ctx.Err() != nil {
		return ctxError(ctx, "replay")
	}
	if in.failed {
		return in.err
	}
	if r.compare {
		return r.judge(got, in.err)
	}
	if err := ended(ctx, in.err); err != nil {
		return err
	}
	if sendErr != nil && !errors.Is(sendErr, ws.ErrClosed) {
		return sendErr
	} else if sendErr != nil {
		return &failure{exitClosed, "replay: the server closed the connection before all messages were sent", sendErr}
	}
	return nil
}

// send sends what the recording's client sent.
func (r *replay) send(ctx context.Context, c *ws.Conn, in *receiver) error {
	begin, before := r.now(), 0
	for _, m := range r.recorded.Messages {
		if m.Kind == wshar.Receive && isMessage(m) {
			before++
		}
		if m.Kind != wshar.Send || !isMessage(m) {
			continue
		}
		var err error
		switch r.pace {
		case "recorded":
			after := time.Duration(float64(m.Time.Sub(r.recorded.Messages[0].Time)) / r.speed)
			err = r.pause(ctx, in, after-r.now().Sub(begin))
		case "lockstep":
			err = r.awaitCount(ctx, in, before)
		}
		if err != nil {
			return err
		}
		if err := c.Write(ctx, ws.MessageType(m.Opcode), m.Data); err != nil {
			return err
		}
	}
	return nil
}

func isMessage(m wshar.Message) bool { return m.Opcode == wshar.OpText || m.Opcode == wshar.OpBinary }

// pause waits for d, or for the end of the connection.
func (r *replay) pause(ctx context.Context, in *receiver, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-in.over:
		return ws.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitCount waits until n messages have come, but for each no longer than
// --wait: a server that behaves otherwise is compared at the end.
func (r *replay) awaitCount(ctx context.Context, in *receiver, n int) error {
	t := time.NewTimer(r.wait)
	defer t.Stop()
	for in.count() < n {
		select {
		case <-in.arrived:
			t.Reset(r.wait)
		case <-t.C:
			return nil
		case <-in.over:
			return ws.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// await waits for the messages that the recording received, and lets the server
// send more than that until it has read everything.
func (r *replay) await(ctx context.Context, c *ws.Conn, in *receiver) {
	if r.awaitCount(ctx, in, len(r.expected())) != nil {
		return
	}
	barrier, cancel := context.WithTimeout(ctx, min(barrierWait, r.wait))
	defer cancel()
	c.Ping(barrier)
}

// expected are the messages that the recording received.
func (r *replay) expected() []reply {
	var all []reply
	for _, m := range r.recorded.Messages {
		if m.Kind == wshar.Receive && isMessage(m) {
			all = append(all, reply{ws.MessageType(m.Opcode), m.Data})
		}
	}
	return all
}
