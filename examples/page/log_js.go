//go:build js && wasm

package main

import (
	"fmt"
	"syscall/js"

	"github.com/twinws/ws/examples/page/figure"
	"github.com/twinws/ws/examples/page/session"
)

// logLines is how many lines stay in the log.
const logLines = 200

// logView is the log: a list whose lines are copies of index.html's template.
type logView struct {
	box, list js.Value
	line      js.Value // the template's one element
	empty     *element
}

func newLogView() *logView {
	return &logView{
		box: byID("log").v, list: byID("lines").v, empty: byID("empty"),
		line: byID("line").v.Get("content").Get("firstElementChild"),
	}
}

// kinds are the lines' classes, and what stands before them for those who see
// no arrows.
var kinds = map[session.Kind]struct{ class, arrow, said string }{
	session.Sent:     {"sent", "↑", "sent"},
	session.Received: {"received", "↓", "received"},
	session.Note:     {"note", "·", "note"},
	session.Problem:  {"problem", "!", "problem"},
}

// add appends lines, of which some were left out before them, and drops the
// oldest when there are too many. Who looks at the end goes on doing so.
func (l *logView) add(skipped int, lines []session.Line) {
	if len(lines) == 0 {
		return
	}
	atEnd := l.box.Get("scrollHeight").Int()-l.box.Get("scrollTop").Int()-l.box.Get("clientHeight").Int() < 40
	all := js.Global().Get("document").Call("createDocumentFragment")
	if skipped > 0 {
		text := figure.Count(float64(skipped)) + " more that are not shown"
		all.Call("append", l.render(session.Line{Kind: session.Note, At: lines[0].At, Text: text}))
	}
	for _, x := range lines {
		all.Call("append", l.render(x))
	}
	l.list.Call("append", all)
	for n := l.list.Get("childElementCount").Int(); n > logLines; n-- {
		l.list.Get("firstElementChild").Call("remove")
	}
	l.empty.v.Set("hidden", true)
	if atEnd {
		l.box.Set("scrollTop", l.box.Get("scrollHeight"))
	}
}

// render fills in a copy of the template, whose columns stand in this order.
func (l *logView) render(x session.Line) js.Value {
	line := l.line.Call("cloneNode", true)
	k := kinds[x.Kind]
	line.Set("className", k.class)
	typ, size, took := "", "", ""
	if x.Type != 0 {
		typ, size = x.Type.String(), figure.Bytes(float64(x.Size))
	}
	if x.Latency > 0 {
		took = figure.Duration(x.Latency)
	}
	columns := line.Get("children")
	for i, text := range [...]string{clock(x), k.arrow, k.said, typ, size, x.Text, took} {
		if text != "" {
			columns.Index(i).Set("textContent", text)
		}
	}
	return line
}

// clock is the time of day, to the millisecond.
func clock(x session.Line) string {
	t := x.At.Local()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1e6)
}

func (l *logView) clear() {
	l.list.Call("replaceChildren")
	l.empty.v.Set("hidden", false)
}
