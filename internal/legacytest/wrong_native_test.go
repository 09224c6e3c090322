//go:build !js

package legacytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/legacy"
)

// What peers get wrong, on valid input. Each test fails when it is so no
// longer: then a fault of peer_native_test.go can go.

// rawToPeer starts a peer's server, and connects bytes to it.
func rawToPeer(ctx context.Context, t *testing.T, p peer, s spec) (rawClient, *process) {
	t.Helper()
	needs(t, p)
	s.Role = "server"
	process := start(ctx, t, p.command, s)
	nc, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(process.port(t))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(soon))
	return rawClient{nc, bufio.NewReader(nc), nil}, process
}

// peerToRaw starts a peer's client against bytes, and returns what it reports
// and the head of its request.
func peerToRaw(t *testing.T, p peer, s spec, answer func(head, challenge string) string, more func(c rawClient)) (r report, head string) {
	t.Helper()
	needs(t, p)
	heads := make(chan string, 1)
	addr := rawServer(t, func(head, challenge string) string {
		heads <- head
		return answer(head, challenge)
	}, more)
	_, port, _ := net.SplitHostPort(addr)
	s.Role, s.Origin = "client", "http://"+addr
	s.Port, _ = strconv.Atoi(port)
	r = start(t.Context(), t, p.command, s).reports(t, p)
	return r, <-heads
}

// answersClose reads the close frame FF 00, which the gem and Perl send in
// hixie-75 too, and answers it.
func answersClose(c rawClient) {
	if _, err := io.ReadFull(c, make([]byte, 2)); err == nil {
		io.WriteString(c.Conn, "\xff\x00") // in hixie-75 the peer may be gone
	}
}

// The gem websocket 1.2.9 takes white space and NUL off the ends of the 8
// bytes: its server answers 1 in 18 handshakes of hixie-76 wrongly.
func TestGemTrimsChallenge(t *testing.T) {
	v := vectors[0]
	c, _ := rawToPeer(t.Context(), t, gemPeer, spec{Version: 76})
	const challenge = "\n:ds[4U\x00"
	c.sends(t, head76(v.key1, v.key2, "")+challenge)
	_, got := c.answer(t, 16)
	if got == solved(v.key1, v.key2, challenge) {
		t.Error("the answer is right")
	}
	if want := solved(v.key1, v.key2, strings.Trim(challenge, "\n\x00")); got != want {
		t.Errorf("the answer is %q, want that to the trimmed challenge, %q", got, want)
	}
}

// The gem websocket 1.2.9 takes a head's end for the handshake's: its server
// answers before the 8 bytes have come, wrongly, and its client refuses an
// answer whose 16 bytes come behind.
func TestGemDoesNotWaitForTheChallenge(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		v := vectors[0]
		c, _ := rawToPeer(t.Context(), t, gemPeer, spec{Version: 76})
		c.sends(t, head76(v.key1, v.key2, ""))
		if _, got := c.answer(t, 16); got != solved(v.key1, v.key2, "") {
			t.Errorf("the answer is %q, want that to an empty challenge", got)
		}
	})
	t.Run("client", func(t *testing.T) {
		r, _ := peerToRaw(t, gemPeer, spec{Version: 76}, func(head, challenge string) string {
			whole := answers(hixie76, "", "", "")(head, challenge)
			return whole[:len(whole)-16]
		}, nil)
		if !strings.Contains(r.Error, "InvalidAuthentication") {
			t.Errorf("it reports %q, want InvalidAuthentication", r.Error)
		}
	})
}

// The gem websocket 1.2.9, client of hixie-76, compares all that has come with
// the answer to its challenge: a message in the same segment is one too much.
func TestGemRefusesMessageBehindTheAnswer(t *testing.T) {
	r, _ := peerToRaw(t, gemPeer, spec{Version: 76}, func(head, challenge string) string {
		return answers(hixie76, "", "", "")(head, challenge) + "\x00early\xff"
	}, nil)
	if !strings.Contains(r.Error, "InvalidAuthentication") {
		t.Errorf("it reports %q, want InvalidAuthentication", r.Error)
	}
}

// The gem websocket 1.2.9 offers a subprotocol of hixie-76 in the field of
// hixie-75 (hixie-76 section 4.1 has Sec-WebSocket-Protocol).
func TestGemOffersInTheOldField(t *testing.T) {
	_, head := peerToRaw(t, gemPeer, spec{Version: 76, Offers: []string{"chat"}, PeerCloses: true},
		answers(hixie76, "", "", "Sec-WebSocket-Protocol: chat\r\n"), answersClose)
	if field(head, "WebSocket-Protocol") != "chat" || field(head, "Sec-WebSocket-Protocol") != "" {
		t.Errorf("it offers by\n%s", head)
	}
}

// The gem websocket 1.2.9 refuses a close frame whose reason is not ASCII: it
// asks Ruby to turn bytes without an encoding into UTF-8.
func TestGemRefusesReason(t *testing.T) {
	for _, d := range []legacy.Draft{hybi07, hybi10, rfc6455} {
		t.Run(d.String(), func(t *testing.T) {
			needs(t, gemPeer)
			c, process := dialPeer(t.Context(), t, gemPeer, d, spec{Role: "server", Version: number(d)}, nil)
			if c == nil {
				t.FailNow()
			}
			defer c.CloseNow()
			if err := c.Close(4000, "tschüß"); err == nil {
				t.Error("the close was answered")
			}
			if r := process.reports(t, gemPeer); !strings.Contains(r.Error, "InvalidPayloadEncoding") {
				t.Errorf("it reports %+v, want InvalidPayloadEncoding", r)
			}
		})
	}
}

// Protocol::WebSocket 0.26 announces the 8 bytes of hixie-76 as a body, which
// the draft (section 4.1) does not.
func TestPerlAnnouncesTheChallenge(t *testing.T) {
	_, head := peerToRaw(t, perlPeer, spec{Version: 76, PeerCloses: true}, answers(hixie76, "", "", ""), answersClose)
	if got := field(head, "Content-Length"); got != "8" {
		t.Errorf("Content-Length is %q, want 8; the head is\n%s", got, head)
	}
}

// Protocol::WebSocket 0.26 has U+FFFD in place of noncharacters, in what it
// reads and in what it sends.
func TestPerlLosesNoncharacters(t *testing.T) {
	c, _ := rawToPeer(t.Context(), t, perlPeer, spec{Version: 75, Messages: 1})
	c.sends(t, head75(""))
	c.answer(t, 0)
	c.sends(t, "\x00\uffff\xff")
	if got := c.reads(t, 5); got != "\x00\ufffd\xff" {
		t.Errorf("the echo of U+FFFF is % x, want U+FFFD", got)
	}
}

// The drivers of Ruby (0.6.3) and Node.js (0.7.5) end a frame with a length at
// its first FF, and deliver the message before it once more. 0.8.0 does not.
func TestDriversRepeatMessages(t *testing.T) {
	for _, tt := range []struct {
		peer   peer
		echoes string
	}{
		{rubyDriverPeer, "\x00a\xff\x00a\xff"},
		{driver7Peer, "\x00a\xff\x00a\xff"},
		{driver8Peer, "\x00a\xff\x00b\xff"},
	} {
		t.Run(tt.peer.name+" "+tt.peer.version, func(t *testing.T) {
			c, _ := rawToPeer(t.Context(), t, tt.peer, spec{Version: 75, Messages: 3})
			c.sends(t, head75(""))
			c.answer(t, 0)
			c.sends(t, "\x00a\xff\x80\x02x\xff\x00b\xff")
			if got := c.reads(t, 6); got != tt.echoes {
				t.Errorf("the echoes are %q, want %q", got, tt.echoes)
			}
		})
	}
}

// No peer's client checks that the answer's location and origin are its own
// (hixie-75 section 4.1, hixie-76 section 4.1).
func TestPeersDoNotCheckTheAnswer(t *testing.T) {
	for _, p := range []peer{gemPeer, perlPeer} {
		for _, d := range []legacy.Draft{hixie75, hixie76} {
			t.Run(p.name+"/"+d.String(), func(t *testing.T) {
				r, _ := peerToRaw(t, p, spec{Version: number(d), PeerCloses: true},
					answers(d, "other.example", "http://other.example", ""), answersClose)
				if r.Error != "" {
					t.Errorf("it reports %q, want nothing", r.Error)
				}
			})
		}
	}
}

// A subprotocol is agreed on with every peer that has them.
func TestSubprotocols(t *testing.T) {
	for _, p := range []peer{gemPeer, perlPeer, wsPeer, websocketPeer} {
		for _, d := range p.client {
			for _, way := range ways[:2] {
				t.Run(p.name+"/"+d.String()+"/"+way.name, func(t *testing.T) {
					needs(t, p)
					s := spec{Role: "client", Version: number(d), Offers: []string{"chat"}}
					s.Batches, s.Messages = [][]message{{{Unit: "one", Times: 1}}}, 1
					s.ending(0, p, d, true)
					r := way.run(t, p, d, s)
					if r.Error != "" || r.Subprotocol != "chat" {
						t.Errorf("it reports %+v, want the subprotocol chat", r)
					}
				})
			}
		}
	}
}

// A subprotocol that a server knows is agreed on, another is not. The gem
// websocket 1.2.9 answers an offer that it does not know with an empty field.
// That is none in the hixie drafts, which do not say what a value may be; RFC
// 6455 and the hybi drafts (section 4.1, item 6) have a client fail.
func TestServersChoice(t *testing.T) {
	for _, p := range []peer{gemPeer, perlPeer, rubyDriverPeer, wsPeer, websocketPeer} {
		for _, d := range p.server {
			for _, known := range []bool{true, false} {
				if p.name == rubyDriverPeer.name && isHixie(d) || p.name == perlPeer.name && !known {
					continue // it knows none in these drafts; Perl's program chooses
				}
				t.Run(p.name+"/"+d.String()+"/"+map[bool]string{true: "known", false: "not known"}[known], func(t *testing.T) {
					needs(t, p)
					s := spec{Role: "server", Version: number(d), Messages: 1, Offers: []string{"other"}}
					want := ""
					if known {
						s.Offers, want = []string{"chat"}, "chat"
					}
					s.ending(0, p, d, false)
					if p.name == gemPeer.name && !isHixie(d) && !known {
						refused(t, p, d, s)
						return
					}
					chosen(t, p, d, s, want)
				})
			}
		}
	}
}

// chosen talks to a peer that was offered chat.
func chosen(t *testing.T, p peer, d legacy.Draft, s spec, want string) {
	t.Helper()
	c, process := dialPeer(t.Context(), t, p, d, s, []string{"chat"})
	if c == nil {
		t.Fatalf("no connection; the peer reports %+v", process.reports(t, p))
	}
	defer c.CloseNow()
	s.Batches = [][]message{{{Unit: "one", Times: 1}}}
	if err := (&talk{Conn: c, spec: s, draft: d}).verify(t.Context()); err != nil {
		t.Error(err)
	}
	process.reports(t, p).check(t, d, s)
	if got := c.Subprotocol(); got != want {
		t.Errorf("Subprotocol = %q, want %q", got, want)
	}
}

// refused dials a peer whose answer has an empty field.
func refused(t *testing.T, p peer, d legacy.Draft, s spec) {
	t.Helper()
	process := start(t.Context(), t, p.command, s)
	o := &legacy.DialOptions{DialOptions: ws.DialOptions{Subprotocols: []string{"chat"}}}
	c, err := legacy.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d/", process.port(t)), d, o)
	if err == nil {
		c.CloseNow()
	}
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok {
		t.Fatalf("Dial returned %v, want a HandshakeError", err)
	}
	if v, has := e.Header["Sec-Websocket-Protocol"]; !has || v[0] != "" {
		t.Errorf("the answer has the subprotocol %q, want an empty one", v)
	}
}
