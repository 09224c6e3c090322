//go:build !js

package ws

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/twinws/ws/handshake"
)

const (
	// maxInterim bounds the interim responses before an answer.
	maxInterim = 8
	// maxBody is how much of a refusal's body is kept, in bytes.
	maxBody = 1024
	// bodyWait bounds the wait for it.
	bodyWait = time.Second
)

// readResponse reads a response's head, and passes over interim ones. It
// returns what was read beyond it.
func readResponse(nc net.Conn) (res *handshake.Response, rest []byte, err error) {
	parse := func(p []byte) (n int, err error) {
		res, n, err = handshake.ParseResponse(p)
		return n, err
	}
	for range 1 + maxInterim {
		held, err := readHead(nc, rest, handshake.MaxResponseHeadBytes, parse)
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
	return nil, nil, &HandshakeError{Problem: "the server sent more than 8 interim responses"}
}

// reasonOf is a response's status with its reason, which may be the server's
// own.
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

// excerpt is the beginning of a refusal's body as an error's text shows it: its
// first line, if that is text and no markup, in quotes.
func excerpt(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	line = excerptOf(strings.TrimSpace(line))
	if line == "" || line[0] == '<' || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return ""
	}
	return "; it says " + strconv.Quote(line)
}

// maxExcerpt bounds the server's words in an error's text, in bytes.
const maxExcerpt = 200

func excerptOf(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	return strings.ToValidUTF8(s[:maxExcerpt], "") + "..."
}

// readBody returns the first bytes of a refusal's body, as far as they come in
// time. An error ends it early and is no matter.
func readBody(nc net.Conn, held []byte, res *handshake.Response) []byte {
	if res.Status == 101 || res.Status == 204 || res.Status == 304 {
		return nil
	}
	defer expire(nc, bodyWait)()
	var body io.Reader = io.MultiReader(bytes.NewReader(held), nc)
	if strings.EqualFold(res.Header.Get("Transfer-Encoding"), "chunked") {
		body = httputil.NewChunkedReader(body)
	} else if n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64); err == nil {
		body = io.LimitReader(body, max(n, 0))
	}
	p, _ := io.ReadAll(io.LimitReader(body, maxBody))
	return p
}
