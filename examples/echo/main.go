// Command echo talks to an echo server. The same file builds natively and, with
// GOOS=js GOARCH=wasm, for a page: both print the same.
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"time"

	"github.com/twinws/ws"
)

func main() {
	url := "ws://127.0.0.1:8080/echo"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := talk(ctx, url); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func talk(ctx context.Context, url string) error {
	c, err := ws.Dial(ctx, url, &ws.DialOptions{ReadLimit: 1 << 20})
	if err != nil {
		return err
	}
	defer c.CloseNow() // whatever happens below; after Close it does nothing

	if err := errors.Join(
		c.Write(ctx, ws.MessageText, []byte("Hello, wörld")),
		c.Write(ctx, ws.MessageBinary, []byte{0, 1, 254, 255}),
	); err != nil {
		return err
	}
	for range 2 {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%v message: %q\n", typ, p)
	}

	w, err := c.Writer(ctx, ws.MessageText) // a message of 1 MiB, as a stream
	if err != nil {
		return err
	}
	_, err = io.Copy(w, strings.NewReader(strings.Repeat("0123456789abcdef", 1<<16)))
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	typ, r, err := c.Reader(ctx)
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, r)
	if err != nil {
		return err
	}
	fmt.Printf("%v stream: %d bytes, CRC-32 %08x\n", typ, n, sum.Sum32())

	if err := c.Close(4000, "done"); err != nil {
		return err
	}
	fmt.Println("closed with 4000")
	return nil
}
