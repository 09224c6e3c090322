//go:build js && wasm

package wasmtest

import (
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api/apitest"
)

// lost is the error of a connection that the server ended without a close
// frame.
var lost = ws.CloseError{Code: ws.StatusAbnormalClosure}

var feedbackRules = []standardRule{
	// "When the WebSocket connection is established", step 3.
	{"protocol_in_use", func(s *standard) {
		if c := s.dial("/subprotocol?choose=two", "one", "two"); c.Subprotocol() != "two" {
			s.Errorf("selected %q", c.Subprotocol())
		}
		if c := s.dial("/echo"); c.Subprotocol() != "" {
			s.Errorf("offered none, selected %q", c.Subprotocol())
		}
	}},
	// "there is no race condition" between open, the message behind it, and the
	// listeners.
	{"message_right_after_open", func(s *standard) {
		for range 20 {
			s.wantMessage(s.dial("/raw?hex=810161"), ws.MessageText, []byte("a"))
		}
	}},
	// "When a WebSocket message has been received": its type.
	{"text_and_binary", func(s *standard) {
		last := "8200"
		if s.home.differs.EmptyBinary {
			last = ""
		}
		c := s.dial("/raw?hex=8103e6b0b4" + "8203e6b0b4" + "8100" + last)
		s.wantMessage(c, ws.MessageText, []byte("水"))
		s.wantMessage(c, ws.MessageBinary, []byte("水"))
		s.wantMessage(c, ws.MessageText, nil)
		if !s.home.differs.EmptyBinary {
			s.wantMessage(c, ws.MessageBinary, nil)
		}
	}},
	// Its data: "a new DOMString containing data". A leading U+FEFF is data.
	{"byte_order_mark", func(s *standard) {
		c := s.dial("/raw?hex=8103efbbbf" + "8104efbbbf61")
		want := []string{"\ufeff", "\ufeffa"}
		if s.home.differs.LosesBOM {
			want = []string{"", "a"}
		}
		for _, p := range want {
			s.wantMessage(c, ws.MessageText, []byte(p))
		}
	}},
	{"order", func(s *standard) {
		c := s.dial("/close?send=1000&code=4000")
		for i := range 1000 {
			s.wantMessage(c, ws.MessageText, fmt.Append(nil, i))
		}
		s.wantClosed(c, ws.CloseError{Code: 4000, Clean: true})
	}},
	// Step 1: "If the readyState is not OPEN (1), then return."
	{"no_message_after_close", func(s *standard) {
		c := s.dial("/flood?n=1000&size=100")
		if err := c.Close(1000, ""); err != nil {
			s.Error(err)
		}
		_, p, err := c.Read(s.ctx)
		if !errors.Is(err, ws.ErrClosed) {
			s.Errorf("Read returned %d bytes, %v", len(p), err)
		}
	}},
	// "When the WebSocket connection is closed", step 1: all messages are
	// before it.
	{"close_comes_last", func(s *standard) {
		c := s.dial("/flood?n=500&size=1000&code=4321")
		for i := range 500 {
			if _, p, err := c.Read(s.ctx); err != nil || len(p) != 1000 {
				s.Fatalf("message %d: %d bytes, %v", i, len(p), err)
			}
		}
		s.wantClosed(c, ws.CloseError{Code: 4321, Clean: true})
	}},
	// Step 2: "required to fail the WebSocket connection".
	{"server_breaks_the_protocol", func(s *standard) {
		for rule, hex := range map[string]string{
			"section 5.2: RSV1 without an extension": "c10161", "section 5.2: reserved opcode 3": "830161",
			"section 5.1: a masked frame from the server": "81810000000061", "not UTF-8": "8101ff",
			"section 5.4: continuation without a start": "800161", "section 5.5: a fragmented ping": "0900",
			"section 5.5.1: a close of one byte": "880103",
		} {
			if s.home.differs.Frames[rule] != apitest.Fails {
				continue // apitest's PeerBreaksTheRules asserts the difference
			}
			_, p, err := s.prompted("/raw?hex=&hex=" + hex).Read(s.ctx)
			e, ok := errors.AsType[*ws.CloseError](err)
			if !ok || e.Code != lost.Code || e.Clean || e.Local || (e.Cause != nil) != s.home.differs.NoCloseEvent {
				s.Errorf("%s: Read returned %q, %#v", rule, p, err)
			}
		}
	}},
	{"TCP_reset", func(s *standard) {
		for _, mid := range []string{"header", "payload", "fragment", "close"} {
			s.wantClosed(s.prompted("/reset?after=1&mid="+mid), lost)
		}
	}},
	{"TCP_FIN_without_a_close_frame", func(s *standard) {
		c := s.prompted("/raw?end=eof&hex=&hex=810161")
		s.wantMessage(c, ws.MessageText, []byte("a"))
		s.wantClosed(c, lost)
	}},
	// "User agents must not convey any failure information": all errors have
	// the same text.
	{"failures_are_not_told_apart", func(s *standard) {
		texts := map[string]string{}
		for _, u := range []string{
			s.url + "/refuse", s.url + "/nowhere",
			s.url + "/handshake?line=SSH-2.0", "wss://" + s.host() + "/echo", "ws://127.0.0.1:65534/",
		} {
			_, err := s.try(u)
			e := s.wantHandshake(u, err)
			if e.Status != 0 || e.Header != nil || e.Body != nil {
				s.Errorf("%s: %#v", u, e)
			}
			if s.home.differs.TellsTLS && strings.HasPrefix(u, "wss:") {
				if ws.CloseStatus(err) != ws.StatusTLSHandshake {
					s.Errorf("%s: %v, want the code 1015", u, err)
				}
				continue
			}
			texts[e.Problem] = u
		}
		if len(texts) != 1 {
			s.Errorf("the problems differ: %q", texts)
		}
	}},
}

var pingRules = []standardRule{
	// They "are not currently exposed in the API".
	{"not_exposed", func(s *standard) {
		c := s.dial("/echo")
		if err := c.Ping(s.ctx); !errors.Is(err, errors.ErrUnsupported) {
			s.Errorf("Ping returned %v", err)
		}
		s.wantEcho(c, ws.MessageText, []byte("still open"))
	}},
	// The browser answers by itself, without a Read.
	{"server_pings_are_answered", func(s *standard) {
		s.wantMessage(s.dial("/ping"), ws.MessageText, []byte("0"))
		_, p, err := s.dial("/ping?n=100").Read(s.ctx)
		if ws.CloseStatus(err) == lost.Code && s.home.differs.ManyPings {
			return
		}
		if err != nil || string(p) != "99" {
			s.Errorf("Read returned %q, %v; want 99", p, err)
		}
	}},
}

var closeEventRules = []standardRule{
	{"code_and_reason", func(s *standard) {
		for _, e := range []ws.CloseError{
			{Code: 1000}, {Code: 1000, Reason: "bye"}, {Code: 1001}, {Code: 1011, Reason: "oops"}, {Code: 3000}, {Code: 4999},
			{Code: 4000, Reason: strings.Repeat("水", 41)}, {Code: 4000, Reason: "\ufeffkept"}, {Code: 4000, Reason: "\x00"},
		} {
			e.Clean = true
			c := s.dial(fmt.Sprintf("/close?code=%d&reason=%s", e.Code, url.QueryEscape(e.Reason)))
			if s.home.differs.LosesBOM {
				e.Reason = strings.TrimPrefix(e.Reason, "\ufeff")
			}
			if s.home.differs.CutsReasons {
				e.Reason, _, _ = strings.Cut(e.Reason, "\x00")
			}
			s.wantClosed(c, e)
		}
	}},
	// RFC 6455 section 7.1.5.
	{"code_1005", func(s *standard) {
		s.wantClosed(s.dial("/close"), ws.CloseError{Code: ws.StatusNoStatusRcvd, Clean: true})
	}},
	{"code_1006_is_not_clean", func(s *standard) {
		s.wantClosed(s.prompted("/raw?end=eof&hex=&hex="), lost)
	}},
}

var garbageRules = []standardRule{
	// "must not be garbage collected if there are any event listeners": a
	// connection with a blocked Read stays.
	{"not_while_somebody_reads", func(s *standard) {
		got := make(chan error, 1)
		func() {
			c, err := ws.Dial(s.ctx, s.url+"/raw?hex=&hex=810161", nil)
			if err != nil {
				s.Fatal(err)
			}
			go func() {
				_, _, err := c.Read(s.ctx)
				got <- err
			}()
			go func() {
				for range 5 {
					runtime.GC()
				}
				c.Write(s.ctx, ws.MessageText, nil)
			}()
		}()
		if err := <-got; err != nil {
			s.Error(err)
		}
	}},
	// "If a WebSocket object is garbage collected while its connection is still
	// open": a Close message without a status code.
	{"dropped_while_open", func(s *standard) {
		id := newID()
		func() {
			c, err := ws.Dial(s.ctx, s.url+"/echo?id="+id, nil)
			if err != nil {
				s.Fatal(err)
			}
			s.wantEcho(c, ws.MessageText, []byte("hello"))
		}()
		s.collected(func() { s.wantSeen(id, ws.StatusNoStatusRcvd, "") })
	}},
}

// collected runs the garbage collector until f returns.
func (s *standard) collected(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			runtime.GC()
		}
	}
}
