package wasmtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api/apitest"
)

// TestPrepared sends one message over two connections of each place, several
// times, between other messages.
func TestPrepared(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, typ := range []ws.MessageType{ws.MessageText, ws.MessageBinary} {
		for _, text := range []string{"", "\ufeffa\u00e9\u4e16\U0001F30D", strings.Repeat("many of us, ", 10_000)} {
			p := []byte(text)
			m, err := ws.Prepare(typ, p)
			if err != nil {
				t.Fatal(err)
			}
			clear(p) // Prepare has copied it
			for _, place := range places(t) {
				for range 2 {
					c, err := place.backend.Dial(ctx, place.backend.URL+place.backend.Echo, echoOptions)
					if err != nil {
						t.Fatal(err)
					}
					defer c.CloseNow()
					for i := range 3 {
						if err := c.(*ws.Conn).WritePrepared(ctx, m); err != nil {
							t.Fatal(err)
						}
						if err := c.Write(ctx, typ, []byte("own")); err != nil {
							t.Fatal(err)
						}
						for _, want := range []string{text, "own"} {
							got, q, err := c.Read(ctx)
							if err != nil || got != typ || string(q) != want {
								t.Fatalf("%s, message %d: %v, %d bytes, %v; want %v, %d bytes", place.name, i, got, len(q), err, typ, len(want))
							}
						}
					}
				}
			}
		}
	}
}

var echoOptions = apitest.Options{ReadLimit: 1 << 20}
