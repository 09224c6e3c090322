package apitest

import (
	"context"
	"net/url"
	"time"

	"github.com/twinws/ws/api"
)

// answers are responses that a client must reject; ACCEPT stands for the
// correct Sec-WebSocket-Accept.
var answers = []struct {
	what     string
	lines    []string
	extended bool // it exists as a response to an extended CONNECT, and must be rejected
}{
	{"RFC 6455 section 4.2.2: not HTTP", []string{"SSH-2.0-OpenSSH_9.2"}, false},
	{"section 4.1 item 1: another status", []string{"HTTP/1.1 200 OK", upgrade, connection, accept}, false},
	{"section 4.1 item 2: no Upgrade", []string{switching, connection, accept}, false},
	{"section 4.1 item 2: another Upgrade", []string{switching, "Upgrade: h2c", connection, accept}, false},
	{"section 4.1 item 3: no Connection", []string{switching, upgrade, accept}, false},
	{"section 4.1 item 3: another Connection", []string{switching, upgrade, "Connection: keep-alive", accept}, false},
	{"section 4.1 item 4: no Sec-WebSocket-Accept", []string{switching, upgrade, connection}, false},
	{"section 4.1 item 4: another key's", []string{switching, upgrade, connection, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, false},
	{"section 4.1 item 5: an extension that was not offered", []string{switching, upgrade, connection, accept, "Sec-WebSocket-Extensions: x-unheard-of"}, true},
	{unasked, []string{switching, upgrade, connection, accept, "Sec-WebSocket-Protocol: chat"}, true},
}

const unasked = "section 4.1 item 6: a subprotocol that was not offered"

const (
	switching  = "HTTP/1.1 101 Switching Protocols"
	upgrade    = "Upgrade: websocket"
	connection = "Connection: Upgrade"
	accept     = "Sec-WebSocket-Accept: ACCEPT"
)

// answered returns the path of an endpoint that responds with these lines.
func answered(lines []string) string {
	return "/handshake?" + url.Values{"line": lines}.Encode()
}

var handshakeCases = []testCase{
	{name: "AnswerIsChecked", rule: typed,
		why: "RFC 6455 section 4.1: a client checks the response and fails the connection if it violates a rule; so does WHATWG section 2.2",
		run: func(t *trial) {
			if t.Draft.TextOnly {
				t.oldAnswers()
				return
			}
			for _, a := range answers {
				if t.ExtendedConnect && !a.extended {
					continue
				}
				want := t.Differs.Answers[a.what]
				ctx, cancel := t.attempt(want)
				_, err := t.try(ctx, answered(a.lines), Options{})
				cancel()
				if t.wantOutcome(a.what, err, want); want == Fails {
					t.wantRefused(a.what, err)
				}
			}
			// Names and values in any case, and a field that is not required.
			t.dial(answered([]string{switching, "upgrade: WebSocket", "CONNECTION: upgrade", accept, "X-Other: yes"}))
			_, err := t.try(t.ctx, answered([]string{switching, upgrade, "Connection: keep-alive, Upgrade", accept}), Options{})
			if t.Differs.OnlyUpgrade != (err != nil) {
				t.Errorf("Connection: keep-alive, Upgrade: %v", err)
			}
		}},
	{name: "RedirectIsNotFollowed", rule: safe,
		why: "WHATWG section 2.2: the redirect mode is error, since a redirect could lead to any host; natively Dial returns the Location and does not follow it",
		run: func(t *trial) {
			for _, status := range []string{"301", "302", "303", "307", "308"} {
				id := newID()
				_, err := t.try(t.ctx, "/refuse?status="+status+"&location="+url.QueryEscape(t.Echo+"?id="+id), Options{})
				if t.Differs.FollowsRedirects {
					if err != nil {
						t.Errorf("%s: %v, want that it is followed", status, err)
					}
					continue
				}
				e := t.wantRefused(status, err)
				if location := e.Header["Location"]; t.Browser != (len(location) == 0) {
					t.Errorf("%s: Location of the error: %q", status, location)
				}
			}
			t.wantEcho(t.dial(t.Echo), api.MessageText, []byte("hello"))
		}},
	{name: "OneConnectingToAHost", rule: cancelling,
		why: "RFC 6455 section 4.1 item 2: a page has at most one connection to a host CONNECTING, and a cancelled Dial does not block the next; natively, in Node.js and in WebKit dials do not wait for each other",
		run: func(t *trial) {
			ctx, cancel := context.WithCancel(t.ctx)
			defer cancel()
			hanging := start(func() error {
				_, err := t.try(ctx, "/hang?most=5", Options{})
				return err
			})
			// The first one must begin before the second.
			brief, done := t.soon()
			defer done()
			<-brief.Done()
			second := make(chan error, 1)
			go func() {
				_, err := t.try(t.ctx, t.Echo, Options{})
				second <- err
			}()
			switch {
			case t.Browser && t.ExtendedConnect:
				// Both were seen in Chromium: in HTTP/2 there is no connection
				// to wait for.
			case t.Browser && !t.Differs.ParallelDials:
				late, done := context.WithTimeout(t.ctx, 10*moment)
				defer done()
				select {
				case err := <-second:
					t.Errorf("it did not wait, and returned %v", err)
					second <- err
				case <-late.Done():
				}
			default:
				t.wantWithin("the second Dial", promptly, func() {
					err := <-second
					second <- err
				})
			}
			begin := time.Now()
			cancel()
			t.wantIs("the Dial given up", hanging(), context.Canceled)
			if err := <-second; err != nil {
				t.Errorf("the second Dial returned %v", err)
			}
			if d := time.Since(begin); d > promptly {
				t.Errorf("the second Dial took %v after the first was given up", d)
			}
		}},
}

// oldAnswers are the rows of AnswerIsChecked for the drafts whose handshake is
// another one (draft-hixie-thewebsocketprotocol-75 and -76 section 4.1).
// ORIGIN, HOST and TARGET are those of the request.
func (t *trial) oldAnswers() {
	t.Helper()
	prefix, title := "Sec-", "HTTP/1.1 101 WebSocket Protocol Handshake"
	if t.Draft.NoCloseFrame {
		prefix, title = "", "HTTP/1.1 101 Web Socket Protocol Handshake"
	}
	up, origin, location := "Upgrade: WebSocket", prefix+"WebSocket-Origin: ORIGIN", prefix+"WebSocket-Location: ws://HOSTTARGET"
	for what, lines := range map[string][]string{
		"not HTTP":                        {"SSH-2.0-OpenSSH_9.2"},
		"another status":                  {"HTTP/1.1 200 OK", up, connection, origin, location},
		"no Upgrade":                      {title, connection, origin, location},
		"another Upgrade":                 {title, "Upgrade: h2c", connection, origin, location},
		"no Connection":                   {title, up, origin, location},
		"another Connection":              {title, up, "Connection: keep-alive", origin, location},
		"no origin":                       {title, up, connection, location},
		"another origin":                  {title, up, connection, prefix + "WebSocket-Origin: http://evil.example", location},
		"two origins":                     {title, up, connection, origin, origin, location},
		"no location":                     {title, up, connection, origin},
		"another host":                    {title, up, connection, origin, prefix + "WebSocket-Location: ws://evil.exampleTARGET"},
		"another path":                    {title, up, connection, origin, prefix + "WebSocket-Location: ws://HOST/other"},
		"another scheme":                  {title, up, connection, origin, prefix + "WebSocket-Location: wss://HOSTTARGET"},
		"a subprotocol that nobody named": {title, up, connection, origin, location, prefix + "WebSocket-Protocol: chat"},
	} {
		_, err := t.try(t.ctx, answered(lines), Options{})
		t.wantRefused(what, err)
	}
	right := []string{title, up, connection, origin, location}
	if !t.Draft.NoCloseFrame {
		_, err := t.try(t.ctx, answered(right)+"&proof=wrong", Options{})
		t.wantRefused("another challenge's answer", err)
		ctx, cancel := t.soon()
		defer cancel()
		_, err = t.try(ctx, answered(right)+"&proof=none", Options{})
		t.wantIs("Dial without the answer to the challenge", err, context.DeadlineExceeded)
	}
	t.dial(answered(right))
	// The gem websocket (1.2.9) names an empty subprotocol: none.
	t.dial(answered(append(right, prefix+"WebSocket-Protocol: ", "X-Other: yes")))
}
