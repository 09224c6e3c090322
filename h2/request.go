package h2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/twinws/ws"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// errEnd follows the last byte of a stream that ended with END_STREAM.
var errEnd = io.EOF

// opening is a request without its response yet.
type opening struct {
	done    chan struct{} // closed with the result
	res     *http.Response
	err     error
	interim int // protected by conn.mu: interim responses
}

func (o *opening) fail(err error) {
	o.err = err
	close(o.done)
}

// fieldsOf returns the header list of an extended CONNECT (RFC 8441 section 4,
// RFC 9113 section 8.3.1), and its size (section 6.5.2).
func fieldsOf(r *http.Request) (fields []hpack.HeaderField, size uint64, err error) {
	fields = []hpack.HeaderField{
		{Name: ":method", Value: r.Method},
		{Name: ":protocol", Value: r.Header.Get(":protocol")},
		{Name: ":scheme", Value: r.URL.Scheme},
		{Name: ":path", Value: r.URL.RequestURI()},
		{Name: ":authority", Value: r.Host},
	}
	// Sorted, so that the header compression finds what was sent before.
	for _, name := range slices.Sorted(keys(r.Header)) {
		lower := strings.ToLower(name)
		if lower == ":protocol" || lower == "host" {
			continue
		}
		if !httpguts.ValidHeaderFieldName(name) || connectionFields[lower] {
			return nil, 0, &ws.ArgumentError{Name: "Header", Problem: fmt.Sprintf("the field %q cannot be sent over HTTP/2 (RFC 9113 section 8.2)", name)}
		}
		for _, v := range r.Header[name] {
			fields = append(fields, hpack.HeaderField{Name: lower, Value: v, Sensitive: sensitive(lower, v)})
		}
	}
	for _, f := range fields {
		if !httpguts.ValidHeaderFieldValue(f.Value) {
			return nil, 0, &ws.ArgumentError{Name: "Header", Problem: fmt.Sprintf("the value of %q cannot be sent over HTTP/2 (RFC 9113 section 8.2.1)", f.Name)}
		}
		size += uint64(f.Size())
	}
	return fields, size, nil
}

func keys(h http.Header) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range h {
			if !yield(k) {
				return
			}
		}
	}
}

// sensitive reports whether a field is never to be in a table of the header
// compression: credentials, and cookies short enough to be guessed (RFC 7541
// section 7.1.3).
func sensitive(name, value string) bool {
	return name == "authorization" || name == "cookie" && len(value) < 20
}

// open sends the request. It returns errUnusable if the connection opens no
// more streams.
func (c *conn) open(r *http.Request) (*stream, *opening, error) {
	fields, size, err := fieldsOf(r)
	if err != nil {
		c.t.release(c, 1)
		return nil, nil, err
	}
	o := &opening{done: make(chan struct{})}
	s := newStream(c)
	s.opening = o
	c.mu.Lock()
	defer c.unlock()
	switch {
	case c.err != nil || c.goAway != nil || c.nextID > maxStreamID:
		err = errUnusable
	case c.peer.headers > 0 && size > c.peer.headers:
		err = &ws.HandshakeError{Problem: fmt.Sprintf(
			"the request's header list of %d bytes exceeds the %d that the server takes (RFC 9113 section 6.5.2): send less", size, c.peer.headers)}
	default:
		err = c.overdue()
	}
	if err != nil {
		c.freed++
		return nil, nil, err
	}
	s.id, s.window = c.nextID, c.peer.window
	c.nextID += 2
	if c.streams[s.id] = s; len(c.streams) == 1 {
		c.pinged = 0
		c.rearm()
	}
	c.request(s.id, fields)
	return s, o, nil
}

// request appends HEADERS, and CONTINUATION if that is too long. The caller
// holds mu, since the order of header blocks is that of their encoding.
func (c *conn) request(id uint32, fields []hpack.HeaderField) {
	c.encBuf.Reset()
	for _, f := range fields {
		c.enc.WriteField(f)
	}
	block, most := c.encBuf.Bytes(), min(c.peer.frame, maxFrame)
	part := block[:min(len(block), most)]
	block = block[len(part):]
	c.fw.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: part, EndHeaders: len(block) == 0})
	for len(block) > 0 {
		part = block[:min(len(block), most)]
		block = block[len(part):]
		c.fw.WriteContinuation(id, len(block) == 0, part)
	}
	c.nudge()
}

// await waits for the response; the end of ctx resets the stream.
func (s *stream) await(ctx context.Context, o *opening) (*http.Response, error) {
	select {
	case <-o.done:
		return o.res, o.err
	case <-ctx.Done():
		s.Abort()
		return nil, ctx.Err()
	}
}

// refusal is the body of a response that is not 2xx.
type refusal struct {
	s    *stream
	left int64 // of the Content-Length, negative without
}

func newRefusal(s *stream, res *http.Response) *refusal {
	return &refusal{s: s, left: res.ContentLength}
}

func (r *refusal) Read(p []byte) (int, error) {
	n, err := r.s.Read(p)
	if r.left < 0 {
		return n, err
	}
	if r.left -= int64(n); r.left < 0 || err == io.EOF && r.left > 0 {
		r.left = 0
		return n, &StreamError{StreamID: r.s.id, Code: http2.ErrCodeProtocol,
			Problem: "malformed response: its length differs from its Content-Length (RFC 9113 section 8.1.1)"}
	}
	return n, err
}

// Close ends the stream: with END_STREAM if the server has done so.
func (r *refusal) Close() error {
	r.s.c.mu.Lock()
	ended := r.s.gotEnd
	r.s.c.mu.Unlock()
	return r.s.leave(!ended)
}
