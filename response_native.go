//go:build !js

package ws

import (
	"bytes"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"github.com/twinws/ws/handshake"
)

const (
	// maxBody is how much of a refusal's body is kept, in bytes.
	maxBody = 1024
	// bodyWait bounds the wait for it.
	bodyWait = time.Second
)

// readHead reads from nc until a head is complete or limit bytes have come.
// held are bytes that were read before.
func readHead(nc net.Conn, held []byte, limit int) ([]byte, error) {
	if held == nil {
		held = make([]byte, 0, 1024)
	}
	for seen := 0; handshake.HeadEnd(held, seen) < 0 && len(held) <= limit; {
		seen = len(held)
		if cap(held)-len(held) < 512 {
			held = append(make([]byte, 0, 2*cap(held)), held...)
		}
		n, err := nc.Read(held[len(held):cap(held)])
		held = held[:len(held)+n]
		if err != nil && n == 0 {
			return held, err
		}
	}
	return held, nil
}

// readResponse reads one head. It returns what was read beyond it.
func readResponse(nc net.Conn, held []byte) (*handshake.Response, []byte, error) {
	held, err := readHead(nc, held, handshake.MaxResponseHeadBytes)
	if err != nil {
		// What came may show that the peer is no HTTP/1 server at all, which
		// tells more than the end of its stream.
		if _, _, bad := handshake.ParseResponse(held); bad != nil && bad != handshake.ErrShort {
			err = bad
		}
		return nil, nil, err
	}
	res, n, err := handshake.ParseResponse(held)
	if err != nil {
		return nil, nil, err
	}
	return res, held[n:], nil
}

// readBody returns the first bytes of a refusal's body, as far as they come in
// time. An error ends it early and is no matter.
func readBody(nc net.Conn, held []byte, res *handshake.Response) []byte {
	if res.Status == 101 || res.Status == 204 || res.Status == 304 {
		return nil
	}
	nc.SetReadDeadline(time.Now().Add(bodyWait))
	var body io.Reader = io.MultiReader(bytes.NewReader(held), nc)
	if strings.EqualFold(res.Header.Get("Transfer-Encoding"), "chunked") {
		body = httputil.NewChunkedReader(body)
	} else if n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64); err == nil {
		body = io.LimitReader(body, max(n, 0))
	}
	p, _ := io.ReadAll(io.LimitReader(body, maxBody))
	return p
}
