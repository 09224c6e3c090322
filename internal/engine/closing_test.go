package engine

import (
	"errors"
	"testing"

	"github.com/twinws/ws/api"
)

var stateNames = []string{"open", "closing", "answering", "exchanged", "ended"}
var eventNames = []string{"localClose", "frameSent", "peerClose", "inputEnd", "transportEnd"}

// TestTransitions tries every state with every event.
func TestTransitions(t *testing.T) {
	const open, clos, answ, exch, ended = stateOpen, stateClosing, stateAnswering, stateExchanged, stateEnded
	type move struct {
		from closeState
		ev   closeEvent
		to   closeState
		why  string
	}
	moves := []move{
		{open, localClose, clos, "7.1.2: to start the closing handshake an endpoint sends a Close frame"},
		{open, peerClose, answ, "5.5.1: on receiving a Close frame, the endpoint must send one in response"},
		{open, inputEnd, answ, "7.1.1: TCP has been closed without a Close frame, or half of it: the peer may still read ours"},
		{open, transportEnd, ended, "7.1.4: the connection is closed when TCP is, cleanly or not"},
		{clos, peerClose, exch, "7.1.2: having sent and received a Close frame, an endpoint closes the connection"},
		{clos, transportEnd, ended, "7.1.1: an endpoint may close at any time, when the peer does not answer for one"},
		{answ, frameSent, exch, "5.5.1: after both sending and receiving a Close it considers the connection closed"},
		{answ, transportEnd, ended, "7.1.4"},
		{exch, transportEnd, ended, "7.1.1: the server closes TCP, the client waits for it"},
	}
	for from := range closeState(len(stateNames)) {
		for ev := range closeEvent(len(eventNames)) {
			want := move{from, ev, from, "nothing changes: a Close frame is sent once (5.5.1), heard once (1.4)"}
			moved := false
			for _, m := range moves {
				if m.from == from && m.ev == ev {
					want, moved = m, true
				}
			}
			if to, ok := from.next(ev); to != want.to || ok != moved {
				t.Errorf("%s + %s = %s, %v; want %s, %v: RFC 6455 section %s", stateNames[from], eventNames[ev],
					stateNames[to], ok, stateNames[want.to], moved, want.why)
			}
		}
	}
}

// TestClosingErr plays events and compares the error that operations get.
func TestClosingErr(t *testing.T) {
	cause, failure := errors.New("cause"), errors.New("failure")
	ours, theirs := closeFrame{1000, "ours"}, closeFrame{3000, "theirs"}
	local := func(c *closing) { c.begin(ours, nil) }
	failed := func(c *closing) { c.begin(ours, failure) }
	sent := func(c *closing) { c.answered(true) }
	unsent := func(c *closing) { c.answered(false) }
	heard := func(c *closing) { c.hear(theirs) }
	end := func(c *closing) { c.end(false, cause) }
	endHere := func(c *closing) { c.end(true, cause) }
	ended := func(local, clean bool, f closeFrame) error {
		return &api.CloseError{Code: f.code, Reason: f.reason, Local: local, Clean: clean, Cause: cause}
	}
	none, here := closeFrame{code: 1006}, closeFrame{code: -1}
	lost := func(c *closing) { c.lose(cause) }
	for _, c := range []struct {
		name  string
		steps []func(*closing)
		want  error
	}{
		{"open", nil, nil},
		{"local", []func(*closing){local}, api.ErrClosed},
		{"local, sent", []func(*closing){local, sent}, api.ErrClosed},
		{"7.1.5: nothing heard is 1006, but for who ended it", []func(*closing){local, sent, end}, ended(true, false, here)},
		{"the peer's half ended", []func(*closing){lost}, ended(false, false, none)},
		{"the peer's half ended, answered", []func(*closing){lost, sent, func(c *closing) { c.end(false, nil) }}, ended(false, false, none)},
		{"the peer's half ended instead of an answer", []func(*closing){local, sent, lost}, ended(true, false, here)},
		{"a close after the peer's half ended is too late", []func(*closing){lost, local, sent, endHere}, ended(false, false, none)},
		{"local, sent, heard", []func(*closing){local, sent, heard, end}, ended(true, true, theirs)},
		{"local, heard, sent", []func(*closing){local, heard, sent, end}, ended(true, true, theirs)},
		{"heard, sent", []func(*closing){heard, sent, end}, ended(false, true, theirs)},
		{"7.1.4: heard and not sent is not clean", []func(*closing){heard, unsent, end}, ended(false, false, theirs)},
		{"heard, ended before the answer", []func(*closing){heard, end}, ended(false, false, theirs)},
		{"an answer after the end changes nothing", []func(*closing){heard, end, sent}, ended(false, false, theirs)},
		{"a close after the end is not heard", []func(*closing){end, heard}, ended(false, false, none)},
		{"ended by this side", []func(*closing){endHere}, ended(true, false, here)},
		{"the first end counts", []func(*closing){end, endHere}, ended(false, false, none)},
		{"who began stays", []func(*closing){heard, endHere}, ended(false, false, theirs)},
		{"the second close frame is ignored", []func(*closing){heard, func(c *closing) { c.hear(ours) }, sent, end}, ended(false, true, theirs)},
		{"a failure stands above all", []func(*closing){failed, sent, heard, end}, failure},
		{"a failure after a close is none", []func(*closing){local, failed, sent, heard, end}, ended(true, true, theirs)},
	} {
		var k closing
		for _, step := range c.steps {
			step(&k)
		}
		got := k.err()
		if e, ok := got.(*api.CloseError); ok {
			want, _ := c.want.(*api.CloseError)
			if want == nil || *e != *want {
				t.Errorf("%s: %+v, want %+v", c.name, *e, c.want)
			}
		} else if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestClosingMustSend checks when our close frame is due: once.
func TestClosingMustSend(t *testing.T) {
	var c closing
	for _, step := range []struct {
		name string
		do   func()
		due  bool
	}{
		{"open", func() {}, false},
		{"the peer began", func() { c.hear(closeFrame{3001, "reason"}) }, true},
		{"a close of this side comes too late", func() { c.begin(closeFrame{1000, ""}, nil) }, true},
		{"answered", func() { c.answered(true) }, false},
		{"ended", func() { c.end(false, nil) }, false},
	} {
		if step.do(); c.mustSend() != step.due {
			t.Errorf("%s: due is %v", step.name, !step.due)
		}
	}
	if c.record.ours != (closeFrame{code: 3001}) {
		t.Errorf("the answer is %+v, want the peer's code without a reason (section 5.5.1)", c.record.ours)
	}
	c = closing{}
	c.begin(closeFrame{1000, ""}, nil)
	c.hear(closeFrame{3001, ""})
	if !c.mustSend() || c.record.ours.code != 1000 {
		t.Errorf("after both began: due %v, %+v; want our own frame to be due", c.mustSend(), c.record.ours)
	}
}
