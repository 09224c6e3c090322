//go:build !js

package wasmtest

import (
	"context"
	"net/http"
	"sync"

	"github.com/twinws/ws"
)

// joiner joins two connections with the same id: what one sends, the other
// receives, and how one ends, so does the other. So both ends of a connection
// can be in a page.
type joiner struct {
	mu   sync.Mutex
	open map[*ws.Conn]bool
	one  map[string]*ws.Conn // by id, those whose other has not come yet
}

// ServeHTTP is /join?id=ID, which takes subprotocol=NAME as well.
func (j *joiner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := ws.Accept(w, r, &ws.AcceptOptions{InsecureSkipOriginCheck: true, ReadLimit: -1, Subprotocols: q["subprotocol"]})
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open[c] = true
	id := q.Get("id")
	other := j.one[id]
	if other == nil {
		j.one[id] = c
		return
	}
	delete(j.one, id)
	go j.pass(c, other)
	go j.pass(other, c)
}

// pass passes on to other what arrives from c, and its end.
func (j *joiner) pass(c, other *ws.Conn) {
	ctx := context.Background()
	for {
		typ, p, err := c.Read(ctx)
		if err == nil {
			err = other.Write(ctx, typ, p)
		} else {
			code := ws.CloseStatus(err)
			if !code.Sendable() {
				code = ws.StatusNoStatusRcvd
			}
			other.Close(code, "") // if it has ended too, there is nobody to tell
		}
		if err != nil {
			break
		}
	}
	j.mu.Lock()
	delete(j.open, c)
	j.mu.Unlock()
}

// Close ends all connections.
func (j *joiner) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for c := range j.open {
		c.CloseNow()
	}
}
