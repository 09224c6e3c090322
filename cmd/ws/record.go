package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
	"github.com/twinws/ws/cmd/ws/wshar"
)

// recording is a run of ws record.
type recording struct {
	dialing
	force   bool
	secrets bool

	mu   sync.Mutex
	conn wshar.Connection // protected by mu
}

func recordCommand(c console) *cobra.Command {
	r := &recording{dialing: dialing{console: c}}
	cmd := &cobra.Command{
		Use:   "record URL FILE",
		Short: "Connect as ws dial does, and write all messages to a HAR file",
		Long: `Record is ws dial, and writes the handshake and all messages to FILE when the
connection has ended, however it ended. The file is HAR 1.2 with the messages as
Chromium's DevTools writes them: its network panel can import it, and ws replay
can send it again. "-" is standard output.

Authorization, Cookie and Set-Cookie are left out, as in a sanitized export of
DevTools. What is in the messages, and in the URL, is not.`,
		Example: `  ws record ws://localhost:8080/ session.har
  echo hello | ws record --wait 1s wss://example.com/chat session.har`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args[0], args[1]) },
	}
	r.dialing.add(cmd)
	cmd.Flags().BoolVarP(&r.force, "force", "f", false, "overwrite FILE")
	cmd.Flags().BoolVar(&r.secrets, "with-secrets", false, "record Authorization, Cookie and Set-Cookie too")
	return cmd
}

// run dials, records, and writes the file.
func (r *recording) run(ctx context.Context, url, file string) error {
	if err := r.format.check(); err != nil {
		return err
	}
	dialer, err := r.dialer()
	if err != nil {
		return err
	}
	out, err := r.create(file)
	if err != nil {
		return err
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	err = r.capture(ctx, dialer, url)
	r.mu.Lock()
	defer r.mu.Unlock()
	write := wshar.Write(out, wshar.Creator{Name: "ws", Version: version()}, &r.conn)
	if write = errors.Join(write, out.Close()); write != nil {
		return errors.Join(err, fmt.Errorf("record: %s: %w", file, write))
	}
	r.note("* recorded %s to %s", count(len(r.conn.Messages), "message"), file)
	return err
}

// create opens the file before anything is sent, so that nothing is lost when
// that is not possible.
func (r *recording) create(file string) (io.WriteCloser, error) {
	if file == "-" {
		out := r.out
		r.out = r.err // messages would be mixed with the file
		return keepOpen{out}, nil
	}
	how := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if r.force {
		how = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	f, err := os.OpenFile(file, how, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fail(exitUsage, "record: "+file+" exists: choose another name, or add --force")
	} else if err != nil {
		return nil, fail(exitOther, "record: "+err.Error())
	}
	return f, nil
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// capture dials and talks, with a tape.
func (r *recording) capture(ctx context.Context, dialer *ws.Dialer, url string) error {
	begin := r.now()
	r.conn = wshar.Connection{URL: withoutUser(url), Started: begin}
	r.tape = r.add
	s := &shown{now: r.now}
	if r.verbose {
		dialer.OnPing = func(_ *ws.Conn, p []byte) { r.note("* ping received%s", payload(p)) }
		dialer.OnPong = func(_ *ws.Conn, p []byte) { r.note("* pong received%s", payload(p)) }
	}
	c, err := s.dial(ctx, dialer, url)
	if r.verbose {
		r.showHandshake(s)
	}
	r.keep(s)
	if err == nil {
		defer c.CloseNow()
		r.conn.URL = c.URL()
		err = r.talk(ctx, c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.now()
	r.conn.Duration = end.Sub(begin)
	if err != nil && err.Error() != "" {
		r.conn.Messages = append(r.conn.Messages, wshar.Message{Kind: wshar.Error, Time: end, Opcode: wshar.OpText, Data: []byte(oneLine(err.Error()))})
	}
	return err
}

// withoutUser leaves the userinfo out of a URL, which need not be valid.
func withoutUser(url string) string {
	scheme, rest, found := strings.Cut(url, "://")
	if !found {
		return url
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndex(rest[:end], "@")
	return scheme + "://" + rest[at+1:]
}

// keep records the handshake.
func (r *recording) keep(s *shown) {
	for _, l := range s.sent {
		if name, value, ok := strings.Cut(l, ": "); ok { // else the request line
			r.conn.Request = r.field(r.conn.Request, name, value)
		}
	}
	if s.nc != nil {
		if host, _, err := net.SplitHostPort(s.nc.RemoteAddr().String()); err == nil {
			r.conn.ServerAddr = host
		}
	}
	if s.response == nil {
		return
	}
	r.conn.HTTPVersion, r.conn.Status, r.conn.StatusText = s.response.Proto, s.response.Status, s.response.Reason
	for _, f := range s.response.Header {
		r.conn.Response = r.field(r.conn.Response, f.Name, f.Value)
	}
}

func (r *recording) field(all []wshar.Field, name, value string) []wshar.Field {
	if secretField(name) && !r.secrets {
		return all
	}
	return append(all, wshar.Field{Name: name, Value: value})
}

// add records one message.
func (r *recording) add(sent bool, typ ws.MessageType, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := wshar.Message{Kind: wshar.Receive, Time: r.now(), Opcode: int(typ), Data: append([]byte{}, data...)}
	if sent {
		m.Kind = wshar.Send
	}
	if n := len(r.conn.Messages); n > 0 && m.Time.Before(r.conn.Messages[n-1].Time) {
		m.Time = r.conn.Messages[n-1].Time // the clock was set back
	}
	r.conn.Messages = append(r.conn.Messages, m)
}
