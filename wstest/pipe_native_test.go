//go:build !js

package wstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wstest"
)

// The options are those of a real handshake (RFC 6455 section 4, RFC 7692
// section 5).
func TestPipeNegotiates(t *testing.T) {
	client, server := wstest.Pipe(t, &wstest.PipeOptions{
		Client: &ws.Dialer{DialOptions: ws.DialOptions{Subprotocols: []string{"a", "b"}, Compression: &ws.Compression{}, ReadLimit: 10}},
		Server: &ws.AcceptOptions{Subprotocols: []string{"b"}, Compression: &ws.Compression{}},
	})
	for _, c := range []*ws.Conn{client, server} {
		if c.Subprotocol() != "b" || !strings.HasPrefix(c.Extensions(), "permessage-deflate") {
			t.Errorf("agreed on %q and %q", c.Subprotocol(), c.Extensions())
		}
	}
	if client.URL() != wstest.URL {
		t.Errorf("URL = %q", client.URL())
	}
	write(t, client, strings.Repeat("x", 1000))
	wantRead(t, server, ws.MessageText, strings.Repeat("x", 1000))
	write(t, server, "10 letters")
	wantRead(t, client, ws.MessageText, "10 letters")
	write(t, server, "11 letters!")
	if _, _, err := client.Read(t.Context()); !errors.Is(err, ws.ErrMessageTooBig) {
		t.Errorf("over the read limit: %v", err)
	}
	if _, _, err := server.Read(t.Context()); ws.CloseStatus(err) != ws.StatusMessageTooBig {
		t.Errorf("the server's Read returned %v", err)
	}
}

// Both sides may write before they read, as over a network.
func TestPipeBuffers(t *testing.T) {
	client, server := wstest.Pipe(t, nil)
	write(t, client, "ping")
	write(t, server, "pong")
	wantRead(t, client, ws.MessageText, "pong")
	wantRead(t, server, ws.MessageText, "ping")
	if err := client.CloseNow(); err != nil {
		t.Fatal(err)
	}
	_, _, err := server.Read(t.Context())
	wantStatus(t, err, ws.StatusAbnormalClosure, "")
}

func TestPipeCloses(t *testing.T) {
	client, server := wstest.Pipe(t, nil)
	closed := make(chan error)
	go func() { closed <- client.Close(4000, "a reason") }()
	_, _, err := server.Read(t.Context())
	wantStatus(t, err, 4000, "a reason")
	if err := <-closed; err != nil {
		t.Errorf("Close returned %v", err)
	}
}

// A handshake that fails is the test's failure, and says what each side saw.
func TestPipeFails(t *testing.T) {
	f := new(failing)
	func() {
		defer func() { recover() }()
		wstest.Pipe(f, &wstest.PipeOptions{
			Server: &ws.AcceptOptions{Subprotocols: []string{"not a token"}},
		})
	}()
	if !strings.Contains(f.said, "server: ws: upgrade: Subprotocols") || !strings.Contains(f.said, "client: ws: dial: ") {
		t.Errorf("Fatalf said %q", f.said)
	}
	f.cleanup()
}

// failing is a test that fails.
type failing struct {
	said string
	ends []func()
}

func (f *failing) Helper()          {}
func (f *failing) Cleanup(e func()) { f.ends = append(f.ends, e) }
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic("Fatalf")
}

func (f *failing) cleanup() {
	for i := len(f.ends) - 1; i >= 0; i-- {
		f.ends[i]()
	}
}

// The end of the test ends both, and leaves no goroutine: the bubble would
// report it.
func TestPipeEndsWithTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(failing)
		client, server := wstest.Pipe(f, nil)
		read := make(chan error)
		go func() { _, _, err := server.Read(context.Background()); read <- err }()
		go func() { client.Ping(context.Background()); read <- nil }()
		<-read
		f.cleanup()
		if err := <-read; !errors.Is(err, ws.ErrClosed) {
			t.Errorf("Read returned %v", err)
		}
		if err := client.Write(context.Background(), ws.MessageText, nil); !errors.Is(err, ws.ErrClosed) {
			t.Errorf("Write returned %v", err)
		}
	})
}

// Bytes take Delay each way: a ping and its pong (RFC 6455 section 5.5.3) take
// it twice, and the handshake took as long.
func TestPipeDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		client, server := wstest.Pipe(t, &wstest.PipeOptions{Delay: 40 * time.Millisecond})
		if d := time.Since(begin); d != 80*time.Millisecond {
			t.Errorf("the handshake took %v", d)
		}
		server.CloseRead(context.Background())
		begin = time.Now()
		if err := client.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != 80*time.Millisecond {
			t.Errorf("Ping took %v", d)
		}
	})
}

// Keepalive works on virtual time: a peer that answers lives, one that does not
// is given up after 30 s and 30 s.
func TestPipeKeepsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(t, nil)
		answered := server.CloseRead(context.Background())
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if _, _, err := client.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after an hour of pongs: %v", err)
		}
		if answered.Err() != nil {
			t.Errorf("the server's side ended: %v", context.Cause(answered))
		}

		client, _ = wstest.Pipe(t, nil) // nobody reads there
		begin := time.Now()
		_, _, err := client.Read(context.Background())
		if d := time.Since(begin); !errors.Is(err, ws.ErrKeepaliveTimeout) || d != time.Minute {
			t.Errorf("after %v: %v", d, err)
		}
	})
}

// A message larger than the Buffer waits for its reader.
func TestPipePushesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(t, &wstest.PipeOptions{Buffer: 512})
		sent := false
		go func() {
			client.Write(context.Background(), ws.MessageBinary, make([]byte, 100<<10))
			sent = true
		}()
		synctest.Wait()
		if sent {
			t.Error("100 KiB were accepted by a Buffer of 512 bytes")
		}
		wantRead(t, server, api.MessageBinary, string(make([]byte, 100<<10)))
		synctest.Wait()
		if !sent {
			t.Error("Write has not returned")
		}
	})
}

// Large messages in both directions at once do not wait for each other when
// both are read.
func TestPipeIsDuplex(t *testing.T) {
	client, server := wstest.Pipe(t, &wstest.PipeOptions{Buffer: 100})
	p := bytes.Repeat([]byte("x"), 1<<20)
	done := make(chan error, 4)
	for _, c := range []*ws.Conn{client, server} {
		go func() { done <- c.Write(t.Context(), ws.MessageBinary, p) }()
		go func() {
			_, r, err := c.Reader(t.Context())
			if err == nil {
				var n int64
				if n, err = io.Copy(io.Discard, r); n != 1<<20 && err == nil {
					err = fmt.Errorf("%d bytes", n)
				}
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
