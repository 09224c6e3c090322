package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
)

// The exit statuses.
const (
	exitOK          = 0
	exitOther       = 1
	exitUsage       = 2
	exitNoHandshake = 3
	exitClosed      = 4
	exitLost        = 5
	exitTimeout     = 6
	exitDiffers     = 7
	exitInterrupted = 130 // as shells have it: 128 and the number of SIGINT
)

const exitHelp = `The exit status of every command:

  0    all is well; a connection was closed by this side, or by the peer with
       1000, 1001 or without a code
  1    an error that no other status names: a file, an address in use
  2    an argument or flag is wrong; nothing was sent
  3    the connection could not be opened
  4    the peer closed the connection with another code, or before everything
       was sent
  5    the connection was lost without a close frame, the peer violated the
       protocol, or a message was over the read limit
  6    a time limit has passed
  7    the server does not do what it should: ws check found a fault, a replay
       differs from its recording, a load test lost messages
  130  interrupted, by Ctrl-C or SIGTERM`

// failure is an error with an exit status.
type failure struct {
	status int
	text   string // one line for the user; "" if everything was said already
	err    error  // may be nil
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// fail returns a failure. text names operation, cause and remedy.
func fail(status int, text string) *failure { return &failure{status: status, text: text} }

// usage makes err the error of wrong arguments; nil for nil.
func usage(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error() + ": see " + cmd.CommandPath() + " --help"
	if cmd.HasParent() {
		text = cmd.Name() + ": " + text
	}
	return &failure{exitUsage, text, err}
}

// explain finds the exit status of err.
func explain(ctx context.Context, err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	text := strings.TrimPrefix(err.Error(), "ws: ")
	_, argument := errors.AsType[*ws.ArgumentError](err)
	_, handshake := errors.AsType[*ws.HandshakeError](err)
	closed, ended := errors.AsType[*ws.CloseError](err)
	switch {
	case argument:
		return &failure{exitUsage, text, err}
	case errors.Is(context.Cause(ctx), context.Canceled):
		return &failure{exitInterrupted, "", err}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{exitTimeout, text, err}
	case handshake:
		return &failure{exitNoHandshake, text + " (ws check diagnoses it step by step)", err}
	case ended:
		return explainClose(closed, text)
	case errors.Is(err, ws.ErrClosed): // a ProtocolError, a message over the limit
		return &failure{exitLost, text, err}
	}
	return &failure{exitOther, text, err}
}

// explainClose finds the exit status of a connection that has ended.
func explainClose(e *ws.CloseError, text string) *failure {
	switch {
	case e.Local && e.Cause == nil:
		return &failure{exitOK, "", e}
	case e.Code == ws.StatusAbnormalClosure, e.Cause != nil:
		return &failure{exitLost, text, e}
	case e.Code == ws.StatusNormalClosure, e.Code == ws.StatusGoingAway, e.Code == ws.StatusNoStatusRcvd:
		return &failure{exitOK, "", e}
	}
	return &failure{exitClosed, text, e}
}

// ended returns the error of a command whose connection ended with err: nil if
// that is how it should end.
func ended(ctx context.Context, err error) error {
	if f := explain(ctx, err); f.status != exitOK {
		return f
	}
	return nil
}
