package child

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"

	"github.com/twinws/ws/bench/internal/contestant"
)

// Files is how many open files a process asks for: 19,000 connections and some.
const Files = 20_000

// Ask is one line from the parent.
type Ask struct {
	Do   string // mark, settle, broadcast, dial, talk
	Addr string // dial: the server to talk to
	N    int    // dial: how many connections; broadcast: the message's number
	Size int    // dial, broadcast: bytes of a message
	Ms   int    // talk: how long
}

// Answer is the line that follows.
type Answer struct {
	Err   string
	Addr  string // at first: where the server listens
	Usage Usage
	Ops   int64 // talk: messages answered
}

// Serve runs the contestant called name until in ends. What it is asked, one
// line of JSON each, it answers on out.
func Serve(in io.Reader, out io.Writer, name string, setup contestant.Setup) error {
	c := contestant.Find(name)
	if c == nil {
		return fmt.Errorf("no contestant is called %q", name)
	}
	if _, err := RaiseFiles(Files); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	s := &server{contestant: c, broadcast: c.Serve(ln, setup)}
	defer s.hangUp()
	enc, dec := json.NewEncoder(out), json.NewDecoder(in)
	if err := enc.Encode(Answer{Addr: ln.Addr().String()}); err != nil {
		return err
	}
	for {
		var ask Ask
		if err := dec.Decode(&ask); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		a, err := s.answer(ask)
		if err != nil {
			a.Err = err.Error()
		}
		if err := enc.Encode(a); err != nil {
			return err
		}
	}
}

type server struct {
	contestant *contestant.Contestant
	broadcast  contestant.Broadcast
	clients    []*talker
}

func (s *server) answer(ask Ask) (a Answer, err error) {
	switch ask.Do {
	case "mark":
		a.Usage, err = Used()
	case "settle":
		a.Usage, err = Settle()
	case "broadcast":
		err = s.broadcast(Announcement(ask.N, ask.Size))
	case "dial":
		err = s.dial(ask)
	case "talk":
		a.Ops, err = s.talk(ask)
	default:
		err = fmt.Errorf("nothing is called %q", ask.Do)
	}
	return a, err
}

// Announcement is the nth message that is broadcast: text of size bytes.
func Announcement(n, size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = 'a' + byte((i*7+n)%26)
	}
	return p
}

func (s *server) dial(ask Ask) error {
	if s.contestant.Dial == nil {
		return fmt.Errorf("%s has no client", s.contestant.Name)
	}
	for i := range ask.N {
		c, err := s.contestant.Dial(context.Background(), ask.Addr)
		if err != nil {
			return err
		}
		s.clients = append(s.clients, newTalker(c, i, ask.Size))
	}
	return nil
}

func (s *server) hangUp() {
	for _, t := range s.clients {
		t.c.Close()
	}
}
