package session

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/twinws/ws/api"
)

// maxEchoes is how many messages are remembered at most until they come back.
const maxEchoes = 4096

// print identifies a message when it comes back: a flood's first 8 bytes are a
// number, and comparing whole messages of megabytes would slow it down.
type print struct {
	typ  api.MessageType
	size int
	head uint64
}

func printOf(typ api.MessageType, p []byte) print {
	var head [8]byte
	copy(head[:], p)
	return print{typ, len(p), binary.BigEndian.Uint64(head[:])}
}

// echo is a message that was sent and may come back.
type echo struct {
	print print
	flood *flood // it belongs to; nil for none
	at    time.Time
	id    uint64
}

// echoes are the messages that may come back, in the order they were sent.
type echoes struct {
	waiting []echo
	last    uint64 // the id given last
}

// expect remembers a message and returns its id, for forget.
func (e *echoes) expect(p print, of *flood, now time.Time) uint64 {
	if len(e.waiting) == maxEchoes { // the server is no echo
		e.drop(1)
	}
	e.last++
	e.waiting = append(e.waiting, echo{p, of, now, e.last})
	return e.last
}

// match removes the message that came back as p, and those before it, which
// were skipped. It returns how long it took and the flood it belongs to; known
// is false for a message that the server sent on its own.
func (e *echoes) match(p print, now time.Time) (took time.Duration, of *flood, known bool) {
	i := slices.IndexFunc(e.waiting, func(x echo) bool { return x.print == p })
	if i < 0 {
		return 0, nil, false
	}
	x := e.waiting[i]
	e.drop(i + 1)
	return now.Sub(x.at), x.flood, true
}

// forget removes a message that could not be sent.
func (e *echoes) forget(id uint64) {
	if i := slices.IndexFunc(e.waiting, func(x echo) bool { return x.id == id }); i >= 0 {
		e.waiting[i].flood.back()
		e.waiting = slices.Delete(e.waiting, i, i+1)
	}
}

// drop removes the first n.
func (e *echoes) drop(n int) {
	for _, x := range e.waiting[:n] {
		x.flood.back()
	}
	e.waiting = e.waiting[n:]
}
