//go:build js && wasm

package main

import (
	"strconv"
	"time"

	"github.com/twinws/ws/examples/page/figure"
	"github.com/twinws/ws/examples/page/session"
)

// view shows a session in the page.
type view struct {
	state, why     *element
	dial           *element // the button
	send, pour     *element
	pause          *element
	text, hint     *element
	rate, inFlight *element
	log            *logView
	charts         []*chart
	history        session.History
}

func newView() *view {
	return &view{
		state: byID("state"), why: byID("why"), dial: byID("connect"),
		send: byID("send"), pour: byID("flood"), pause: byID("pause"),
		text: byID("text"), hint: byID("hint"),
		rate: byID("rate"), inFlight: byID("flying"),
		log: newLogView(), charts: newCharts(),
	}
}

// dialLabels say what the one button does, which keeps the focus all the while.
var dialLabels = map[session.State]string{
	session.Idle: "Connect", session.Connecting: "Cancel", session.Open: "Close",
	session.Closing: "Close now", session.Closed: "Connect",
}

func (v *view) update(u session.Update) {
	open := u.State == session.Open
	v.state.setText(string(u.State))
	v.state.setAttribute("data-state", string(u.State))
	v.why.setText(u.Detail)
	v.why.setFlag("data-failed", u.Failed)
	v.dial.setText(dialLabels[u.State])
	v.dial.setAttribute("data-state", string(u.State))
	v.send.setDisabled(!open)
	v.pour.setDisabled(!open)
	v.pause.setDisabled(!open)
	v.pause.setFlag("aria-pressed", u.Paused)
	v.flooding(u)
	v.log.add(u.Skipped, u.Lines)
	if u.State == session.Connecting {
		v.history.Clear()
	}
	if u.Sample != nil {
		v.history.Add(*u.Sample)
	}
	for _, c := range v.charts {
		c.show(&v.history)
	}
}

// flooding shows what a flood does.
func (v *view) flooding(u session.Update) {
	label, flying, rate := "Flood", "", ""
	if u.Flooding {
		label = "Stop"
		if u.Sample != nil {
			flying = strconv.Itoa(u.Sample.InFlight) + " in flight"
		}
		r := v.history.Recent(time.Second)
		rate = figure.Bytes(r.Rate(r.ReceivedBytes)) + "/s each way"
	}
	v.pour.setText(label)
	v.pour.setFlag("data-on", u.Flooding)
	v.inFlight.setText(flying)
	v.rate.setText(rate)
}

// moved tells that the session runs elsewhere now.
func (v *view) moved(where string) {
	v.history.Clear()
	v.log.add(0, []session.Line{{Kind: session.Note, At: time.Now(), Text: "the connection lives in " + where + " now"}})
}

// compose says how long a message is, or what is wrong with it.
func (v *view) compose(hint string, valid bool) {
	v.hint.setText(hint)
	v.hint.setFlag("data-failed", !valid)
	v.text.setFlag("aria-invalid", !valid)
}
