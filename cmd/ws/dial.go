package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
)

// dialing is a run of ws dial or ws record.
type dialing struct {
	console
	client
	format
	input
	timeout   time.Duration
	verbose   bool
	history   string
	noHistory bool

	tape func(sent bool, typ ws.MessageType, data []byte) // is given every message; nil for none
}

func dialCommand(c console) *cobra.Command {
	d := &dialing{console: c}
	cmd := &cobra.Command{
		Use:   "dial URL",
		Short: "Connect, send lines and print what comes back",
		Long: `Dial connects to a server. At a terminal it is a prompt: each line is sent as a
text message, and received messages appear above it. Arrow keys browse the
history, Ctrl-R searches it, Tab completes commands; /help lists these. A paste
of several lines is one message, which Enter sends.

If the input is not a terminal, each of its lines is a message. At its end dial
waits until the server has read everything (it answers a ping), and for what
--wait, --expect or --stay ask for, prints what it receives meanwhile, and
closes the connection with 1000.

Received text is printed to standard output, one message a line; everything else
goes to standard error.`,
		Example: `  ws dial wss://echo.example/ws
  echo '{"op":"ping"}' | ws dial --json --expect 1 wss://example.com/api
  ws dial -H 'Authorization: Bearer abc' -s chat ws://localhost:8080/chat
  ws dial --binary ws://localhost:8080/upload <photo.jpg
  ws dial --stay wss://example.com/feed </dev/null | jq .price`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context(), args[0]) },
	}
	d.add(cmd)
	return cmd
}

func (d *dialing) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	d.client.add(cmd)
	d.format.add(fs)
	d.input.add(fs)
	fs.DurationVar(&d.timeout, "timeout", 0, "end after this time, with exit status 6; 0 for no limit")
	fs.BoolVarP(&d.verbose, "verbose", "v", false, "show the handshake, pings and pongs, and the close")
	fs.StringVar(&d.history, "history", "", "the file of the prompt's history; default: ws/history in the user's state folder")
	fs.BoolVar(&d.noHistory, "no-history", false, "keep no history file")
}

// run dials, exchanges messages and closes.
func (d *dialing) run(ctx context.Context, url string) error {
	if err := d.format.check(); err != nil {
		return err
	}
	dialer, err := d.dialer()
	if err != nil {
		return err
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	c, err := d.connect(ctx, dialer, url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	return d.talk(ctx, c)
}

// talk exchanges messages over an open connection, and closes it.
func (d *dialing) talk(ctx context.Context, c *ws.Conn) error {
	if isTerminal(d.in) && isTerminal(d.out) && !d.whole() {
		return d.prompt(ctx, c)
	}
	return d.pipe(ctx, c)
}

func (d *dialing) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d.timeout)
}

// connect dials, and shows the handshake if that was asked for.
func (d *dialing) connect(ctx context.Context, dialer *ws.Dialer, url string) (*ws.Conn, error) {
	if !d.verbose {
		return dialer.Dial(ctx, url)
	}
	dialer.OnPing = func(_ *ws.Conn, p []byte) { d.note("* ping received%s", payload(p)) }
	dialer.OnPong = func(_ *ws.Conn, p []byte) { d.note("* pong received%s", payload(p)) }
	s := &shown{now: d.now}
	c, err := s.dial(ctx, dialer, url)
	d.showHandshake(s)
	return c, err
}

func (d *dialing) showHandshake(s *shown) {
	if s.nc != nil {
		d.note("* connected to %v", s.nc.RemoteAddr())
	}
	if s.tls != nil {
		d.note("* %s", describeTLS(s.tls))
	}
	for _, l := range s.sent {
		if name, _, ok := strings.Cut(l, ":"); ok && secretField(name) {
			l = name + ": (hidden)"
		}
		d.note("> %s", l)
	}
	for _, l := range s.responseLines() {
		if name, _, ok := strings.Cut(l, ":"); ok && secretField(name) {
			l = name + ": (hidden)"
		}
		d.note("< %s", l)
	}
}

// secretField reports whether a header field may have credentials, which are
// neither shown nor recorded unless that is asked for.
func secretField(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "set-cookie":
		return true
	}
	return false
}

// payload is that of a ping or pong for a note, "" for none.
func payload(p []byte) string {
	if len(p) == 0 {
		return ""
	}
	return ": " + quoted(p)
}

// closing says how a connection ended, for people.
func closing(err error) string { return strings.TrimPrefix(err.Error(), "ws: read: ") }
