//go:build !js

package wsjson_test

import (
	"context"
	"errors"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// order is a value with a bit of everything.
type order struct {
	ID    int               `json:"id"`
	Name  string            `json:"name,omitempty"`
	Lines []float64         `json:"lines,omitempty"`
	Notes map[string]string `json:"notes,omitempty"`
}

// asError fails the test unless err is an *Error and the connection is not
// concerned.
func asError(t *testing.T, err error) *wsjson.Error {
	t.Helper()
	e, ok := errors.AsType[*wsjson.Error](err)
	if !ok {
		t.Fatalf("error = %v, want a *wsjson.Error", err)
	}
	return e
}

// wantNotOurs fails the test if err is not the connection's own.
func wantNotOurs(t *testing.T, err, target error) {
	t.Helper()
	if e, ok := errors.AsType[*wsjson.Error](err); ok || !errors.Is(err, target) {
		t.Errorf("error = %v (%v), want the connection's: %v", err, e, target)
	}
}

// dial returns a client of a server that runs a script.
func dial(t *testing.T, s wstest.Script) *ws.Conn {
	t.Helper()
	c, err := wstest.NewServer(t, s).Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// texts sends each message in a frame of its own.
func texts(all ...string) wstest.Script {
	var frames []wstest.Frame
	for _, s := range all {
		frames = append(frames, wstest.Text(s))
	}
	return wstest.Seq(wstest.Send(frames...), wstest.Serve())
}

// wantNext checks that the connection is as good as before.
func wantNext(t *testing.T, c api.Conn, want int) {
	t.Helper()
	if got, err := wsjson.Read[int](context.Background(), c); got != want || err != nil {
		t.Errorf("the next message: %v, %v, want %v", got, err, want)
	}
}
