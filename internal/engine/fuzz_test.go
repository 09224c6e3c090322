package engine

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// tape is a stream that gives what is on it, in pieces of the sizes that chops
// says, and remembers what is written.
type tape struct {
	chops []byte
	turn  int

	mu  sync.Mutex
	in  []byte // protected by mu
	out []byte // protected by mu
}

func (s *tape) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	if len(s.chops) > 0 {
		most := int(s.chops[s.turn%len(s.chops)])
		if s.turn++; most == 0 && s.turn%2 == 0 {
			return 0, nil
		}
		p = p[:min(len(p), max(most, 1))]
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *tape) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, p...)
	return len(p), nil
}

func (s *tape) written() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.out)
}

func (*tape) Close() error                     { return nil }
func (*tape) SetReadDeadline(time.Time) error  { return nil }
func (*tape) SetWriteDeadline(time.Time) error { return nil }

// The bits of a fuzzed connection's options.
const (
	withDeflate = 1 << iota
	withTakeover
	withStreams // messages are read as streams
	withLimit   // of 100 bytes, else 10,000
	withEcho    // messages are sent back, but for those with compression
	ungathered  // replies are not gathered
)

func FuzzServer(f *testing.F) { fuzz(f, false) }
func FuzzClient(f *testing.F) { fuzz(f, true) }

// fuzz feeds the engine bytes, chopped anyhow, and compares all that becomes of
// them with the naive end: messages, pongs, the close on the wire, the error.
func fuzz(f *testing.F, client bool) {
	for _, wire := range seeds(f, client) {
		for options := range byte(2 * ungathered) {
			f.Add(wire, []byte{}, options)
			f.Add(wire, []byte{1, 0, 3}, options)
		}
	}
	f.Fuzz(func(t *testing.T, wire, chops []byte, options byte) {
		want := naive{client: client, limit: 10_000, deflate: options&withDeflate != 0, takeover: options&withTakeover != 0}
		cfg := Config{Client: client}
		if want.deflate {
			cfg.Deflate = &Deflate{SendBits: 15, ReceiveBits: 15, ReceiveTakeover: want.takeover}
		}
		if options&withLimit != 0 {
			want.limit = 100
		}
		cfg.ReadLimit = int64(want.limit)
		want.receive(slices.Clone(wire))

		s := &tape{in: wire, chops: chops}
		cfg.NoGather = options&ungathered != 0
		c := New(s, cfg)
		got, sent, err := readAll(c, options&withStreams != 0, options&withEcho != 0 && cfg.Deflate == nil)
		if end := endOf(err); !slices.Equal(got, want.messages) || !slices.Contains(want.ends, end) {
			t.Errorf("got messages %.200q, and %s (%v); want %v", got, end, err, &want)
		}
		checkSent(t, s.written(), client, endOf(err), want.pings, sent)
	})
}

// readAll reads messages until there is an error, and with echo writes them.
// Those read, and those that were written, are returned as the opcode's digit
// and the payload.
func readAll(c *Conn, streamed, echo bool) (all, sent []string, err error) {
	for {
		var typ api.MessageType
		var p []byte
		if streamed {
			var r io.Reader
			if typ, r, err = c.Reader(background); err == nil {
				p, err = io.ReadAll(r)
			}
		} else {
			typ, p, err = c.ReadAppend(background, nil)
		}
		if err != nil {
			return all, sent, err
		}
		all = append(all, fmt.Sprint(int(typ))+string(p))
		if echo && c.Write(background, typ, p) == nil {
			sent = append(sent, all[len(all)-1])
		}
	}
}

// endOf names the end that err tells of as the naive end does.
func endOf(err error) string {
	if e, ok := errors.AsType[*api.ProtocolError](err); ok {
		return failed(int(e.Code))
	}
	if errors.Is(err, api.ErrMessageTooBig) {
		return failed(int(api.StatusMessageTooBig))
	}
	e, ok := errors.AsType[*api.CloseError](err)
	switch {
	case ok && e.Code == api.StatusAbnormalClosure && e.Cause == io.ErrUnexpectedEOF:
		return endOfStream
	case ok && e.Clean && e.Cause == nil:
		return closedWith(int(e.Code), e.Reason)
	}
	return fmt.Sprintf("an error that should not be: %v", err)
}

// checkSent holds what the engine sent to the rules: pongs of the pings, some
// left out, all messages in their order, and then the close frame that belongs
// to the end: 1002 where the peer ended its half of the stream without one.
func checkSent(t *testing.T, b []byte, client bool, end string, pings, messages []string) {
	sent := naive{client: !client, limit: 0}
	var last []byte
	for len(b) > 0 {
		h, n, err := frame.ParseHeader(b)
		if err != nil || int64(len(b)-n) < h.Length || h.Masked != client || !h.Fin || h.RSV1 || h.RSV2 || h.RSV3 {
			t.Fatalf("sent %x: %+v, %v", b, h, err)
		}
		payload := b[n:][:h.Length]
		if b = b[n+int(h.Length):]; client {
			frame.Mask(payload, h.Key, 0)
		}
		switch h.Opcode {
		case frame.OpPong:
			i := slices.Index(pings, string(payload))
			if i < 0 {
				t.Fatalf("sent a pong %q, want one for %.100q", payload, pings)
			}
			pings = pings[i+1:]
		case frame.OpClose:
			if last = payload; len(b) > 0 {
				t.Fatalf("sent %x behind the close frame", b)
			}
			sent.end(closeOf(payload))
		default:
			if m := fmt.Sprint(int(h.Opcode)) + string(payload); len(messages) == 0 || m != messages[0] {
				t.Fatalf("sent %.200q, want of %.200q the first", m, messages)
			}
			messages = messages[1:]
		}
	}
	if len(messages) > 0 {
		t.Errorf("did not send %.200q, and %s", messages, end)
	}
	var code, theirs int
	switch {
	case len(sent.ends) == 0:
		t.Errorf("sent no close frame, and %s", end)
	default:
		fmt.Sscanf(sent.ends[0], "closed with %d", &code)
		if end == endOfStream {
			theirs = int(api.StatusProtocolError)
		} else if _, err := fmt.Sscanf(end, "failed with %d", &theirs); err != nil {
			fmt.Sscanf(end, "closed with %d", &theirs)
		}
		if code != theirs {
			t.Errorf("sent a close frame %q (%d), and %s", last, code, end)
		}
	}
}
