//go:build js && wasm

// Command ws is the benchmark's contestant over this library.
package main

import (
	"context"

	"github.com/twinws/ws"
	"github.com/twinws/ws/bench/browser/contestant"
)

var background = context.Background()

type link struct{ c *ws.Conn }

func dial(url string) (contestant.Link, error) {
	// 64 messages of 1 MiB in flight are more than the bounds for one message
	// and for the queue, which no other contestant has.
	c, err := ws.Dial(background, url, &ws.DialOptions{ReadLimit: -1, ReadBuffer: -1})
	return link{c}, err
}

func (l link) Send(text bool, p []byte) error {
	typ := ws.MessageBinary
	if text {
		typ = ws.MessageText
	}
	return l.c.Write(background, typ, p)
}

func (l link) Echo() (int, error) {
	typ, p, err := l.c.Read(background)
	if err != nil {
		return 0, err
	}
	return len(p), l.c.Write(background, typ, p)
}

func (l link) Receive() (int, error) {
	_, p, err := l.c.Read(background)
	return len(p), err
}

func (l link) Close() error { return l.c.Close(ws.StatusNormalClosure, "") }

func main() { contestant.Serve(dial) }
