//go:build js && wasm

package main

import (
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/examples/page/session"
)

const (
	logLines = 200 // kept in the log
	logBytes = 400 // shown of one message
)

// view shows a session in the page.
type view struct {
	state, why, rate        element
	log                     element
	connect, disconnect     element
	sendText, sendBin, pour element
}

func newView() *view {
	return &view{
		state: byID("state"), why: byID("why"), rate: byID("rate"), log: byID("log"),
		connect: byID("connect"), disconnect: byID("disconnect"),
		sendText: byID("send-text"), sendBin: byID("send-binary"), pour: byID("flood"),
	}
}

// State shows the state, and enables the buttons that make sense in it.
func (v *view) State(s session.State, why string) {
	v.state.setText(string(s))
	v.state.setData("state", string(s))
	v.why.setText(why)
	idle := s == session.Idle || s == session.Closed
	v.connect.setDisabled(!idle)
	v.disconnect.setDisabled(idle || s == session.Closing)
	for _, b := range []element{v.sendText, v.sendBin, v.pour} {
		b.setDisabled(s != session.Open)
	}
	if why != "" {
		v.add("note", string(s)+": "+why)
		return
	}
	v.add("note", string(s))
}

func (v *view) Received(typ api.MessageType, p []byte) { v.add("received", describe(typ, p)) }
func (v *view) Sent(typ api.MessageType, p []byte)     { v.add("sent", describe(typ, p)) }
func (v *view) Problem(err error)                      { v.add("problem", err.Error()) }

// Flooding turns the button into one that ends the flood.
func (v *view) Flooding(on bool) {
	if on {
		v.pour.setText("Stop the flood")
		return
	}
	v.pour.setText("Flood")
	v.rate.setText("no flood")
}

// Rate shows the flood's speed.
func (v *view) Rate(r session.Rate) {
	v.rate.setText(fmt.Sprintf("%.0f messages/s, %.2f MB/s each way", r.Messages, r.Bytes/1e6))
}

// add appends a line to the log, and drops the oldest when there are too many.
func (v *view) add(kind, text string) {
	line := create("li", kind, "")
	line.append(create("time", "", time.Now().Format("15:04:05.000")), create("span", "", text))
	v.log.append(line)
	if v.log.v.Get("childElementCount").Int() > logLines {
		v.log.v.Get("firstElementChild").Call("remove")
	}
	v.log.v.Set("scrollTop", v.log.v.Get("scrollHeight"))
}

// describe says what a message is, and shows its beginning.
func describe(typ api.MessageType, p []byte) string {
	head, more := p, ""
	if len(head) > logBytes {
		head, more = head[:logBytes], "..."
	}
	if typ == api.MessageBinary {
		return fmt.Sprintf("binary, %d bytes: %s%s", len(p), hex.EncodeToString(head), more)
	}
	for more != "" && len(head) > 0 && !utf8.Valid(head) { // a character cut in two
		head = head[:len(head)-1]
	}
	return fmt.Sprintf("text, %d bytes: %s%s", len(p), head, more)
}
