//go:build js && wasm

package main

import (
	"strconv"
	"strings"
	"syscall/js"

	"github.com/twinws/ws"
	"github.com/twinws/ws/examples/page/figure"
	"github.com/twinws/ws/examples/page/session"
)

// page is what the user can do, and what was told last.
type page struct {
	view *view
	home home
	last session.Update

	url, subprotocols, code, reason *element
	text, hex                       *element
	size, window                    *element
}

// show makes the page work.
func show() {
	p := &page{
		view: newView(),
		url:  byID("url"), subprotocols: byID("subprotocols"), code: byID("code"), reason: byID("reason"),
		text: byID("text"), hex: byID("as-hex"),
		size: byID("size"), window: byID("in-flight"),
	}
	p.suggest()
	p.move(newWindow)
	p.wire()
	byID("page").setAttribute("data-ready", "true") // says to a test, too, that buttons work
}

// wire gives every control its work.
func (p *page) wire() {
	byID("dial").onSubmit(p.dialOrClose)
	byID("compose").onSubmit(p.send)
	p.text.on("keydown", p.sendOnEnter)
	for _, e := range []*element{p.text, p.hex, byID("as-text")} {
		e.on("input", func(js.Value) { p.count() })
	}
	byID("pour").onSubmit(p.flood)
	byID("pause").on("click", func(js.Value) { p.pause() })
	byID("clear").on("click", func(js.Value) { p.view.log.clear() })
	byID("home-window").on("change", func(js.Value) { p.moveTo("the window", newWindow) })
	byID("home-worker").on("change", func(js.Value) { p.moveTo("a Worker", newWorker) })
	p.count()
}

// move begins a session in a new home. What a former one still says is not
// heard.
func (p *page) move(begin func(show func(session.Update)) home) {
	var here home
	here = begin(func(u session.Update) {
		if p.home == here {
			p.last = u
			p.view.update(u)
		}
	})
	p.home = here
}

// moveTo leaves the old home for a new one, and takes the connection along by
// connecting again.
func (p *page) moveTo(name string, begin func(show func(session.Update)) home) {
	again := p.last.State == session.Open || p.last.State == session.Connecting
	p.home.leave()
	p.last = session.Update{State: session.Idle}
	p.view.update(p.last)
	p.view.moved(name)
	p.move(begin)
	if again {
		p.connect()
	}
}

func (p *page) dialOrClose() {
	switch p.last.State {
	case session.Idle, session.Closed:
		p.connect()
	default:
		code, err := strconv.Atoi(p.code.value())
		if err != nil {
			code = int(ws.StatusNormalClosure)
		}
		p.home.do(session.Command{Op: session.Close, Code: ws.StatusCode(code), Reason: p.reason.value()})
	}
}

func (p *page) connect() {
	p.home.do(session.Command{
		Op: session.Connect, URL: p.url.value(), Subprotocols: session.ParseList(p.subprotocols.value()),
	})
}

// message is what stands in the message field.
func (p *page) message() (ws.MessageType, []byte, error) {
	text := p.text.value()
	if !p.hex.checked() {
		return ws.MessageText, []byte(text), nil
	}
	data, err := session.ParseHex(text)
	return ws.MessageBinary, data, err
}

func (p *page) send() {
	typ, data, err := p.message()
	if err != nil || p.last.State != session.Open {
		return // count says what is wrong, or the button is grey
	}
	p.home.do(session.Command{Op: session.Send, Type: typ, Data: data})
}

// sendOnEnter sends at Enter; with Shift it begins a new line.
func (p *page) sendOnEnter(event js.Value) {
	if event.Get("key").String() != "Enter" || event.Get("shiftKey").Bool() || event.Get("isComposing").Bool() {
		return
	}
	event.Call("preventDefault")
	p.send()
}

// count says how long the message is, or what is wrong with it.
func (p *page) count() {
	_, data, err := p.message()
	if err != nil {
		p.view.compose(err.Error(), false)
		return
	}
	p.view.compose(figure.Bytes(float64(len(data))), true)
}

func (p *page) flood() {
	if p.last.Flooding {
		p.home.do(session.Command{Op: session.StopFlood})
		return
	}
	size, _ := strconv.Atoi(p.size.value()) // the form lets numbers alone through
	window, _ := strconv.Atoi(p.window.value())
	p.home.do(session.Command{Op: session.Flood, Size: size, Window: window})
}

func (p *page) pause() {
	op := session.Pause
	if p.last.Paused {
		op = session.Resume
	}
	p.home.do(session.Command{Op: op})
}

// suggest fills in the echo of the server that the page came from, and offers
// the other endpoints.
func (p *page) suggest() {
	here := js.Global().Get("location")
	base := "ws://"
	if here.Get("protocol").String() == "https:" {
		base = "wss://"
	}
	base += here.Get("host").String()
	p.url.setValue(base + "/echo")
	options := byID("endpoints").v.Get("children")
	for i := range options.Length() {
		o := options.Index(i)
		o.Set("value", strings.TrimSuffix(base, "/")+o.Get("value").String())
	}
}
