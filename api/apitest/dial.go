package apitest

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// wantHandshake checks that err is a *HandshakeError and returns it.
func (t *trial) wantHandshake(what string, err error) *api.HandshakeError {
	t.Helper()
	e, ok := errors.AsType[*api.HandshakeError](err)
	if !ok {
		t.Fatalf("%s returned %v, want a *HandshakeError", what, err)
	}
	if e.URL == "" {
		t.Errorf("%s: the error does not name the URL: %v", what, err)
	}
	return e
}

// wantRefused is wantHandshake for a Dial that was rejected: one that timed out
// was not.
func (t *trial) wantRefused(what string, err error) *api.HandshakeError {
	t.Helper()
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s timed out: %v", what, err)
	}
	return t.wantHandshake(what, err)
}

var dialCases = []testCase{
	{name: "RefusedByStatus", rule: typed,
		why: "RFC 6455 section 4.1: a status other than 101 fails the handshake. A *HandshakeError carries status, header and body; WHATWG hides them from a page",
		run: func(t *trial) {
			for _, status := range []int{200, 204, 400, 401, 403, 404, 500, 503} {
				if t.ExtendedConnect && status/100 == 2 {
					continue // accepts: RFC 8441 section 5
				}
				_, err := t.try(t.ctx, "/refuse?body=go+away&status="+strconv.Itoa(status), Options{})
				e := t.wantRefused(strconv.Itoa(status), err)
				if t.Browser {
					if e.Status != 0 || e.Header != nil || e.Body != nil || e.Problem == "" {
						t.Errorf("%d: %#v, want a Problem alone", status, e)
					}
					continue
				}
				body := "go away"
				if status == 204 {
					body = ""
				}
				if e.Status != status || string(e.Body) != body || len(e.Header["X-Refused"]) != 1 {
					t.Errorf("got status %d, body %q, header %v, want %d %q", e.Status, e.Body, e.Header, status, body)
				}
			}
		}},
	{name: "RefusalsBodyIsBounded", rule: bounded,
		why: "HandshakeError's comment: at most the first 1,024 bytes of the body",
		run: func(t *trial) {
			_, err := t.try(t.ctx, "/refuse?status=403&times=100000&body=0123456789", Options{})
			e := t.wantRefused("Dial", err)
			if want := strings.Repeat("0123456789", 103)[:1024]; !t.Browser && string(e.Body) != want {
				t.Errorf("got %d bytes, want %d", len(e.Body), len(want))
			}
		}},
	{name: "NobodyListens", rule: typed,
		why: "if the server cannot be reached, the error is a *HandshakeError too, with status 0",
		run: func(t *trial) {
			// Port 1 is tcpmux, which nobody runs; browsers block it.
			_, err := t.Backend.Dial(t.ctx, "ws://127.0.0.1:1/", Options{})
			if e := t.wantRefused("Dial", err); e.Status != 0 || e.Problem == "" && e.Cause == nil {
				t.Errorf("got %#v", e)
			}
		}},
	{name: "BadURL", rule: typed,
		why: "RFC 6455 section 3 and the WHATWG constructor: ws, wss, http, https, a host, no fragment; otherwise an *ArgumentError before anything is sent",
		run: func(t *trial) {
			for _, url := range []string{
				"ftp://127.0.0.1/", "mailto:a@b.c", "ws://", "ws://[::1", "ws://127.0.0.1:99999/", "ws://127.0.0.1:port/",
				t.URL + t.Echo + "#fragment", t.URL + t.Echo + "#",
			} {
				_, err := t.Backend.Dial(t.ctx, url, Options{})
				if t.Differs.LateURL && !strings.Contains(url, "#") && !strings.Contains(url, "ftp:") && !strings.Contains(url, "mailto:") {
					t.wantRefused(url, err)
					continue
				}
				t.wantArgument(url, err, "url")
			}
		}},
	{name: "SchemeHTTP", rule: honest,
		why: "WHATWG WebSockets constructor: http means ws and https wss",
		run: func(t *trial) {
			url := "http" + strings.TrimPrefix(t.URL, "ws") + t.Echo
			c, err := t.Backend.Dial(t.ctx, url, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			t.wantEcho(c, api.MessageText, []byte("hello"))
		}},
	{name: "ConnectionEndsDuringHandshake", rule: typed,
		why: "RFC 6455 section 4.1: a response other than HTTP/1.1 101 fails the handshake, with a typed error",
		run: func(t *trial) {
			// A subprotocol that was not offered fails it after the response.
			c, err := t.try(t.ctx, "/subprotocol?choose=unasked", Options{})
			if !t.Differs.HidesUnasked {
				t.wantRefused("a subprotocol that was not offered", err)
			} else if err != nil || c.Subprotocol() != "" {
				t.Errorf("a subprotocol that was not offered: %v; want that it is hidden", err)
			}
			_, err = t.try(t.ctx, "/subprotocol?choose=unasked", Options{Subprotocols: []string{"asked"}})
			t.wantRefused("another subprotocol than those asked for", err)
		}},
}

var optionCases = []testCase{
	{name: "Subprotocol", rule: whole,
		why: "RFC 6455 section 4.2.2 item 5: the server selects one of those offered, or none",
		run: func(t *trial) {
			offer := Options{Subprotocols: []string{"chat.v1", "chat.v2"}}
			if t.Draft.TextOnly { // section 4.1: one name
				_, err := t.try(t.ctx, t.Echo, offer)
				t.wantArgument("two subprotocols", err, "Subprotocols")
				offer.Subprotocols = offer.Subprotocols[1:]
			}
			for _, name := range offer.Subprotocols {
				if c := t.dial("/subprotocol?choose="+name, offer); c.Subprotocol() != name {
					t.Errorf("agreed on %q, want %s", c.Subprotocol(), name)
				}
			}
			if c := t.dial(t.Echo + "?choose=chat.v1"); c.Subprotocol() != "" {
				t.Errorf("offered none, agreed on %q", c.Subprotocol())
			}
			if c := t.dial(t.Echo+"?choose=chat.v2", offer); c.Subprotocol() != "chat.v2" {
				t.Errorf("the echo agreed on %q, want chat.v2", c.Subprotocol())
			}
			c := t.dial("/subprotocol?choose=chat.v2", offer)
			c.CloseNow()
			if c.Subprotocol() != "chat.v2" {
				t.Errorf("after the end it is %q", c.Subprotocol())
			}
		}},
	{name: "SubprotocolNotAgreed", rule: whole,
		why: "RFC 6455 section 4.1: a server may select none of those offered. WHATWG: in a page that offered some the connection then fails",
		run: func(t *trial) {
			c, err := t.try(t.ctx, "/subprotocol", Options{Subprotocols: []string{"chat"}})
			if t.Browser {
				t.wantRefused("Dial", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Subprotocol() != "" {
				t.Errorf("agreed on %q, want none", c.Subprotocol())
			}
		}},
	{name: "SubprotocolsAreTokens", rule: safe,
		why: "RFC 6455 section 4.1 item 10: tokens, all different; no others may be sent",
		run: func(t *trial) {
			for _, names := range [][]string{
				{""}, {"a b"}, {"a,b"}, {"a", "b", "a"}, {"a\r\nX-Evil: yes"}, {"a\x00"}, {"é"}, {"(a)"},
			} {
				_, err := t.try(t.ctx, t.Echo, Options{Subprotocols: names})
				t.wantArgument(strconv.Quote(strings.Join(names, "|")), err, "Subprotocols")
			}
		}},
	{name: "Header", rule: honest,
		why: "what a browser cannot do returns errors.ErrUnsupported; natively the field is sent",
		run: func(t *trial) {
			h := map[string][]string{"X-Twin": {"one", "two"}}
			c, err := t.try(t.ctx, "/header?name=X-Twin", Options{Header: h})
			if t.Browser {
				t.wantIs("Dial with a Header", err, errors.ErrUnsupported)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			t.wantMessage(c, api.MessageText, []byte("one, two"))
		}},
	{name: "HeaderCannotInject", rule: safe,
		why: "RFC 9110 section 5.5: no CR, LF or NUL in a field; rejected before anything is sent",
		run: func(t *trial) {
			for _, h := range []map[string][]string{
				{"X-Twin": {"a\r\nX-Evil: yes"}}, {"X-Twin": {"a\x00"}}, {"X-Twin\r\nX-Evil": {"yes"}}, {"": {"a"}}, {"X Twin": {"a"}},
			} {
				_, err := t.try(t.ctx, t.Echo, Options{Header: h})
				if t.Browser {
					t.wantIs("Dial with a Header", err, errors.ErrUnsupported)
					continue
				}
				t.wantArgument("Dial", err, "Header")
			}
		}},
}
