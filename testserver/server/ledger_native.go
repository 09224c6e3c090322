//go:build !js

package server

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"nhooyr.io/websocket"

	"github.com/twinws/ws/api"
)

// end is how a connection ended for the server: the code and reason of the
// client's close frame, 1005 if it was empty, 1006 if there was none.
type end struct {
	code   api.StatusCode
	reason string
}

// String is the text that /seen sends.
func (e end) String() string { return strconv.Itoa(int(e.code)) + " " + e.reason }

// noFrame is the end of a connection that saw no close frame.
var noFrame = end{code: api.StatusAbnormalClosure}

// endOf extracts the end from an error of either library's Read.
func endOf(err error) end {
	if e, ok := errors.AsType[*api.CloseError](err); ok {
		return end{e.Code, e.Reason}
	}
	if e, ok := errors.AsType[websocket.CloseError](err); ok {
		return end{api.StatusCode(e.Code), e.Reason}
	}
	return noFrame
}

// maxEnds bounds the ends that are kept for /seen.
const maxEnds = 10_000

// ledger keeps the ends of the connections that were opened with id=.
type ledger struct {
	mu   sync.Mutex
	ends map[string]chan end // protected by mu; each channel has room for one
}

func newLedger() *ledger { return &ledger{ends: make(map[string]chan end)} }

func (l *ledger) entry(id string) chan end {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.ends[id]
	if !ok {
		if len(l.ends) >= maxEnds {
			clear(l.ends)
		}
		c = make(chan end, 1)
		l.ends[id] = c
	}
	return c
}

// put records the end of connection id; only the first counts. Without an id
// nothing is recorded.
func (l *ledger) put(id string, e end) {
	if id == "" {
		return
	}
	select {
	case l.entry(id) <- e:
	default:
	}
}

// take waits for the end of connection id and removes it.
func (l *ledger) take(ctx context.Context, id string) (end, error) {
	select {
	case e := <-l.entry(id):
		l.mu.Lock()
		delete(l.ends, id)
		l.mu.Unlock()
		return e, nil
	case <-ctx.Done():
		return end{}, ctx.Err()
	}
}
