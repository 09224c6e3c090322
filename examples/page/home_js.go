//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/twinws/ws"
	"github.com/twinws/ws/examples/page/session"
)

// home is where a session runs.
type home interface {
	// do begins a command, and does not wait for it.
	do(session.Command)
	// leave ends the session and its connection.
	leave()
}

// window is a session in the page's own thread.
type window struct {
	s    *session.Session
	stop context.CancelFunc
}

func newWindow(show func(session.Update)) home {
	ctx, stop := context.WithCancel(context.Background())
	w := &window{session.New(dial), stop}
	go w.s.Watch(ctx, show)
	return w
}

func (w *window) do(c session.Command) { go w.s.Do(c) }

func (w *window) leave() {
	w.stop()
	w.do(session.Command{Op: session.Close, Code: ws.StatusNormalClosure})
}

// worker is a session in a Worker, which runs the same program.
type worker struct {
	v       js.Value
	message js.Func
	failure js.Func
	ready   bool
	waiting []session.Command // until the program there is ready
}

func newWorker(show func(session.Update)) home {
	w := &worker{v: js.Global().Get("Worker").New("start.js")}
	w.message = js.FuncOf(func(_ js.Value, args []js.Value) any {
		w.begin()
		u, err := session.ParseUpdate(bytesOf(args[0].Get("data")))
		if err != nil {
			u = failure(err.Error())
		}
		show(u)
		return nil
	})
	w.failure = js.FuncOf(func(_ js.Value, args []js.Value) any {
		why := "the Worker cannot be loaded"
		if m := args[0].Get("message"); m.Type() == js.TypeString {
			why = "the Worker failed: " + m.String()
		}
		show(failure(why))
		return nil
	})
	w.v.Set("onmessage", w.message)
	w.v.Set("onerror", w.failure)
	return w
}

// begin sends what has waited for the program's first message: what comes
// before it is ready, a Worker drops.
func (w *worker) begin() {
	if w.ready {
		return
	}
	w.ready = true
	for _, c := range w.waiting {
		w.do(c)
	}
	w.waiting = nil
}

func (w *worker) do(c session.Command) {
	if !w.ready {
		w.waiting = append(w.waiting, c)
		return
	}
	post(w.v, session.AppendCommand(nil, c))
}

// leave ends the Worker: the browser closes its connection with 1001, going
// away.
func (w *worker) leave() {
	w.v.Call("terminate")
	w.message.Release()
	w.failure.Release()
}

func failure(why string) session.Update {
	return session.Update{State: session.Closed, Detail: why, Failed: true}
}

// serve runs a session for the page that made this Worker.
func serve() {
	s := session.New(dial)
	scope := js.Global()
	scope.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if c, err := session.ParseCommand(bytesOf(args[0].Get("data"))); err == nil {
			go s.Do(c)
		} else {
			post(scope, session.AppendUpdate(nil, failure(err.Error())))
		}
		return nil
	}))
	go s.Watch(context.Background(), func(u session.Update) { post(scope, session.AppendUpdate(nil, u)) })
}

// post gives p to the other thread, without copying it once more on the way.
func post(to js.Value, p []byte) {
	a := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(a, p)
	to.Call("postMessage", a, []any{a.Get("buffer")})
}

func bytesOf(a js.Value) []byte {
	p := make([]byte, a.Length())
	js.CopyBytesToGo(p, a)
	return p
}
