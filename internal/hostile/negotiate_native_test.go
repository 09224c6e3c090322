//go:build !js

package hostile

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// with returns the request with more lines.
func with(lines ...string) string {
	return strings.Replace(request, "\r\n\r\n", "\r\n"+strings.Join(lines, "\r\n")+"\r\n\r\n", 1)
}

// wantHandshakeError wants a *ws.HandshakeError that says something, and whose
// status is what the peer saw, or sent.
func wantHandshakeError(t testing.TB, err error, status int, says string) {
	t.Helper()
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || e.Status != status || !strings.Contains(e.Problem, says) {
		t.Errorf("error = %v, want a *HandshakeError with status %d about %q", err, status, says)
	}
}

// badParameters are windows that there are not (RFC 7692 section 7.1.2), and
// what is malformed otherwise.
var badParameters = []string{
	"server_max_window_bits=0", "server_max_window_bits=7", "server_max_window_bits=16",
	"server_max_window_bits=999", "server_max_window_bits=a", "server_max_window_bits",
	"server_max_window_bits=-9", "server_max_window_bits=08", "server_max_window_bits=18446744073709551624",
	"server_max_window_bits=10; server_max_window_bits=10", "client_max_window_bits=7",
	"client_max_window_bits=16", "server_no_context_takeover=1", "constructor", "__proto__=8",
}

// TestRow05Offers sends them to a server: it declines, cleanly, and accepts the
// next offer that is as it should be. What is no list of extensions is answered
// with 400.
func TestRow05Offers(t *testing.T) {
	const field = "Sec-WebSocket-Extensions"
	on := settings{compression: &ws.Compression{}}
	onServers(t, func(t *testing.T, d side) {
		for _, bad := range badParameters {
			a := d.ask(t, on, with(field+": permessage-deflate; "+bad))
			if a.status != 101 || len(a.header[http.CanonicalHeaderKey(field)]) > 0 || a.err != nil {
				t.Errorf("%s: %d %v, %v; want 101 without extensions", bad, a.status, a.header, a.err)
			}
			a = d.ask(t, on, with(field+": permessage-deflate; "+bad+", permessage-deflate"))
			if got := a.header.Get(field); a.status != 101 || !strings.HasPrefix(got, "permessage-deflate") || strings.Contains(got, bad) {
				t.Errorf("%s, and one that is good: %d %q", bad, a.status, got)
			}
		}
		for _, other := range []string{"x-unheard-of", "constructor; a=b", "permessage-deflate-2", "__proto__"} {
			a := d.ask(t, on, with(field+": "+other))
			if a.status != 101 || len(a.header[http.CanonicalHeaderKey(field)]) > 0 {
				t.Errorf("%s: %d %v; want 101 without extensions", other, a.status, a.header)
			}
		}
		for _, malformed := range []string{`permessage-deflate; server_max_window_bits="`, "permessage-deflate;", "a b", ";", "a;b=", `a;b="c d"`} {
			a := d.ask(t, on, with(field+": "+malformed))
			if a.status != 400 {
				t.Errorf("%s: %d, want 400", malformed, a.status)
			}
			wantHandshakeError(t, a.err, 400, field)
		}
	})
}

// TestRow05Answers sends them to a client that offered permessage-deflate, and
// extensions that nobody offered: the handshake fails cleanly.
func TestRow05Answers(t *testing.T) {
	leavesNothing(t)
	on := func(d *ws.Dialer) { d.Compression = &ws.Compression{} }
	answers := []string{"x-unheard-of", "constructor", "permessage-deflate, permessage-deflate",
		"permessage-deflate, x-unheard-of", `permessage-deflate; server_max_window_bits="`, ";", "a b"}
	for _, bad := range badParameters {
		answers = append(answers, "permessage-deflate; "+bad)
	}
	for _, a := range append(answers, "permessage-deflate; client_max_window_bits") {
		err := dialed(t, on, func(r *http.Request) string { return response(r, "Sec-WebSocket-Extensions: "+a) })
		if err == nil {
			t.Errorf("%s: was accepted", a)
			continue
		}
		wantHandshakeError(t, err, 101, "")
	}
	err := dialed(t, nil, func(r *http.Request) string { return response(r, "Sec-WebSocket-Extensions: permessage-deflate") })
	wantHandshakeError(t, err, 101, "not offered")
	if err := dialed(t, on, func(r *http.Request) string {
		return response(r, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10")
	}); err != nil {
		t.Errorf("an answer as it should be: %v", err)
	}
}
