// Command dial is the smallest program that uses the library: hello, and back.
package main

import (
	"context"

	"github.com/twinws/ws"
)

func main() {
	if err := hello(context.Background()); err != nil {
		println(err.Error())
	}
}

func hello(ctx context.Context) error {
	c, err := ws.Dial(ctx, "ws://127.0.0.1:8080/echo", nil)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := c.Write(ctx, ws.MessageText, []byte("hello")); err != nil {
		return err
	}
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	println(string(p))
	return c.Close(ws.StatusNormalClosure, "")
}
