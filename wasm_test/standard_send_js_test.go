//go:build js && wasm

package wasmtest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twinws/ws"
)

// noise returns n bytes that cannot be compressed.
func noise(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(p)
	return p
}

// sizes are those around which the form of a frame's header changes (RFC 6455
// section 5.2), and larger ones.
var sizes = []int{0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537, 1 << 20, 3<<20 + 1}

var bufferedAmountRules = []standardRule{
	// "the number of bytes of application data (UTF-8 text and binary data)";
	// it "does not include framing overhead", and counts at once.
	{"counts_payload_bytes", func(s *standard) {
		c := s.dial("/echo")
		for _, m := range []struct {
			typ ws.MessageType
			p   string
		}{{ws.MessageText, strings.Repeat("水", 10_000)}, {ws.MessageBinary, strings.Repeat("x", 30_000)}} {
			s.write(c, m.typ, []byte(m.p))
			want := int64(30_000)
			if s.home.differs.BufferedLate {
				want = 0
			}
			if n := c.BufferedAmount(); n != want {
				s.Errorf("after %v it is %d, want %d", m.typ, n, want)
			}
			s.wantMessage(c, m.typ, []byte(m.p))
			s.wantDrained(c)
		}
	}},
}

// wantDrained waits until nothing is buffered.
func (s *standard) wantDrained(c *ws.Conn) {
	s.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for c.BufferedAmount() > 0 {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.Fatalf("%d bytes stay buffered", c.BufferedAmount())
		}
	}
}

var binaryTypeRules = []standardRule{
	// The default is blob, whose bytes are read asynchronously; the library
	// sets arraybuffer.
	{"arraybuffer", func(s *standard) {
		all, last := [][]byte{{1, 2, 3}, {0}, {}}, "8200"
		if s.home.differs.EmptyBinary {
			all, last = all[:2], ""
		}
		c := s.dial("/raw?hex=8203010203" + "820100" + last)
		for _, p := range all {
			s.wantMessage(c, ws.MessageBinary, p)
		}
	}},
}

var sendRules = []standardRule{
	{"binary_of_every_size", func(s *standard) {
		c := s.dial("/echo")
		for _, n := range sizes {
			if n == 0 && s.home.differs.EmptyBinary {
				continue
			}
			s.wantEcho(c, ws.MessageBinary, noise(n))
		}
	}},
	{"text_of_every_size", func(s *standard) {
		c := s.dial("/echo")
		for _, n := range sizes {
			p := bytes.Repeat([]byte("aé水🌊"), n/10+1)[:n/10*10]
			s.wantEcho(c, ws.MessageText, append(p, strings.Repeat("~", n%10)...))
		}
	}},
	{"empty", func(s *standard) {
		c := s.dial("/echo")
		for _, typ := range []ws.MessageType{ws.MessageText, ws.MessageBinary} {
			if typ == ws.MessageBinary && s.home.differs.EmptyBinary {
				s.Log("left out: an empty binary message would end the program")
				continue
			}
			s.write(c, typ, nil)
			s.write(c, typ, []byte{})
			for range 2 {
				s.wantMessage(c, typ, nil)
			}
		}
	}},
	{"text_and_binary_opcodes", func(s *standard) {
		c := s.dial("/echo/bytes")
		for range 3 {
			s.wantEcho(c, ws.MessageText, []byte("same bytes"))
			s.wantEcho(c, ws.MessageBinary, []byte("same bytes"))
		}
	}},
	// Its argument is a USVString: a lone surrogate becomes U+FFFD. Write
	// rejects Go text that is not UTF-8, and every scalar value arrives
	// unchanged.
	{"lone_surrogates", func(s *standard) {
		c := s.dial("/echo")
		for _, bad := range []string{"\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb2\xa9", "a\xed\xa0\x80z"} {
			s.wantArgument(bad, c.Write(s.ctx, ws.MessageText, []byte(bad)), "p")
		}
		for _, r := range []string{"\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0001f30a", "\U0010ffff"} {
			for _, at := range []int{0, 1, 1023, 1024, 4095, 8191, 65535} {
				s.wantEcho(c, ws.MessageText, []byte(strings.Repeat("x", at)+r+"z"))
			}
		}
	}},
	// The Encoding standard's decode drops a leading U+FEFF; messages keep it.
	{"byte_order_mark", func(s *standard) {
		c := s.dial("/count") // the server counts the bytes
		for _, p := range []string{"\ufeff", "\ufeffhello", "\ufeff\ufeff"} {
			s.write(c, ws.MessageText, []byte(p))
		}
		if err := c.Close(1000, ""); err != nil {
			s.Error(err)
		}
		s.wantClosed(c, ws.CloseError{Code: 1000, Reason: "3 17", Clean: true, Local: true})
	}},
	// It drops a message silently once the closing handshake has started.
	{"after_the_close", func(s *standard) {
		id := newID()
		c := s.dial("/silent-close?id=" + id)
		ended := make(chan error, 2)
		go func() { ended <- c.Close(1000, "") }()
		s.wantSeen(id, 1000, "") // the server never answers
		go func() { ended <- c.Write(s.ctx, ws.MessageText, []byte("late")) }()
		brief, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
		defer cancel()
		if err := c.Write(brief, ws.MessageText, []byte("later")); err == nil {
			s.Error("Write accepted a message that is never sent")
		}
		c.CloseNow()
		for range 2 {
			if err := <-ended; !errors.Is(err, ws.ErrClosed) {
				s.Errorf("got %v, want an error that matches ErrClosed", err)
			}
		}
	}},
}
