package browser

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/twinws/ws/api"
)

// HandshakeTimeout bounds a Dial whose context has no deadline.
const HandshakeTimeout = 10 * time.Second

// Options are the options of Dial.
type Options struct {
	// URL is the dialed URL, for errors.
	URL string
	// Subprotocols are those that were offered.
	Subprotocols []string
	// ReadLimit is the largest message to read in bytes, -1 for no limit.
	ReadLimit int64
	// ReadBuffer is how many bytes may be unread behind the next message, -1
	// for no bound. Text is counted in UTF-16 units.
	ReadBuffer int64
	// WriteBuffer is the bufferedAmount above which Write waits, -1 for none.
	WriteBuffer int64
}

var (
	errUnanswered = errors.New("the server did not answer within 10 s" + delayed)
	errAbandoned  = errors.New("the context ended before the server had answered" + delayed)
)

// delayed names another possible reason, which a browser does not report.
const delayed = ", or the browser delayed the connection: Firefox does after failed ones, up to 60 s"

const (
	hidden = "the browser could not open the connection, and hides the reason from the page: look at its console"
	early  = "it was closed before it was open"
	denied = "the browser refused to connect: a port it blocks, ws from an https page, or a Content-Security-Policy without the server in connect-src"
)

// Dial waits until s, which is CONNECTING, is OPEN. On every error s is closed
// and released before Dial returns: a socket left CONNECTING would block all
// later ones of the page to the same host (RFC 6455 section 4.1, step 2).
func Dial(ctx context.Context, s Socket, o Options) (*Conn, error) {
	c := newConn(s, o)
	c.wake()
	err := c.within(ctx, c.settled, HandshakeTimeout, errUnanswered, errAbandoned)
	c.mu.Lock()
	open := c.open
	c.chosen = s.Protocol()
	c.mu.Unlock()
	problem, cause := "", error(nil)
	if open {
		problem = disagree(o.Subprotocols, c.chosen)
		if problem == "" { // if it has ended since, Read says so after the messages
			return c, nil
		}
	}
	c.CloseNow()
	if e, ok := err.(*api.CloseError); ok && !open {
		problem, cause = why(ctx, e)
	}
	return nil, Refused(o.URL, problem, cause)
}

// why says why a connection did not open that ended with e.
func why(ctx context.Context, e *api.CloseError) (problem string, cause error) {
	switch e.Cause {
	case nil, errNoOpen:
		if e.Code != api.StatusAbnormalClosure {
			return early, e
		}
		return hidden, nil
	case errNoClose:
		return denied, nil
	}
	if cause = ctx.Err(); cause == nil {
		cause = context.DeadlineExceeded
	}
	return e.Cause.Error(), cause
}

// disagree returns what is wrong with the subprotocol that the server selected,
// "" for nothing. Not every browser checks it (WebSockets standard section 2.2,
// establish a WebSocket connection, step 11; RFC 6455 section 4.1).
func disagree(offered []string, chosen string) string {
	for _, name := range offered {
		if name == chosen {
			return ""
		}
	}
	switch {
	case chosen != "":
		return "the server chose a subprotocol that was not offered: " + strconv.Quote(chosen[:min(len(chosen), 100)])
	case len(offered) > 0:
		return "the server chose none of the subprotocols offered"
	}
	return ""
}

// Abandoned returns the error of a Dial to url whose context had already ended
// with err.
func Abandoned(url string, err error) error { return Refused(url, "the context had ended", err) }

// Refused returns a HandshakeError with url, without its userinfo.
//
//go:noinline
func Refused(url, problem string, cause error) error {
	return &api.HandshakeError{URL: redact(url), Problem: problem, Cause: cause}
}

// redact returns url without its userinfo (RFC 3986 section 3.2.1), so that no
// password ends up in a log.
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

// Unsupported returns an error that matches errors.ErrUnsupported, with the
// text what: what a browser cannot do, and the alternative.
func Unsupported(what string) error { return &unsupported{what} }

type unsupported struct{ what string }

func (e *unsupported) Error() string { return e.what }
func (e *unsupported) Unwrap() error { return errors.ErrUnsupported }
