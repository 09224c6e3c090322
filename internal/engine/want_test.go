package engine

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// wantCloseError compares a *CloseError; of the cause only whether want.Cause
// is in its chain, nil for none.
func wantCloseError(t *testing.T, what string, err error, want api.CloseError) {
	t.Helper()
	e, ok := errors.AsType[*api.CloseError](err)
	if !ok {
		t.Fatalf("%s: %v (%T), want a *CloseError", what, err, err)
	}
	if e.Code != want.Code || e.Reason != want.Reason || e.Local != want.Local || e.Clean != want.Clean {
		t.Errorf("%s: code %v reason %q local %v clean %v, want %v %q %v %v (%v)",
			what, e.Code, e.Reason, e.Local, e.Clean, want.Code, want.Reason, want.Local, want.Clean, err)
	}
	if want.Cause == nil && e.Cause != nil || !errors.Is(e.Cause, want.Cause) {
		t.Errorf("%s: cause %v, want %v", what, e.Cause, want.Cause)
	}
	wantIs(t, what, err, api.ErrClosed)
}

func wantIs(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want an error that matches %q", what, err, target)
	}
}

// wantCtx checks that err is exactly ctx's.
func wantCtx(t *testing.T, what string, err error, ctx context.Context) {
	t.Helper()
	if err == nil || err != ctx.Err() {
		t.Fatalf("%s: %v, want %v", what, err, ctx.Err())
	}
}

// wantElapsed checks that exactly d has gone by since begun.
func wantElapsed(t *testing.T, what string, begun time.Time, d time.Duration) {
	t.Helper()
	if got := time.Since(begun); got != d {
		t.Errorf("%s: took %v, want %v", what, got, d)
	}
}

// gone returns a context that has ended.
func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// brief shows the beginning of a message.
func brief(p []byte) string {
	if len(p) <= 40 {
		return strconv.Quote(string(p))
	}
	return strconv.Quote(string(p[:40])) + "... (" + strconv.Itoa(len(p)) + " bytes)"
}

// pattern returns n bytes that repeat nowhere soon, different for each seed,
// and none of them poisoned.
func pattern(n int, seed uint32) []byte {
	p := make([]byte, n)
	x := seed*2654435761 + 1
	for i := range p {
		x = x*1664525 + 1013904223
		if p[i] = byte(x >> 24); p[i] == poisoned {
			p[i] = 0
		}
	}
	return p
}
