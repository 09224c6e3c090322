//go:build js && wasm

package wasmtest

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api/apitest"
)

var connectionRules = []standardRule{
	// "obtain a WebSocket connection", by RFC 6455 section 4.1, item 2.
	{"one_connecting_to_a_host", func(s *standard) {
		brief, cancel := context.WithTimeout(s.ctx, 100*time.Millisecond)
		defer cancel()
		hung := make(chan error, 1)
		go func() {
			_, err := ws.Dial(brief, s.url+"/hang?most=5", nil)
			hung <- err
		}()
		if err := <-hung; !errors.Is(err, context.DeadlineExceeded) {
			s.Fatalf("the Dial that hangs returned %v", err)
		}
		begin := time.Now()
		s.wantEcho(s.dial("/echo"), ws.MessageText, []byte("next"))
		if d := time.Since(begin); d > 20*time.Second {
			s.Errorf("the next Dial took %v: the cancelled one delayed it", d)
		}
	}},
}

var handshakeRules = []standardRule{
	// Steps 3 to 10, and what Fetch adds: the request.
	{"request_fields", func(s *standard) {
		for name, want := range map[string]string{
			"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Referer": "",
		} {
			if got := s.field(name); got != want {
				s.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if got := s.field("Connection"); !strings.EqualFold(got, "upgrade") {
			s.Errorf("Connection: %q", got)
		}
		if got := s.field("Sec-WebSocket-Extensions"); strings.HasPrefix(got, "permessage-deflate") == s.home.differs.NoCompression {
			s.Errorf("Sec-WebSocket-Extensions: %q", got)
		}
	}},
	{"a_fresh_key_of_16_bytes", func(s *standard) {
		one, two := s.field("Sec-WebSocket-Key"), s.field("Sec-WebSocket-Key")
		if p, err := base64.StdEncoding.DecodeString(one); err != nil || len(p) != 16 || one == two {
			s.Errorf("the keys %q and %q", one, two)
		}
	}},
	// RFC 6455 section 4.1 item 8: a browser names the page's origin.
	{"origin", func(s *standard) {
		want := ""
		if location, ok := global("location"); ok {
			want = location.Get("origin").String()
		}
		if got := s.field("Origin"); got != want {
			s.Errorf("got %q, want %q", got, want)
		}
	}},
	// The request's credentials mode is include.
	{"cookies", func(s *standard) {
		want := ""
		if document, ok := global("document"); ok {
			want = "twin=" + newID()
			document.Set("cookie", want)
			defer document.Set("cookie", "twin=; max-age=0")
		}
		if got := s.field("Cookie"); !strings.Contains(got, want) || want == "" && got != "" {
			s.Errorf("got %q, want %q", got, want)
		}
	}},
	{"subprotocols_in_order", func(s *standard) {
		if got := s.field("Sec-WebSocket-Protocol", "one", "two", "three"); strings.ReplaceAll(got, " ", "") != "one,two,three" {
			s.Errorf("got %q", got)
		}
		if got := s.field("Sec-WebSocket-Protocol"); got != "" {
			s.Errorf("none offered, got %q", got)
		}
	}},
	// The redirect mode is error.
	{"redirect", func(s *standard) {
		id := newID()
		_, err := s.try("/refuse?status=302&location=/echo%3Fid%3D" + id)
		if s.home.differs.FollowsRedirects {
			if err != nil {
				s.Errorf("a redirect: %v; want that it is followed", err)
			}
			return
		}
		s.wantHandshake("a redirect", err)
	}},
	// Response, step 1.
	{"status_other_than_101", func(s *standard) {
		for _, status := range []string{"200", "401", "404", "500"} {
			_, err := s.try("/refuse?status=" + status)
			s.wantHandshake(status, err)
		}
	}},
	// Response, step 2.
	{"unanswered_subprotocol", func(s *standard) {
		_, err := s.try("/subprotocol", "chat")
		s.wantHandshake("none chosen", err)
	}},
	// Response, step 3: RFC 6455 section 4.1.
	{"unasked_subprotocol", func(s *standard) {
		c, err := s.try("/subprotocol?choose=other")
		if !s.home.differs.HidesUnasked {
			s.wantHandshake("none offered", err)
		} else if err != nil || c.Subprotocol() != "" {
			s.Errorf("none offered: %v, want that the server's is hidden", err)
		}
		_, err = s.try("/subprotocol?choose=other", "chat")
		s.wantHandshake("another one offered", err)
		_, err = s.try("/subprotocol?choose=Chat", "chat")
		s.wantHandshake("in another case", err)
	}},
	{"wrong_Sec-WebSocket-Accept", func(s *standard) {
		_, err := s.try("/handshake?line=HTTP/1.1+101+x&line=Upgrade:+websocket&line=Connection:+Upgrade&line=Sec-WebSocket-Accept:+x")
		if s.home.differs.Answers["section 4.1 item 4: another key's"] == apitest.Taken {
			if err != nil {
				s.Errorf("a wrong Sec-WebSocket-Accept: %v; want that it is accepted", err)
			}
			return
		}
		s.wantHandshake("a wrong answer to the key", err)
	}},
}
