package browser

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/twinws/ws/api"
)

// HandshakeTimeout bounds a Dial whose context has no deadline.
const HandshakeTimeout = 10 * time.Second

// Options are what Dial needs to know beside the Socket.
type Options struct {
	// URL is named in errors.
	URL string
	// ReadLimit is the largest message to read in bytes, -1 for no limit.
	ReadLimit int64
}

const (
	hidden = "the browser could not open the connection and hides the reason from the page: look at the browser's console"
	denied = "the browser refused to connect, most likely because of the page's Content-Security-Policy: " +
		"allow the server's address in connect-src; the browser's console names the rule"
	unanswered = "the server did not answer within 10 s"
)

// Dial waits until s, which is connecting, is open. On every error s is closed
// and released before Dial returns: a socket left connecting would block every
// later one of the page to the same host (RFC 6455 section 4.1, step 2).
func Dial(ctx context.Context, s Socket, o Options) (*Conn, error) {
	c := newConn(s, o.ReadLimit)
	c.mu.Lock()
	c.pump()
	c.mu.Unlock()

	err := c.awaitOpen(ctx, o.URL)
	select {
	case <-c.opened: // an end that came with it is told by Read, after the messages
		return c, nil
	default:
	}
	c.CloseNow()
	return nil, err
}

func (c *Conn) awaitOpen(ctx context.Context, url string) error {
	var late <-chan time.Time
	if _, bounded := ctx.Deadline(); !bounded {
		t := time.NewTimer(HandshakeTimeout)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-c.opened:
		return nil
	case <-c.life.Done():
		return &api.HandshakeError{URL: Redact(url), Problem: c.refusal()}
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return &api.HandshakeError{URL: Redact(url), Problem: unanswered, Cause: context.DeadlineExceeded}
	}
}

func (c *Conn) refusal() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.noClose {
		return denied
	}
	return hidden
}

// Redact returns url without its userinfo (RFC 3986 section 3.2.1), so that no
// password ends in a log.
func Redact(url string) string {
	i := strings.Index(url, "//")
	if i < 0 {
		return url
	}
	i += len("//")
	end := len(url)
	if j := strings.IndexAny(url[i:], "/?#\\"); j >= 0 {
		end = i + j
	}
	if at := strings.LastIndexByte(url[i:end], '@'); at >= 0 {
		return url[:i] + url[i+at+1:]
	}
	return url
}

// Unsupported returns an error that matches errors.ErrUnsupported and whose
// text is what: what a browser cannot do, and what to do instead.
func Unsupported(what string) error { return &unsupported{what} }

type unsupported struct{ what string }

func (e *unsupported) Error() string { return e.what }
func (e *unsupported) Unwrap() error { return errors.ErrUnsupported }
