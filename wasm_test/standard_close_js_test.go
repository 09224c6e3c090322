//go:build js && wasm

package wasmtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinws/ws"
)

var closeRules = []standardRule{
	// Step 1: "neither 1000 nor in the range 3000 to 4999".
	{"codes", func(s *standard) {
		for code, valid := range map[ws.StatusCode]bool{
			1000: true, 3000: true, 3999: true, 4000: true, 4999: true,
			0: false, 999: false, 1001: false, 1002: false, 1004: false, 1006: false, 1011: false, 1015: false,
			2999: false, 5000: false, 65535: false, 65536 + 1000: false,
		} {
			id := newID()
			err := s.dial("/echo?id="+id).Close(code, "bye")
			if valid {
				if err != nil {
					s.Errorf("%d: %v", code, err)
				}
				s.wantSeen(id, code, "bye")
				continue
			}
			s.wantArgument(fmt.Sprint(code), err, "code")
			s.wantSeen(id, ws.StatusNoStatusRcvd, "")
		}
	}},
	// Step 2: the reason in UTF-8, at most 123 bytes.
	{"reasons", func(s *standard) {
		for _, r := range []struct {
			reason string
			valid  bool
		}{
			{"", true}, {strings.Repeat("x", 123), true}, {strings.Repeat("水", 41), true}, {strings.Repeat("🌊", 30) + "水", true},
			{"\x00", true}, {"\ufeffbom", true}, {"\ufffd", true},
			{strings.Repeat("x", 124), false}, {strings.Repeat("水", 41) + "x", false}, {strings.Repeat("é", 62), false},
			{"\xff", false}, {"\xed\xa0\x80", false},
		} {
			id := newID()
			err := s.dial("/echo?id="+id).Close(4000, r.reason)
			if r.valid {
				if err != nil {
					s.Errorf("%q: %v", r.reason, err)
				}
				if s.home.differs.CutsReasons {
					r.reason, _, _ = strings.Cut(r.reason, "\x00")
				}
				s.wantSeen(id, 4000, r.reason)
				continue
			}
			s.wantArgument(r.reason, err, "reason")
			s.wantSeen(id, ws.StatusNoStatusRcvd, "")
		}
	}},
	// "CLOSING (2) or CLOSED (3): do nothing."
	{"when_closing_or_closed", func(s *standard) {
		id := newID()
		c := s.dial("/echo?id=" + id)
		closed := make(chan error, 2)
		for i := range 2 {
			go func() { closed <- c.Close(4000, fmt.Sprint("call ", i)) }()
		}
		for range 2 {
			if err := <-closed; err != nil {
				s.Error(err)
			}
		}
		if err := c.Close(4001, "too late"); err != nil {
			s.Error(err)
		}
		_, p, err := s.dial("/seen?id=" + id).Read(s.ctx)
		if got := string(p); got != "4000 call 0" && got != "4000 call 1" {
			s.Errorf("the server saw %q, %v", p, err)
		}
	}},
	// "not yet established: fail the WebSocket connection"
	{"while_connecting", func(s *standard) {
		id := newID()
		ctx, cancel := context.WithTimeout(s.ctx, time.Second) // enough for the server to receive the request
		defer cancel()
		if _, err := ws.Dial(ctx, s.url+"/hang?most=5&id="+id, nil); !errors.Is(err, context.DeadlineExceeded) {
			s.Errorf("Dial returned %v", err)
		}
		if s.home.differs.KeepsGivenUp {
			s.wantSeen(id, ws.StatusNoStatusRcvd, "the client has not given up")
			return
		}
		s.wantSeen(id, ws.StatusAbnormalClosure, "")
	}},
	// "If neither code nor reason is present, the Close message must not have a
	// body."
	{"without_a_body", func(s *standard) {
		id := newID()
		if err := s.dial("/echo?id="+id).Close(ws.StatusNoStatusRcvd, ""); err != nil {
			s.Error(err)
		}
		s.wantSeen(id, ws.StatusNoStatusRcvd, "")
	}},
	// "The closing handshake is started" by the server: "otherwise".
	{"while_the_server_closes", func(s *standard) {
		id := newID()
		c := s.dial("/close?after=1&code=4001&reason=theirs&id=" + id)
		s.write(c, ws.MessageText, []byte("close"))
		if err := c.Close(4002, "ours"); err != nil {
			s.Error(err)
		}
		s.wantClosed(c, ws.CloseError{Code: 4001, Reason: "theirs", Clean: true, Local: true})
		// The browser may answer the server's close frame before close is
		// called.
		_, p, err := s.dial("/seen?id=" + id).Read(s.ctx)
		if got := string(p); got != "4002 ours" && got != "4001 theirs" {
			s.Errorf("the server saw %q, %v", p, err)
		}
	}},
	// The note: it "does not discard previously sent messages".
	{"sends_what_is_queued", func(s *standard) {
		c := s.dial("/count")
		const n, size = 100, 10_000
		for range n {
			s.write(c, ws.MessageBinary, make([]byte, size))
		}
		if err := c.Close(1000, ""); err != nil {
			s.Error(err)
		}
		s.wantClosed(c, ws.CloseError{Code: 1000, Reason: fmt.Sprint(n, n*size), Clean: true, Local: true})
	}},
}
