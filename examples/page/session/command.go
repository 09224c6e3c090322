package session

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/twinws/ws/api"
)

// Op is what a Command does.
type Op byte

// The operations, with the fields of the Command that they use.
const (
	Connect   Op = iota + 1 // URL, Subprotocols
	Send                    // Type, Data
	Flood                   // Size, Window
	StopFlood               //
	Pause                   // stops reading
	Resume                  // goes on with reading
	Close                   // Code, Reason; gives up dialing; while closing, ends at once
)

// Command is a command that can be sent to another thread.
type Command struct {
	Op           Op
	URL          string
	Subprotocols []string
	Type         api.MessageType
	Data         []byte
	Size, Window int
	Code         api.StatusCode
	Reason       string
}

// Do executes c, and returns when it is done, or when what it began has ended.
// It blocks: call it from a goroutine, never from an event callback. Errors are
// reported in the next Update.
func (s *Session) Do(c Command) {
	switch c.Op {
	case Connect:
		s.connect(c.URL, c.Subprotocols)
	case Send:
		s.send(c.Type, c.Data)
	case Flood:
		s.startFlood(c.Size, c.Window)
	case StopFlood:
		s.endFlood()
	case Pause, Resume:
		s.pause(c.Op == Pause)
	case Close:
		s.close(c.Code, c.Reason)
	default:
		s.problem(fmt.Errorf("no such command: %d", c.Op))
	}
}

// ParseHex parses bytes in hexadecimal, optionally prefixed by 0x. Whitespace
// between them is ignored.
func ParseHex(s string) ([]byte, error) {
	s = strings.Join(strings.Fields(s), "")
	p, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil, fmt.Errorf("not hexadecimal: %s", strings.TrimPrefix(err.Error(), "encoding/hex: "))
	}
	return p, nil
}

// ParseList parses names that are separated by commas or whitespace.
func ParseList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}
