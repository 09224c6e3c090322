package browser

import (
	"context"
	"errors"
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
	// ReadBuffer is how many bytes may wait behind the message that is to be
	// read next, -1 for no bound. Text counts its UTF-16 units.
	ReadBuffer int64
	// WriteBuffer is the bufferedAmount above which Write waits, -1 for none.
	WriteBuffer int64
}

var (
	errUnanswered = errors.New("the server did not answer within 10 s")
	errAbandoned  = errors.New("the context ended before the server had answered")
)

const (
	hidden = "the browser could not open the connection, and hides the reason from the page: look at its console"
	denied = "the browser refused to connect, as the page's Content-Security-Policy makes it: allow the server in connect-src"
)

// Dial waits until s, which is connecting, is open. On every error s is closed
// and released before Dial returns: a socket left connecting would block every
// later one of the page to the same host (RFC 6455 section 4.1, step 2).
func Dial(ctx context.Context, s Socket, o Options) (*Conn, error) {
	c := newConn(s, o)
	c.mu.Lock()
	c.pump()
	c.mu.Unlock()
	err := c.within(ctx, c.settled, HandshakeTimeout, errUnanswered, errAbandoned)
	c.mu.Lock()
	open := c.open
	c.mu.Unlock()
	if open { // an end that came with it is told by Read, after the messages
		return c, nil
	}
	c.CloseNow()
	problem, cause := hidden, error(nil)
	switch e := errors.Unwrap(err); e {
	case nil, errNoOpen:
	case errNoClose:
		problem = denied
	default:
		problem, cause = e.Error(), ctx.Err()
		if cause == nil {
			cause = context.DeadlineExceeded
		}
	}
	return nil, Refused(o.URL, problem, cause)
}

// Abandoned is the error of a Dial of url whose context had ended, with err.
func Abandoned(url string, err error) error { return Refused(url, errAbandoned.Error(), err) }

// Refused returns a HandshakeError of url, whose userinfo it leaves out.
//
//go:noinline
func Refused(url, problem string, cause error) error {
	return &api.HandshakeError{URL: redact(url), Problem: problem, Cause: cause}
}

// redact returns url without its userinfo (RFC 3986 section 3.2.1), so that no
// password ends in a log.
func redact(url string) string {
	start := 0 // of the authority
	for start < len(url) && (start < 2 || url[start-2:start] != "//") {
		start++
	}
	host := start
	for i := start; i < len(url); i++ {
		switch url[i] {
		case '@':
			host = i + 1
		case '/', '?', '#', '\\':
			return url[:start] + url[host:]
		}
	}
	return url[:start] + url[host:]
}

// Unsupported returns an error that matches errors.ErrUnsupported and whose
// text is what: what a browser cannot do, and what to do instead.
func Unsupported(what string) error { return &unsupported{what} }

type unsupported struct{ what string }

func (e *unsupported) Error() string { return e.what }
func (e *unsupported) Unwrap() error { return errors.ErrUnsupported }
