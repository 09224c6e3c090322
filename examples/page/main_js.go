//go:build js && wasm

// Command page drives index.html: a small console for a WebSocket server. What it
// does with the connection is package session's; here are the page's elements.
package main

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/examples/page/session"
)

// readLimit is the largest message that the page takes, in bytes.
const readLimit = 16 << 20

func main() {
	v := newView()
	wire(v, session.New(v, dial))
	byID("url").setValue(defaultURL())
	v.State(session.Idle, "")
	byID("page").setData("ready", "true") // says to a test, too, that buttons work
	select {}                             // events do the rest
}

func dial(ctx context.Context, url string) (api.Conn, error) {
	c, err := ws.Dial(ctx, url, &ws.DialOptions{ReadLimit: readLimit})
	if err != nil {
		return nil, err // a nil *ws.Conn in an api.Conn would not be nil
	}
	return c, nil
}

// defaultURL is the echo of the server that the page came from.
func defaultURL() string {
	here := js.Global().Get("location")
	scheme := "ws://"
	if here.Get("protocol").String() == "https:" {
		scheme = "wss://"
	}
	return scheme + here.Get("host").String() + "/echo"
}

// wire gives every button its work, each in a goroutine: an event's callback
// must not wait.
func wire(v *view, s *session.Session) {
	url, text, size := byID("url"), byID("text"), byID("size")
	byID("dial").on("submit", func() { go s.Connect(url.value()) })
	v.disconnect.on("click", func() { go s.Close(ws.StatusNormalClosure, "") })
	byID("compose").on("submit", func() { go s.Send(ws.MessageText, []byte(text.value())) })
	v.sendBin.on("click", func() {
		p, err := hex.DecodeString(strings.ReplaceAll(text.value(), " ", ""))
		if err != nil {
			p = []byte(text.value()) // not hexadecimal: its bytes as they are
		}
		go s.Send(ws.MessageBinary, p)
	})
	byID("pour").on("submit", func() {
		n, err := strconv.Atoi(size.value())
		if err != nil || n < 0 || n > readLimit {
			v.Problem(&ws.ArgumentError{Name: "size", Problem: "is not a number of bytes from 0 to " + strconv.Itoa(readLimit)})
			return
		}
		go s.Flood(n)
	})
	byID("clear").on("click", func() { v.log.v.Call("replaceChildren") })
}
