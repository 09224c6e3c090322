//go:build js && wasm

// Command coder is the benchmark's contestant over coder/websocket.
package main

import (
	"context"

	"github.com/coder/websocket"

	"github.com/twinws/ws/bench/browser/contestant"
)

var background = context.Background()

type link struct{ c *websocket.Conn }

func dial(url string) (contestant.Link, error) {
	c, _, err := websocket.Dial(background, url, nil)
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(-1)
	return link{c}, nil
}

func (l link) Send(text bool, p []byte) error {
	typ := websocket.MessageBinary
	if text {
		typ = websocket.MessageText
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

func (l link) Close() error { return l.c.Close(websocket.StatusNormalClosure, "") }

func main() { contestant.Serve(dial) }
