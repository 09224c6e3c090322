package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// judge reports what is right and wrong in the response. err is the error of
// the Dial, nil if it was accepted.
func (k *checker) judge(err error) {
	r := k.shown.response
	took := short(k.shown.answered.Sub(k.shown.asked).Seconds())
	status := strings.TrimSpace(fmt.Sprint(r.Status, " ", reason(r)))
	if r.Status != http.StatusSwitchingProtocols {
		k.say("HTTP", fault, "%s after %s, should be 101 Switching Protocols: %s", status, took, k.advice(err))
		return
	}
	k.say("HTTP", good, "%s after %s", status, took)
	before := len(k.steps)
	k.judgeUpgrade(r)
	k.judgeAccept(r)
	k.judgeSubprotocol(r)
	k.judgeExtensions(r)
	known := slices.ContainsFunc(k.steps[before:], func(s step) bool { return s.Verdict == fault })
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok && !known { // what the rules above do not know
		k.say("response", fault, "%s", problemOf(e))
	}
}

func reason(r *handshake.Response) string {
	if r.Reason != "" {
		return r.Reason
	}
	return http.StatusText(r.Status)
}

// judgeUpgrade judges Upgrade and Connection (RFC 6455 section 4.2.2 item 5).
func (k *checker) judgeUpgrade(r *handshake.Response) {
	upgrade := r.Header.Values("Upgrade")
	if len(upgrade) == 1 && strings.EqualFold(upgrade[0], "websocket") {
		k.say("Upgrade", good, "%s", upgrade[0])
	} else {
		k.say("Upgrade", fault, "%s, should be \"websocket\", once", are(upgrade))
	}
	connection := r.Header.Values("Connection")
	if handshake.HasToken(connection, "Upgrade") {
		k.say("Connection", good, "%s", strings.Join(connection, ", "))
	} else {
		k.say("Connection", fault, "%s, should have the token \"Upgrade\": a proxy in between may have removed it", are(connection))
	}
}

// judgeAccept judges Sec-WebSocket-Accept.
func (k *checker) judgeAccept(r *handshake.Response) {
	got, want := r.Header.Values("Sec-WebSocket-Accept"), handshake.AcceptKey(k.shown.request.Key)
	if len(got) == 1 && got[0] == want {
		k.say("Accept", good, "Sec-WebSocket-Accept is right for the key that was sent")
		return
	}
	why := "the response is that of another connection, as from a cache, or the server computes it wrongly"
	if len(got) == 0 {
		why = "the server did not read the key; it is no WebSocket server, or a proxy removed a field"
	}
	k.say("Accept", fault, "Sec-WebSocket-Accept %s, should be %q for the key %q: %s", are(got), want, k.shown.request.Key, why)
}

func (k *checker) judgeSubprotocol(r *handshake.Response) {
	got, offered := r.Header.Values("Sec-WebSocket-Protocol"), k.shown.request.Subprotocols
	switch {
	case len(got) == 0 && len(offered) == 0:
		k.say("subprotocol", neutral, "none offered, none chosen")
	case len(got) == 0:
		k.say("subprotocol", warning, "the server chose none of %s: browsers then end the connection", strings.Join(offered, ", "))
	case len(got) == 1 && slices.Contains(offered, got[0]):
		k.say("subprotocol", good, "%s, of the offered %s", got[0], strings.Join(offered, ", "))
	case len(offered) == 0:
		k.say("subprotocol", fault, "%s, though none was offered: the field should be absent", are(got))
	default:
		k.say("subprotocol", fault, "%s, should be one of %s, once", are(got), strings.Join(offered, ", "))
	}
}

func (k *checker) judgeExtensions(r *handshake.Response) {
	got, offered := r.Header.Values("Sec-WebSocket-Extensions"), k.shown.request.Extensions
	chosen, err := handshake.ParseExtensions(got)
	switch {
	case err != nil:
		k.say("extensions", fault, "%s: %v", are(got), err)
	case len(chosen) == 0 && offered == "":
		k.say("extensions", neutral, "none offered, none chosen; --compress offers permessage-deflate")
	case len(chosen) == 0:
		k.say("extensions", neutral, "none chosen of the offered %s", offered)
	case offered == "":
		k.say("extensions", fault, "%s, though none was offered: the field should be absent", are(got))
	case len(chosen) > 1 || chosen[0].Name != "permessage-deflate":
		k.say("extensions", fault, "%s, should be one of the offered %s, once", are(got), offered)
	default:
		k.say("extensions", good, "%s", strings.Join(got, ", "))
	}
}

// are are the values of a field as the start of a sentence about what they
// should be.
func are(values []string) string {
	if len(values) == 0 {
		return "is missing"
	}
	var all []string
	for _, v := range values {
		all = append(all, quoted([]byte(v)))
	}
	return "is " + strings.Join(all, " and ")
}

// advice says what a status other than 101 means for someone who wants a
// WebSocket.
func (k *checker) advice(err error) string {
	r := k.shown.response
	body := ""
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok && len(e.Body) > 0 {
		body = "; the server says " + quoted(e.Body)
		if strings.Contains(string(e.Body), "HTTPS") && k.url.Scheme == "http" {
			return "the server speaks TLS on this port: dial wss:// instead of ws://"
		}
	}
	return k.meaning(r) + body
}

func (k *checker) meaning(r *handshake.Response) string {
	switch s := r.Status; {
	case s == http.StatusUnauthorized:
		return "the server wants credentials" + by(r, "WWW-Authenticate") + ": --auth, -H 'Authorization: ...' or -H 'Cookie: ...'"
	case s == http.StatusProxyAuthRequired:
		return "a proxy wants credentials" + by(r, "Proxy-Authenticate") + ": put them into the proxy's URL"
	case s == http.StatusForbidden:
		return "the server does not allow this client, or the page: it may want another --origin, credentials, or another --host"
	case s == http.StatusNotFound:
		return "nothing is at this path: check the path, and the routes of proxies in front"
	case s == http.StatusUpgradeRequired && r.Header.Count("Sec-WebSocket-Version") > 0:
		return "the server speaks version " + r.Header.Get("Sec-WebSocket-Version") + " of the protocol, or a proxy in front does not forward Upgrade and Connection"
	case s == http.StatusUpgradeRequired, s == http.StatusBadRequest:
		return "the server does not see a handshake: a proxy in front may not forward Upgrade and Connection, or use HTTP/1.0"
	case s/100 == 2:
		return "an ordinary page: nothing at this path speaks WebSocket, or a proxy in front does not forward Upgrade and Connection"
	case s/100 == 3 && r.Header.Count("Location") > 0:
		return "a redirect, which WebSocket clients do not follow: dial " + quoted([]byte(r.Header.Get("Location"))) + " if you trust it"
	case s == http.StatusTooManyRequests:
		return "too many requests: wait" + after(r)
	case s == http.StatusBadGateway, s == http.StatusServiceUnavailable, s == http.StatusGatewayTimeout:
		return "the proxy in front does not reach the server behind it, or that is overloaded" + after(r)
	case s/100 == 5:
		return "the server failed: its log says why"
	}
	return "the server does not accept the handshake"
}

// by names the authentication schemes of a challenge.
func by(r *handshake.Response, field string) string {
	schemes := handshake.AuthSchemes(r.Header.Values(field))
	if len(schemes) == 0 {
		return ""
	}
	return " (" + strings.Join(schemes, " or ") + ")"
}

func after(r *handshake.Response) string {
	if v := r.Header.Get("Retry-After"); v != "" {
		return ", and try again after " + quoted([]byte(v))
	}
	return ""
}
