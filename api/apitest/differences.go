package apitest

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
)

// Differences are the ways in which a home's WebSocket object differs from the
// WHATWG WebSockets standard and RFC 6455, or from most others where these
// leave a choice. They were measured. The cases assert each: if one is gone, a
// case fails. The zero value describes Chromium.
type Differences struct {
	// Answers are the responses of AnswerIsChecked that do not fail the
	// connection.
	Answers map[string]Outcome
	// Frames are those that violate a rule and do not fail the connection.
	Frames map[string]Outcome
	// DataAfterClose is Taken if data behind the server's close frame is
	// ignored (RFC 6455 section 5.5.1). Chromium fails the connection.
	DataAfterClose Outcome

	// FollowsRedirects: a redirect of the handshake is followed.
	FollowsRedirects bool
	// HidesUnasked: if the server selects a subprotocol though none was
	// offered, the connection opens, and protocol is "".
	HidesUnasked bool
	// OnlyUpgrade: a response fails if its Connection field lists more than
	// Upgrade.
	OnlyUpgrade bool
	// FoldsSubprotocols: two that differ only in case count as equal.
	FoldsSubprotocols bool
	// ParallelDials: several connections to a host can be CONNECTING at a time.
	ParallelDials bool
	// KeepsGivenUp: a cancelled Dial leaves its TCP connection open.
	KeepsGivenUp bool
	// LosesBehindHandshake: if the stream ends or violates a rule right behind
	// the handshake, the connection may not open, and the messages before are
	// lost.
	LosesBehindHandshake bool
	// LateURL: the constructor does not parse the URL; an invalid one is a
	// failed handshake.
	LateURL bool
	// TellsTLS: if the TLS handshake fails, the close event has code 1015.
	TellsTLS bool
	// NoCompression: permessage-deflate is not offered.
	NoCompression bool

	// LosesBOM: a leading U+FEFF of received text and reasons is lost.
	LosesBOM bool
	// CutsReasons: a close reason ends at U+0000, sent and received.
	CutsReasons bool
	// LostCodes are close codes of the server that are reported as 1006.
	LostCodes []api.StatusCode
	// ClosesAlone is the least time after which the browser itself gives up on
	// a closing handshake, with 1006; 0 if that is more than 6 s.
	ClosesAlone time.Duration
	// BufferedLate: bufferedAmount does not count bytes that the kernel has
	// accepted at once.
	BufferedLate bool
	// NoCloseEvent: a violation of a rule gives an error event, and no close
	// event.
	NoCloseEvent bool
	// ManyPings: a hundred pings of the server in one segment may end the
	// connection.
	ManyPings bool
	// EmptyBinary: an empty binary message throws an exception that ends the
	// program.
	EmptyBinary bool
}

// Outcome is the result of something that should fail a connection.
type Outcome int

const (
	Fails Outcome = iota
	Hangs         // nothing happens
	Taken         // it is accepted
)

// String names the outcome.
func (o Outcome) String() string { return [...]string{"fails", "hangs", "is accepted"}[o] }

// Lengths returns the Frames whose length is not in its shortest form.
func Lengths(o Outcome) map[string]Outcome {
	return map[string]Outcome{"125 in 16 bits": o, "65535 in 64 bits": o}
}

// hanging is how long a case waits for something that hangs.
const hanging = time.Second

// attempt returns the context for something with the outcome want.
func (t *trial) attempt(want Outcome) (context.Context, context.CancelFunc) {
	if want == Hangs {
		return context.WithTimeout(t.ctx, hanging)
	}
	return context.WithTimeout(t.ctx, 2*promptly)
}

// wantOutcome compares the outcome of a call that returned err.
func (t *trial) wantOutcome(what string, err error, want Outcome) {
	t.Helper()
	got := Taken
	switch e, ok := errors.AsType[*api.CloseError](err); {
	case errors.Is(err, context.DeadlineExceeded):
		got = Hangs
	case ok && e.Clean:
	case err != nil:
		got = Fails
		if ok && (e.Code != api.StatusAbnormalClosure || e.Local) {
			t.Errorf("%s: %#v, want 1006 and not Local", what, e)
		}
	}
	if got != want {
		t.Errorf("%s %v (%v), want that it %v", what, got, err, want)
	}
}

// wantBreak dials, has the server send bytes that violate a rule after the
// client has written, and checks the error of Read and the close code that the
// server saw.
func (t *trial) wantBreak(rule, hex string, code api.StatusCode) {
	t.Helper()
	id := newID()
	c := t.dial("/raw?hex=&hex=" + hex + "&id=" + id)
	t.write(c, api.MessageText, []byte("now"))
	want := t.Differs.Frames[rule]
	ctx, cancel := t.attempt(want)
	defer cancel()
	_, _, err := c.Read(ctx)
	if t.Browser {
		t.wantOutcome(rule, err, want)
		return
	}
	t.wantBroken(rule, id, err, code)
}
