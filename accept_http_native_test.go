//go:build !js

package ws_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
)

// Frames that came with the request are in net/http's buffer, and not lost.
func TestAcceptKeepsWhatFollows(t *testing.T) {
	n := newCensus(t)
	_, u := n.serve(t, echo(nil), nil)
	masked := "\x81\x85\x00\x00\x00\x00hello" + "\x88\x80\x00\x00\x00\x00"
	_, _, _, rest := exchange(t, n, u, request()+masked)
	if p, err := io.ReadAll(rest); string(p) != "\x81\x05hello\x88\x00" || err != nil {
		t.Errorf("came back: %q, %v", p, err)
	}
}

// wrapper hides the methods of a ResponseWriter, as middleware does.
type wrapper struct{ http.ResponseWriter }

type unwrapper struct{ wrapper }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestAcceptBehindMiddleware(t *testing.T) {
	t.Run("with Unwrap", func(t *testing.T) {
		n := newCensus(t)
		_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			echo(nil)(unwrapper{wrapper{unwrapper{wrapper{w}}}}, r)
		}, nil)
		c, err := n.dialer().Dial(within(t), u)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		says(t, c, "hello")
	})
	t.Run("without", func(t *testing.T) {
		n := newCensus(t)
		h, errs := acceptor(nil)
		_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) { h(wrapper{w}, r) }, nil)
		_, err := n.dialer().Dial(within(t), u)
		if e := asHandshake(t, err); e.Status != 500 || string(e.Body) != "the server cannot take over connections\n" {
			t.Errorf("the client is told %v, %q", e, e.Body)
		}
		err = <-errs
		if asHandshake(t, err); !errors.Is(err, http.ErrNotSupported) || !strings.Contains(err.Error(), "Unwrap") {
			t.Errorf("Accept = %v, want one about Unwrap", err)
		}
	})
}

// Over HTTP/2 there is no Upgrade (RFC 9113 section 8.6), and a refusal leaves
// the other streams alone: it has no fields of the connection (8.2.2).
func TestAcceptHTTP2(t *testing.T) {
	n := newCensus(t)
	h, errs := acceptor(nil)
	s, _ := n.serve(t, h, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		withTLS(s)
	})
	client := s.Client()
	defer client.CloseIdleConnections()
	for i := range 2 {
		reused := false
		ctx := httptrace.WithClientTrace(within(t), &httptrace.ClientTrace{
			GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }})
		req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.ProtoMajor != 2 || res.StatusCode != 400 || !strings.Contains(string(body), "http/1.1") {
			t.Errorf("%s, status %d, body %q; want HTTP/2, 400", res.Proto, res.StatusCode, body)
		}
		if res.Header.Get("Upgrade") != "" || res.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("header %v", res.Header)
		}
		if reused != (i > 0) {
			t.Errorf("request %d: the connection was used before: %v", i, reused)
		}
		asHandshake(t, <-errs)
	}
}
