//go:build !js

package wstest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// wantStatus checks the error of a connection that the peer has ended.
func wantStatus(t *testing.T, err error, code api.StatusCode, reason string) {
	t.Helper()
	if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Code != code || e.Reason != reason {
		t.Errorf("error = %v, want %d %q", err, code, reason)
	}
}

func wantRead(t *testing.T, c *ws.Conn, typ api.MessageType, want string) {
	t.Helper()
	got, p, err := c.Read(context.Background())
	if err != nil || got != typ || string(p) != want {
		t.Fatalf("Read = %v, %q, %v, want %v, %q", got, p, err, typ, want)
	}
}

func write(t *testing.T, c *ws.Conn, text string) {
	t.Helper()
	if err := c.Write(context.Background(), ws.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
