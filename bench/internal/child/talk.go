package child

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twinws/ws/bench/internal/contestant"
)

// Texts is how many different messages a client sends in turn: those of the
// seeds from Texts times its number on.
const Texts = 8

// whole says of how many replies one is compared in full, of the others the
// ends.
const whole = 64

// Text returns text of n bytes that follows from seed.
func Text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	p := make([]byte, n)
	for i := range p {
		p[i] = ' ' + byte(r.Uint32N(95))
	}
	return p
}

// talker is a client that sends and compares.
type talker struct {
	c    contestant.Client
	said [Texts][]byte
	n    int64
}

func newTalker(c contestant.Client, i, size int) *talker {
	t := &talker{c: c}
	for k := range t.said {
		t.said[k] = Text(size, uint64(i*Texts+k))
	}
	return t
}

// talk lets every client talk for a while, each on a goroutine of its own, and
// returns how many messages came back.
func (s *server) talk(ask Ask) (ops int64, err error) {
	end := time.Now().Add(time.Duration(ask.Ms) * time.Millisecond)
	failed := make(chan error, len(s.clients))
	for _, t := range s.clients {
		ops -= t.n
		go func() { failed <- t.talk(end) }()
	}
	for range s.clients {
		if e := <-failed; e != nil {
			err = e
		}
	}
	for _, t := range s.clients {
		ops += t.n
	}
	return ops, err
}

func (t *talker) talk(end time.Time) error {
	var bad error
	begun := t.n
	err := t.c.Talk(func(reply []byte) []byte {
		if reply != nil {
			if !t.same(reply) {
				bad = fmt.Errorf("echo %d of %d bytes is not what was sent", t.n, len(reply))
				return nil
			}
			t.n++
		}
		if t.n > begun && !time.Now().Before(end) {
			return nil
		}
		return t.said[t.n%Texts]
	})
	if bad != nil {
		return bad
	}
	return err
}

func (t *talker) same(reply []byte) bool {
	said := t.said[t.n%Texts]
	if len(reply) != len(said) {
		return false
	}
	const ends = 16
	if n := len(said); t.n%whole != 0 && n > 2*ends {
		return bytes.Equal(reply[:ends], said[:ends]) && bytes.Equal(reply[n-ends:], said[n-ends:])
	}
	return bytes.Equal(reply, said)
}
