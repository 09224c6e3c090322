//go:build !js

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

func TestWaysIn(t *testing.T) {
	s := &server{users: map[string]string{"sesame": "alice"}}
	h := httptest.NewServer(s.handler())
	defer h.Close()
	ticket := s.tickets.issue("alice")
	for _, tt := range []struct {
		name, path string
		opts       ws.DialOptions
		status     int // 0: let in
	}{
		{"cookie", "/cookie", ws.DialOptions{Header: http.Header{"Cookie": {"session=sesame"}}}, 0},
		{"cookie, from a page of this site", "/cookie", ws.DialOptions{Header: http.Header{"Cookie": {"session=sesame"}, "Origin": {h.URL}}}, 0},
		{"cookie, from another site's page", "/cookie", ws.DialOptions{Header: http.Header{"Cookie": {"session=sesame"}, "Origin": {"https://evil.example"}}}, 403},
		{"wrong cookie", "/cookie", ws.DialOptions{Header: http.Header{"Cookie": {"session=x"}}}, 401},
		{"no cookie", "/cookie", ws.DialOptions{}, 401},
		{"ticket", "/ticket?ticket=" + ticket, ws.DialOptions{}, 0},
		{"the same ticket again", "/ticket?ticket=" + ticket, ws.DialOptions{}, 401},
		{"no ticket", "/ticket", ws.DialOptions{}, 401},
		{"subprotocol", "/subprotocol", ws.DialOptions{Subprotocols: []string{"chat", "bearer.sesame"}}, 0},
		{"wrong subprotocol", "/subprotocol", ws.DialOptions{Subprotocols: []string{"chat", "bearer.x"}}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := hello(t.Context(), "ws"+strings.TrimPrefix(h.URL, "http")+tt.path, &tt.opts)
			if tt.status == 0 {
				if err != nil || got != "hello, alice" {
					t.Errorf("got %q, %v, want alice let in", got, err)
				}
				return
			}
			e, ok := errors.AsType[*ws.HandshakeError](err)
			if !ok || e.Status != tt.status {
				t.Errorf("got %q, %v, want status %d", got, err, tt.status)
			}
		})
	}
}

func hello(ctx context.Context, url string, opts *ws.DialOptions) (string, error) {
	c, err := ws.Dial(ctx, url, opts)
	if err != nil {
		return "", err
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	return string(p), err
}

func TestNewTicket(t *testing.T) {
	s := &server{users: map[string]string{"sesame": "alice"}}
	for secret, want := range map[string]int{"Bearer sesame": 200, "Bearer x": 401, "sesame": 401, "": 401} {
		r := httptest.NewRequest("POST", "/ticket", nil)
		r.Header.Set("Authorization", secret)
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Authorization %q: status %d, want %d", secret, w.Code, want)
		}
		id, _ := io.ReadAll(w.Body)
		if user, ok := s.tickets.redeem(string(id)); ok != (want == 200) || ok && user != "alice" {
			t.Errorf("Authorization %q: the ticket is of %q, %v", secret, user, ok)
		}
	}
}

func TestTicketsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s tickets
		early, late := s.issue("alice"), s.issue("alice")
		time.Sleep(ticketTime)
		if _, ok := s.redeem(early); !ok {
			t.Error("a ticket was refused within its time")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := s.redeem(late); ok {
			t.Error("a ticket was taken after its time")
		}
		s.issue("alice")
		time.Sleep(ticketTime + 1)
		s.issue("alice")
		if len(s.open) != 1 {
			t.Errorf("%d tickets are kept, want only the one that is valid", len(s.open))
		}
	})
}
