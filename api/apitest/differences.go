package apitest

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
)

// Differences are what a browser's WebSocket object does otherwise than the
// WHATWG WebSockets standard and RFC 6455 have it, or than most do where these
// leave a choice. They were measured. Each is asserted: where one has gone, a
// case fails. The zero value is Chromium's, but for DataAfterClose.
type Differences struct {
	// Answers are those of AnswerIsChecked that do not fail the connection.
	Answers map[string]Outcome
	// Frames are those that break a rule and do not fail the connection.
	Frames map[string]Outcome
	// DataAfterClose is Taken when data behind the server's close frame is
	// ignored, as RFC 6455 section 5.5.1 has it; Chromium fails the connection.
	DataAfterClose Outcome

	// FollowsRedirects: a redirect of the handshake is followed.
	FollowsRedirects bool
	// HidesUnasked: a subprotocol that the server names and nobody offered
	// opens, and is not shown.
	HidesUnasked bool
	// OnlyUpgrade: a Connection field with more than Upgrade in it fails.
	OnlyUpgrade bool
	// FoldsSubprotocols: two that differ in case alone are taken for one.
	FoldsSubprotocols bool
	// ParallelDials: several connections to a host are CONNECTING at a time.
	ParallelDials bool
	// KeepsGivenUp: a Dial given up leaves its TCP connection open.
	KeepsGivenUp bool
	// LosesBehindHandshake: where the stream ends, or breaks a rule, right
	// behind the handshake, the connection may not open, and what came before
	// is lost.
	LosesBehindHandshake bool
	// LateURL: the constructor does not look at the URL; what does not parse is
	// a failed handshake.
	LateURL bool
	// TellsTLS: where the TLS handshake fails the close event has code 1015.
	TellsTLS bool
	// NoCompression: permessage-deflate is not offered.
	NoCompression bool

	// LosesBOM: a leading U+FEFF of text and of reasons is lost.
	LosesBOM bool
	// CutsReasons: a close reason ends at U+0000.
	CutsReasons bool
	// LostCodes are codes of the server that become 1006.
	LostCodes []api.StatusCode
	// ClosesAlone is the least time after which close ends the connection with
	// 1006, whatever the library waits for; 0 when that is more than 6 s.
	ClosesAlone time.Duration
	// BufferedLate: bufferedAmount does not count what the kernel has taken at
	// once.
	BufferedLate bool
	// NoCloseEvent: a broken rule is reported by an error, and no close
	// follows.
	NoCloseEvent bool
	// ManyPings: a hundred pings of the server that come together end the
	// connection.
	ManyPings bool
	// EmptyBinary: an empty binary message ends the program.
	EmptyBinary bool
}

// Outcome is what becomes of a connection over what should fail it.
type Outcome int

const (
	Fails Outcome = iota
	Hangs         // nothing happens
	Taken         // it is taken for right
)

// String names the outcome.
func (o Outcome) String() string { return [...]string{"fails", "hangs", "is taken"}[o] }

// Lengths are the Frames with a length that is not in its shortest form.
func Lengths(o Outcome) map[string]Outcome {
	return map[string]Outcome{"125 in 16 bits": o, "65535 in 64 bits": o}
}

// hanging is how long nothing happens where something hangs.
const hanging = time.Second

// attempt is the context for something that may hang.
func (t *trial) attempt(want Outcome) (context.Context, context.CancelFunc) {
	if want == Hangs {
		return context.WithTimeout(t.ctx, hanging)
	}
	return context.WithTimeout(t.ctx, 2*promptly)
}

// wantOutcome compares an outcome, of a call that returned err.
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

// wantBreak dials, has the server send bytes that break a rule once the client
// has written, and checks what a Read returns and what the server saw of it.
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
