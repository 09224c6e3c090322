package h2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// Many WebSockets come and go on few connections, and end in every way, while
// others exchange messages: each of these arrives whole, unchanged and in order
// on its own WebSocket, and no place of a stream is lost.
func TestStorm(t *testing.T) {
	const workers, rounds, limit = 30, 15, 20
	s := serveWith(t, ws.Handler(echo, unlimited), &http.HTTP2Config{
		MaxConcurrentStreams: limit, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 4 << 20})
	tr := &h2.Transport{MaxConnections: 2, StreamWindow: 32 << 10}
	d := s.dialer(t, tr)
	d.ReadLimit, d.HandshakeTimeout = -1, time.Minute
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var id atomic.Uint64
	var all sync.WaitGroup
	for i := range workers {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			for range rounds {
				if r.IntN(8) == 0 { // a Dial that is given up
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(2000))*time.Microsecond)
					if c, err := d.Dial(ctx, s.url("/")); err == nil {
						c.CloseNow()
					}
					cancel()
					continue
				}
				c, err := d.Dial(t.Context(), s.url("/"))
				if err != nil {
					t.Error(err)
					return
				}
				storm(t, c, r, id.Add(1))
				end(c, r)
			}
		})
	}
	all.Wait()
	// All places are free again: as many WebSockets as the server allows open.
	for range 2 * limit {
		c, err := d.Dial(t.Context(), s.url("/"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
	}
}

// storm exchanges messages that only this WebSocket sends.
func storm(t *testing.T, c *ws.Conn, r *rand.Rand, id uint64) {
	messages := make([][]byte, 1+r.IntN(8))
	for i := range messages {
		sizes := []int{8, 125, 4096, 70_000}
		p := bytes.Repeat(binary.BigEndian.AppendUint64(nil, id<<8|uint64(i)), (r.IntN(sizes[r.IntN(len(sizes))])+8)/8)
		messages[i] = p
	}
	go func() {
		for _, p := range messages {
			if c.Write(t.Context(), ws.MessageBinary, p) != nil {
				return // the reading side says why
			}
		}
	}()
	for i, want := range messages {
		if r.IntN(4) == 0 { // a Read that is given up loses nothing
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(300))*time.Microsecond)
			_, got, err := c.Read(ctx)
			cancel()
			if err == nil {
				if !bytes.Equal(got, want) {
					t.Errorf("message %d of %d: got %d bytes, want %d", i, id, len(got), len(want))
					return
				}
				continue
			}
		}
		_, got, err := c.Read(t.Context())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("message %d of %d: got %d bytes, %v, want %d", i, id, len(got), err, len(want))
			return
		}
	}
}

// end ends c in one of the ways there are.
func end(c *ws.Conn, r *rand.Rand) {
	switch r.IntN(3) {
	case 0:
		c.Close(ws.StatusNormalClosure, "")
	case 1:
		go c.Write(context.Background(), ws.MessageBinary, make([]byte, 1<<20))
		c.CloseNow()
	case 2:
		c.CloseNow()
	}
}
