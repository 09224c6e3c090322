//go:build !js

package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// closings are how connections end (RFC 6455 section 7.4.1; a reason has 123
// bytes at most, section 5.5).
var closings = []struct {
	code   ws.StatusCode
	reason string
}{
	{ws.StatusNormalClosure, ""},
	{ws.StatusGoingAway, "going away"},
	{ws.StatusPolicyViolation, "not like this"},
	{ws.StatusInternalError, "日本語 🙂 ß"},
	{3000, "registered"},
	{4999, strings.Repeat("private", 17) + "ende"},
	{ws.StatusNoStatusRcvd, ""},
}

// ending has connection i end in one of the ways, and the sides take turns.
func (s *spec) ending(i int) {
	s.PeerCloses = i%2 == 1
	c := closings[i%(len(closings)-1)]
	s.Code, s.Reason = c.code, c.reason
}

// TestMessages has total messages for each peer and role, with and without
// compression.
func TestMessages(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 500
	}
	for _, kind := range []struct {
		name  string
		cases func(p peer, theyDial bool) []testCase
	}{{"plain", plain}, {"compressed", compressed}} {
		t.Run(kind.name, func(t *testing.T) {
			s := seed(t)
			eachPeer(t, func(p peer, theyDial bool) []testCase {
				cases := kind.cases(p, theyDial)
				for i := range cases {
					c := &cases[i]
					c.Seed, c.InFlight = s+uint64(i), inFlight
					c.Messages = total*(i+1)/len(cases) - total*i/len(cases)
					c.ending(i)
				}
				return cases
			})
		})
	}
}

// plain are connections on which nothing is agreed on.
func plain(peer, bool) []testCase {
	return []testCase{
		{name: "neither wants compression"},
		{name: "we alone want it", ours: &ws.Compression{}},
		{name: "they alone want it", spec: spec{Deflate: params{}}},
	}
}

const deflate = "permessage-deflate; "

// compressed are the parameters of RFC 7692 section 7.1: alone, together,
// wanted by one side or the other.
func compressed(p peer, theyDial bool) []testCase {
	none := params{"server_no_context_takeover": true, "client_no_context_takeover": true}
	const noneAgreed = "server_no_context_takeover; client_no_context_takeover"
	// This side sends within 2^8 bytes; theirs is asked for 2^9, since zlib
	// cannot compress for less.
	small := params{"server_max_window_bits": 9, "client_max_window_bits": 8}
	smallAgreed := "server_max_window_bits=9; client_max_window_bits=8"
	const windows = "client_max_window_bits=13" // we, and they, say that they can, and do not ask
	theirNone := noneAgreed + "; " + windows    // we did not know, and said that we can
	ours9 := "server_max_window_bits=9; client_max_window_bits=9"
	if theyDial {
		small = params{"server_max_window_bits": 8, "client_max_window_bits": 9}
		smallAgreed = "server_max_window_bits=8; client_max_window_bits=9"
		theirNone = noneAgreed
		ours9 = "client_max_window_bits=9"
	}
	cases := []testCase{
		{name: "defaults", spec: spec{Deflate: params{}}, ours: &ws.Compression{}, want: deflate + windows},
		{name: "they want no takeover", spec: spec{Deflate: none}, ours: &ws.Compression{}, want: deflate + theirNone},
		{name: "we want no takeover", spec: spec{Deflate: params{}}, want: deflate + noneAgreed,
			ours: &ws.Compression{ServerNoContextTakeover: true, ClientNoContextTakeover: true}},
		{name: "takeover by the client alone", spec: spec{Deflate: params{}}, want: deflate + "server_no_context_takeover; client_max_window_bits=13",
			ours: &ws.Compression{ServerNoContextTakeover: true}},
		{name: "large windows", spec: spec{Deflate: params{}}, want: "permessage-deflate",
			ours: &ws.Compression{Level: 9, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{name: "they want small windows", spec: spec{Deflate: small}, ours: &ws.Compression{}, want: deflate + smallAgreed},
		{name: "we want small windows", spec: spec{Deflate: params{}}, want: deflate + ours9,
			ours: &ws.Compression{Threshold: 1, ServerMaxWindowBits: 9, ClientMaxWindowBits: 9}},
	}
	if p.fixedWindow {
		return fixedWindow(cases, theyDial)
	}
	return cases
}

// fixedWindow is compressed for a peer that knows nothing of windows: it
// declines to limit its own when it serves, and when it dials is told not to
// use it where we name a bound for it.
func fixedWindow(all []testCase, theyDial bool) (cases []testCase) {
	for _, c := range all {
		if c.Deflate["server_max_window_bits"] != nil {
			continue
		}
		var agreed []string
		for _, param := range strings.Split(c.want, "; ") {
			if name, _, sized := strings.Cut(param, "="); !sized {
				agreed = append(agreed, param)
			} else if theyDial && name == "client_max_window_bits" && c.ours.ClientMaxWindowBits > 0 {
				agreed = append(agreed, "client_no_context_takeover")
			}
		}
		c.want = strings.Join(agreed, "; ")
		cases = append(cases, c)
	}
	return cases
}

// TestClosing has every way to end, begun by either side, right behind
// messages.
func TestClosing(t *testing.T) {
	s := seed(t)
	eachPeer(t, func(p peer, _ bool) (cases []testCase) {
		for i, end := range closings {
			for _, theyClose := range []bool{false, true} {
				if theyClose && end.code == ws.StatusNoStatusRcvd && p.alwaysCode {
					continue
				}
				who := "we"
				if theyClose {
					who = "they"
				}
				cases = append(cases, testCase{name: fmt.Sprintf("%s close with %d", who, int(end.code)), spec: spec{
					Seed: s + uint64(i), Messages: 3, InFlight: inFlight, PeerCloses: theyClose, Code: end.code, Reason: end.reason}})
			}
		}
		return cases
	})
}
