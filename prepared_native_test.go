//go:build !js

package ws_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/twinws/ws"
)

// A room sends each message to all who are in it, whatever they agreed on.
func TestPreparedForEverybody(t *testing.T) {
	p := []byte(strings.Repeat("to all of you, ", 50))
	m, err := ws.Prepare(ws.MessageText, p)
	if err != nil {
		t.Fatal(err)
	}
	want := string(p)
	clear(p) // Prepare has copied it
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Compression: &ws.Compression{}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for range 3 {
			if c.WritePrepared(r.Context(), m) != nil {
				return
			}
		}
		for range 3 {
			if _, p, err := c.Read(r.Context()); err != nil || string(p) != want {
				t.Errorf("the server reads %d bytes, %v", len(p), err)
				return
			}
		}
		c.Close(ws.StatusNormalClosure, "")
	}))
	defer s.Close()
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			ctx := within(t)
			var zip *ws.Compression
			if i%3 > 0 {
				zip = &ws.Compression{ServerNoContextTakeover: i%3 == 1, ServerMaxWindowBits: 9 + i%4}
			}
			c, err := ws.Dial(ctx, "ws"+strings.TrimPrefix(s.URL, "http"), &ws.DialOptions{Compression: zip})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			for range 3 {
				if typ, p, err := c.Read(ctx); err != nil || typ != ws.MessageText || string(p) != want {
					t.Errorf("client %d reads %v, %d bytes, %v", i, typ, len(p), err)
				}
				if err := c.WritePrepared(ctx, m); err != nil {
					t.Error(err)
				}
			}
			if _, _, err := c.Read(ctx); ws.CloseStatus(err) != ws.StatusNormalClosure {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

// A message for everybody in a room is prepared once.
func ExamplePrepare() {
	var mu sync.Mutex
	room := map[*ws.Conn]bool{}
	tell := func(ctx context.Context, text string) {
		m, err := ws.Prepare(ws.MessageText, []byte(text))
		if err != nil {
			log.Print(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for c := range room {
			if c.WritePrepared(ctx, m) != nil {
				delete(room, c)
			}
		}
	}

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		mu.Lock()
		room[c] = true
		mu.Unlock()
		tell(r.Context(), "somebody came")
		c.Read(r.Context())
	}))
	defer s.Close()

	ctx := context.Background()
	c, err := ws.Dial(ctx, s.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	fmt.Println(string(p), err)
	// Output: somebody came <nil>
}
