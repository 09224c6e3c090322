//go:build !js

package chaos

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twinws/ws"
)

// The two sides of a connection.
const (
	client = iota
	server
)

var sideNames = [2]string{"client", "server"}

// outcome is what became of a message for its writer.
type outcome uint8

const (
	pending  outcome = iota // not known, perhaps for ever: the connection ended
	accepted                // the call returned nil
	withheld                // the context's error or a refusal: it must not be delivered
)

// entry is one message in the ledger.
type entry struct {
	typ     ws.MessageType
	outcome outcome
	came    bool
}

// ledger is who wrote what and what came, on one connection. It finds out what
// was lost, repeated, put in a wrong order or damaged.
type ledger struct {
	conn  uint64    // constant
	begun time.Time // constant

	mu         sync.Mutex
	sent       [2][][]entry // protected by mu; by side and writer
	blank      [2]blanks    // protected by mu; by the side that writes
	drained    [2]bool      // protected by mu; this side heard the peer's close frame, in its turn
	came       int          // protected by mu: messages delivered
	complaints []string     // protected by mu
}

// blanks counts messages without a byte, which bear no label.
type blanks struct{ pending, accepted, came int }

func newLedger(conn uint64, writers [2]int) *ledger {
	l := &ledger{conn: conn, begun: time.Now()}
	for side, n := range writers {
		l.sent[side] = make([][]entry, n)
	}
	return l
}

// enough bounds the complaints about one connection.
const enough = 20

// complain notes what is wrong.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong(format, args...)
}

// wrong is complain for who holds mu.
func (l *ledger) wrong(format string, args ...any) {
	if len(l.complaints) < enough {
		l.complaints = append(l.complaints, fmt.Sprintf("after %v: ", time.Since(l.begun))+fmt.Sprintf(format, args...))
	}
}

// begin returns the writer's next message. The function it returns notes its
// outcome.
func (l *ledger) begin(side, writer int, typ ws.MessageType, r *rand.Rand) (p []byte, settle func(outcome)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.IntN(50) == 0 {
		l.blank[side].pending++
		return []byte{}, func(o outcome) { l.settleBlank(side, o) }
	}
	seq := len(l.sent[side][writer])
	l.sent[side][writer] = append(l.sent[side][writer], entry{typ: typ})
	return compose(nil, typ, label{l.conn, side, writer, seq}, r), func(o outcome) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sent[side][writer][seq].outcome = o
	}
}

func (l *ledger) settleBlank(side int, o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.blank[side]
	if o != pending {
		b.pending--
	}
	if o == accepted {
		b.accepted++
	}
}

// order is how far one goroutine that reads has come, by writer.
type order map[int]int

// deliver notes a message that side has read.
func (l *ledger) deliver(side int, o order, typ ws.MessageType, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came++
	from := 1 - side
	if len(p) == 0 {
		l.blank[from].came++
		return
	}
	m, problem := decompose(p)
	if problem != "" {
		l.wrong("damaged: a message to the %s is not whole: %s", sideNames[side], problem)
		return
	}
	if m.conn != uint64(uint32(l.conn)) || m.side != from || m.writer >= len(l.sent[from]) || m.seq >= len(l.sent[from][m.writer]) {
		l.wrong("astray: the %s got a message that nobody sent it: %+v", sideNames[side], m)
		return
	}
	e := &l.sent[from][m.writer][m.seq]
	if e.typ != typ {
		l.wrong("changed: %v was sent as %v and came as %v", m, e.typ, typ)
	}
	if e.came {
		l.wrong("repeated: %+v came twice", m)
	} else if last, ok := o[m.writer]; ok && last > m.seq {
		l.wrong("disordered: %+v came after %d of the same writer", m, last)
	}
	e.came = true
	o[m.writer] = max(o[m.writer], m.seq)
}

// drain notes that side heard the peer's close frame after all before it.
func (l *ledger) drain(side int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drained[side] = true
}

// close is called when nobody writes or reads any more.
func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for side := range l.sent {
		drained := l.drained[1-side]
		for w, entries := range l.sent[side] {
			l.closeWriter(side, w, entries, drained)
		}
		b := l.blank[side]
		if b.came > b.accepted+b.pending {
			l.wrong("repeated: the %s sent %d messages without a byte and may have sent %d more, but %d came",
				sideNames[side], b.accepted, b.pending, b.came)
		}
		if drained && b.came < b.accepted {
			l.wrong("lost: the %s sent %d messages without a byte before it closed, and %d came", sideNames[side], b.accepted, b.came)
		}
	}
}

// closeWriter judges one writer's messages. A stream keeps order: what was
// accepted before a message that came has come, too.
func (l *ledger) closeWriter(side, writer int, entries []entry, drained bool) {
	last := -1
	for seq, e := range entries {
		if e.came {
			last = seq
		}
	}
	for seq, e := range entries {
		switch {
		case e.came && e.outcome == withheld:
			l.wrong("undead: message %d of the %s's writer %d came, though its call said that it was not sent", seq, sideNames[side], writer)
		case e.outcome != accepted || e.came:
		case seq < last:
			l.wrong("lost: message %d of the %s's writer %d was accepted and did not come, but %d did", seq, sideNames[side], writer, last)
		case drained:
			l.wrong("lost: message %d of the %s's writer %d was accepted and did not come, but the close frame after it did", seq, sideNames[side], writer)
		}
	}
}

// counts returns the messages delivered and withheld, and the sides that heard
// the other's close frame.
func (l *ledger) counts() (came, withholds, clean int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for side := range l.sent {
		if l.drained[side] {
			clean++
		}
		for _, entries := range l.sent[side] {
			for _, e := range entries {
				if e.outcome == withheld {
					withholds++
				}
			}
		}
	}
	return l.came, withholds, clean
}
