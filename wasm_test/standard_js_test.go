//go:build js && wasm

package wasmtest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// standardRules are the rules of the WHATWG WebSockets standard that a program
// can test by itself, section by section. STANDARD.md lists them, and those
// that need DevTools.
var standardRules = []struct {
	section string
	rules   []standardRule
}{
	{"2.1_connections", connectionRules},
	{"2.2_opening_handshake", handshakeRules},
	{"3.1_constructor", constructorRules},
	{"3.1_close", closeRules},
	{"3.1_bufferedAmount", bufferedAmountRules},
	{"3.1_binaryType", binaryTypeRules},
	{"3.1_send", sendRules},
	{"4_feedback", feedbackRules},
	{"5_ping_and_pong", pingRules},
	{"6_CloseEvent", closeEventRules},
	{"7_garbage_collection", garbageRules},
}

// standardRule is a sentence of the standard, tested through this library's
// API.
type standardRule struct {
	name string
	run  func(s *standard)
}

// TestStandard tests the browser and this library against the standard.
func TestStandard(t *testing.T) {
	url := serverURL(t)
	for _, section := range standardRules {
		t.Run(section.section, func(t *testing.T) {
			for _, r := range section.rules {
				t.Run(r.name, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
					defer cancel()
					s := &standard{T: t, ctx: ctx, url: url, home: here(t)}
					defer s.end()
					r.run(s)
				})
			}
		})
	}
}

// standardNames are the subtests of TestStandard.
func standardNames() []string {
	var names []string
	for _, section := range standardRules {
		for _, r := range section.rules {
			names = append(names, section.section+"/"+r.name)
		}
	}
	return names
}

// standard is one run of a rule.
type standard struct {
	*testing.T
	ctx   context.Context
	url   string // the test server's root
	home  home
	conns []*ws.Conn
}

func (s *standard) end() {
	for _, c := range s.conns {
		c.CloseNow()
	}
}

// try dials a URL, or a path of the test server.
func (s *standard) try(url string, subprotocols ...string) (*ws.Conn, error) {
	if strings.HasPrefix(url, "/") {
		url = s.url + url
	}
	c, err := ws.Dial(s.ctx, url, &ws.DialOptions{Subprotocols: subprotocols, ReadLimit: -1})
	if err == nil {
		s.conns = append(s.conns, c)
	}
	return c, err
}

func (s *standard) dial(url string, subprotocols ...string) *ws.Conn {
	s.Helper()
	c, err := s.try(url, subprotocols...)
	if err != nil {
		s.Fatalf("dialing %s: %v", url, err)
	}
	return c
}

func (s *standard) write(c *ws.Conn, typ ws.MessageType, p []byte) {
	s.Helper()
	if err := c.Write(s.ctx, typ, p); err != nil {
		s.Fatalf("writing %d bytes: %v", len(p), err)
	}
}

func (s *standard) wantMessage(c *ws.Conn, typ ws.MessageType, p []byte) {
	s.Helper()
	gotTyp, got, err := c.Read(s.ctx)
	if err != nil || gotTyp != typ || !bytes.Equal(got, p) {
		s.Fatalf("got %v of %d bytes %.40q, %v; want %v of %d bytes %.40q", gotTyp, len(got), got, err, typ, len(p), p)
	}
}

func (s *standard) wantEcho(c *ws.Conn, typ ws.MessageType, p []byte) {
	s.Helper()
	s.write(c, typ, p)
	s.wantMessage(c, typ, p)
}

// prompted dials, and then has the server continue.
func (s *standard) prompted(url string) *ws.Conn {
	s.Helper()
	c := s.dial(url)
	s.write(c, ws.MessageText, []byte("now"))
	return c
}

// field returns a header field of the handshake's request.
func (s *standard) field(name string, subprotocols ...string) string {
	s.Helper()
	path := "/header?name=" + name
	if len(subprotocols) > 0 {
		path += "&choose=" + subprotocols[0]
	}
	_, p, err := s.dial(path, subprotocols...).Read(s.ctx)
	if err != nil {
		s.Fatalf("asking for %s: %v", name, err)
	}
	return string(p)
}

// wantSeen compares how the server saw connection id end.
func (s *standard) wantSeen(id string, code ws.StatusCode, reason string) {
	s.Helper()
	want := strconv.Itoa(int(code)) + " " + reason
	if _, p, err := s.dial("/seen?id=" + id).Read(s.ctx); err != nil || string(p) != want {
		s.Errorf("the server saw %q, %v; want %q", p, err, want)
	}
}

// wantClosed reads the end of a connection.
func (s *standard) wantClosed(c *ws.Conn, want ws.CloseError) {
	s.Helper()
	_, p, err := c.Read(s.ctx)
	if e, ok := errors.AsType[*ws.CloseError](err); !ok || *e != want {
		s.Errorf("Read returned %q, %v; want %v", p, err, &want)
	}
}

// wantArgument checks that err is an *ArgumentError with that name.
func (s *standard) wantArgument(what string, err error, name string) {
	s.Helper()
	if e, ok := errors.AsType[*ws.ArgumentError](err); !ok || e.Name != name {
		s.Errorf("%q: got %v, want an *ArgumentError of %s", what, err, name)
	}
}

// wantHandshake checks that a connection could not be opened.
func (s *standard) wantHandshake(what string, err error) *ws.HandshakeError {
	s.Helper()
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok {
		s.Fatalf("%q: got %v, want a *HandshakeError", what, err)
	}
	return e
}

func newID() string { return strconv.FormatUint(rand.Uint64(), 36) }
