//go:build !js

package legacytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// vectors are the examples of draft-hixie-thewebsocketprotocol-76, of sections
// 1.2, 1.3 and 5.2.
var vectors = []struct{ key1, key2, challenge, answer string }{
	{"4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", "^n:ds[4U", "8jKS'y:G*Co,Wxa-"},
	{"18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0", "Tm[K T2u", "fQJ,fN/4F4!~K~MH"},
	{"3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", "WjN}|M(6", "n`9eBk9z$R8pOtVb"},
}

func head75(more string) string {
	return "GET /demo?a=b HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\nOrigin: http://example.com\r\n" + more + "\r\n"
}

func head76(key1, key2, more string) string {
	return head75("Sec-WebSocket-Key1: " + key1 + "\r\nSec-WebSocket-Key2: " + key2 + "\r\n" + more)
}

// request is a whole request of a hixie draft.
func request(d legacy.Draft, more string) string {
	if d == hixie75 {
		return head75(more)
	}
	v := vectors[0]
	return head76(v.key1, v.key2, more) + v.challenge
}

// waits is a server that waits for the end.
func waits(ctx context.Context, c api.Conn) error {
	_, _, err := c.Read(ctx)
	if !errors.Is(err, ws.ErrClosed) {
		return fmt.Errorf("Read: %w, want the connection's end", err)
	}
	return nil
}

// The challenge is answered in the same write as the head: the gem websocket
// 1.2.9 takes the head's end for the handshake's, and looks no further. However
// the 8 bytes come: with the head, behind it, or as the body that
// Protocol::WebSocket 0.26 announces with "Content-Length: 8".
func TestChallengeIsAnsweredInOneWrite(t *testing.T) {
	for _, v := range vectors {
		head, whole := head76(v.key1, v.key2, ""), head76(v.key1, v.key2, "")+v.challenge
		for name, segments := range map[string][]string{
			"together":         {whole},
			"behind":           {head, v.challenge},
			"in pieces":        {head[:40], head[40:], v.challenge[:3], v.challenge[3:]},
			"byte by byte":     strings.Split(whole, ""),
			"Content-Length":   {head76(v.key1, v.key2, "Content-Length: 8\r\n") + v.challenge},
			"announced behind": {head76(v.key1, v.key2, "Content-Length: 8\r\n"), v.challenge},
		} {
			t.Run(v.answer+"/"+name, func(t *testing.T) {
				eachServer(t, nil, waits, func(t *testing.T, c rawClient) {
					c.sends(t, segments...)
					head, answer := c.answer(t, 16)
					if answer != v.answer {
						t.Errorf("the challenge is answered with %q, want %q", answer, v.answer)
					}
					if got := string(c.server.first()); got != head+answer {
						t.Errorf("the first write is %q, want head and answer", got)
					}
					c.sends(t, "\xff\x00")
					if got := c.reads(t, 2); got != "\xff\x00" {
						t.Errorf("FF 00 is answered with % x", got)
					}
				})
			})
		}
	}
}

// What follows the 8 bytes in the same segment belongs to the connection.
func TestMessageBehindTheChallenge(t *testing.T) {
	for _, announced := range []string{"", "Content-Length: 8\r\n"} {
		t.Run(announced, func(t *testing.T) {
			eachServer(t, nil, reads("early"), func(t *testing.T, c rawClient) {
				c.sends(t, request(hixie76, announced)+"\x00early\xff")
				c.answer(t, 16)
				io.Copy(io.Discard, c)
			})
		})
	}
}

// reads is a side that reads these messages.
func reads(messages ...string) func(ctx context.Context, c api.Conn) error {
	return func(ctx context.Context, c api.Conn) error {
		for _, want := range messages {
			typ, p, err := c.Read(ctx)
			if err != nil || typ != ws.MessageText || string(p) != want {
				return fmt.Errorf("Read = %v %q, %w; want %q", typ, p, err, want)
			}
		}
		return nil
	}
}

// discarded are frames that are no messages, before the message "ok". Bytes of
// a frame with a length are discarded whatever they are: the drivers 0.6.3
// (Ruby) and 0.7.5 (Node.js) end them at FF, and deliver the message before it
// once more. Hixie-75 section 4.2, hixie-76 section 5.3.
var discarded = map[string]string{
	"a length of 3":               "\x80\x03abc",
	"a length of 0":               "\x80\x00",
	"FF and 00 within":            "\x80\x05\xff\x00\x61\xff\x00",
	"a length in two bytes":       "\x80\x81\x00" + strings.Repeat("\xff\x00", 64),
	"a length with leading zeros": "\x80\x80\x80\x02ab",
	"type 81":                     "\x81\x01a",
	"type FE":                     "\xfe\x02\x00x",
	"type FF with a length":       "\xff\x02\xff\x00",
	"another type up to FF":       "\x01other\xff",
	"type 7F up to FF":            "\x7f\x00\x80\xff",
	"two":                         "\x80\x01\x00\x80\x01\xff",
}

func TestDiscards(t *testing.T) {
	for _, d := range []legacy.Draft{hixie75, hixie76} {
		for name, frame := range discarded {
			for _, whole := range []bool{true, false} {
				segments := []string{frame + "\x00ok\xff"}
				pieces := "whole"
				if !whole {
					segments, pieces = strings.Split(segments[0], ""), "byte by byte"
				}
				t.Run(d.String()+"/"+name+"/"+pieces, func(t *testing.T) {
					eachServer(t, nil, reads("ok"), func(t *testing.T, c rawClient) {
						c.sends(t, request(d, ""))
						c.answer(t, map[legacy.Draft]int{hixie76: 16}[d])
						c.sends(t, segments...)
						io.Copy(io.Discard, c)
					})
					t.Run("Dial", func(t *testing.T) {
						addr := rawServer(t, answers(d, "", "", ""), func(c rawClient) { c.sends(t, segments...) })
						c, err := legacy.Dial(t.Context(), "ws://"+addr+"/demo", d, nil)
						if err != nil {
							t.Fatal(err)
						}
						defer c.CloseNow()
						if err := reads("ok")(t.Context(), c); err != nil {
							t.Error(err)
						}
					})
				})
			}
		}
	}
}

// Hixie-75 has no close: FF 00 is a frame of length 0, and discarded. The gem
// and Protocol::WebSocket send it all the same.
func TestHixie75HasNoClose(t *testing.T) {
	eachServer(t, nil, reads("one", "two"), func(t *testing.T, c rawClient) {
		c.sends(t, request(hixie75, "")+"\x00one\xff\xff\x00\x00two\xff")
		c.answer(t, 0)
		if rest, _ := io.ReadAll(c); len(rest) > 0 {
			t.Errorf("the server sent % x, want nothing", rest)
		}
	})
}

// No peer's client checks the answer's location and origin; ours does (hixie-75
// section 4.1, hixie-76 section 4.1), unless it is told not to.
func TestAnswerIsChecked(t *testing.T) {
	for _, d := range []legacy.Draft{hixie75, hixie76} {
		for _, tt := range []struct {
			name, location, origin string
			ok                     bool
		}{
			{"right", "", "", true},
			{"another host", "example.com", "", false},
			{"another port", "127.0.0.1:1", "", false},
			{"another origin", "", "http://example.com", false},
			{"no origin", "", "null", false},
		} {
			for _, skip := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/%s/skip %v", d, tt.name, skip), func(t *testing.T) {
					addr := rawServer(t, answers(d, tt.location, tt.origin, ""), nil)
					c, err := legacy.Dial(t.Context(), "ws://"+addr+"/demo?a=b", d, &legacy.DialOptions{InsecureSkipAnswerCheck: skip})
					if err == nil {
						defer c.CloseNow()
					}
					if tt.ok || skip {
						if err != nil {
							t.Error(err)
						}
						return
					}
					if e, ok := errors.AsType[*ws.HandshakeError](err); !ok {
						t.Errorf("Dial returned %v, want a HandshakeError", err)
					} else if !strings.Contains(err.Error(), d.String()) {
						t.Errorf("%q does not name the draft", e)
					}
				})
			}
		}
	}
}

// The gem websocket 1.2.9 answers an offer that it does not know with an empty
// field, which is no subprotocol.
func TestEmptySubprotocolIsNone(t *testing.T) {
	for _, d := range []legacy.Draft{hixie75, hixie76} {
		t.Run(d.String(), func(t *testing.T) {
			name := map[legacy.Draft]string{hixie75: "WebSocket-Protocol", hixie76: "Sec-WebSocket-Protocol"}[d]
			addr := rawServer(t, answers(d, "", "", name+": \r\n"), nil)
			o := &legacy.DialOptions{DialOptions: ws.DialOptions{Subprotocols: []string{"chat"}}}
			c, err := legacy.Dial(t.Context(), "ws://"+addr+"/demo", d, o)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if got := c.Subprotocol(); got != "" {
				t.Errorf("Subprotocol = %q, want none", got)
			}
		})
	}
}

// The gem websocket 1.2.9 as a server takes the head's end for the request's
// too: the 8 bytes have to come with it.
func TestRequestIsOneWrite(t *testing.T) {
	addr := rawServer(t, answers(hixie76, "", "", ""), nil)
	var d dialer
	c, err := legacy.Dial(t.Context(), "ws://"+addr+"/demo", hixie76, &legacy.DialOptions{NetDial: d.dial})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if n := len(challenge(d.wire.first())); n != 8 {
		t.Errorf("the first write is %q, with %d bytes behind the head, want 8", d.wire.first(), n)
	}
}
