package opening

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/handshake"
)

const (
	// maxInterim Bounds the interim responses before the final one.
	maxInterim = 8
	// maxBody is how much of an error response's body is kept, in bytes.
	maxBody = 1024
	// bodyWait Bounds the wait for it.
	bodyWait = time.Second
)

// ReadResponse reads the head of a response, and skips interim ones. It returns
// the bytes that were read after it.
func ReadResponse(nc net.Conn) (res *handshake.Response, rest []byte, err error) {
	parse := func(p []byte) (n int, err error) {
		res, n, err = handshake.ParseResponse(p)
		return n, err
	}
	for range 1 + maxInterim {
		held, err := ReadHead(nc, rest, handshake.MaxResponseHeadBytes, parse)
		if err != nil {
			return nil, nil, err
		}
		n, err := parse(held)
		if err != nil {
			return nil, nil, err
		}
		if rest = held[n:]; !res.Interim() {
			return res, rest, nil
		}
	}
	return nil, nil, &api.HandshakeError{Problem: "the server sent more than 8 interim responses"}
}

// reasonOf is the status of a response with its reason phrase, which may be the
// server's own.
func reasonOf(res *handshake.Response) string {
	reason := res.Reason
	if reason == "" {
		reason = http.StatusText(res.Status)
	}
	if reason == "" {
		return ""
	}
	return ": " + strconv.Itoa(res.Status) + " " + excerptOf(reason)
}

// Excerpt returns the beginning of an error response's body for an error text:
// its first line in quotes, if it is text and not markup.
func Excerpt(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	line = excerptOf(strings.TrimSpace(line))
	if line == "" || line[0] == '<' || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return ""
	}
	return "; it says " + strconv.Quote(line)
}

// maxExcerpt Bounds the server's text in an error text, in bytes.
const maxExcerpt = 200

func excerptOf(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	return strings.ToValidUTF8(s[:maxExcerpt], "") + "..."
}

// ReadBody returns the first bytes of an error response's body that arrive in
// time. An error ends it early and is ignored.
func ReadBody(nc net.Conn, held []byte, res *handshake.Response) []byte {
	if res.Status == 101 || res.Status == 204 || res.Status == 304 {
		return nil
	}
	defer Expire(nc, bodyWait)()
	var body io.Reader = io.MultiReader(bytes.NewReader(held), nc)
	if strings.EqualFold(res.Header.Get("Transfer-Encoding"), "chunked") {
		body = httputil.NewChunkedReader(body)
	} else if n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64); err == nil {
		body = io.LimitReader(body, max(n, 0))
	}
	p, _ := io.ReadAll(io.LimitReader(body, maxBody))
	return p
}

// ReadStreamBody reads the beginning of an error response's body, and closes
// it. An error ends it early and is ignored.
func ReadStreamBody(ctx context.Context, body io.ReadCloser) []byte {
	stop := time.AfterFunc(bodyWait, func() { body.Close() })
	defer stop.Stop()
	late := context.AfterFunc(ctx, func() { body.Close() })
	defer late()
	p, _ := io.ReadAll(io.LimitReader(body, maxBody))
	body.Close()
	return p
}
