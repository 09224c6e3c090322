package h2

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// maxContinuations bounds the frames of one header block,
	maxContinuations = 64
	// and maxInterim the interim responses before a response.
	maxInterim = 8
)

// headers are a header block: its fields, of a list within the limit.
type headers struct {
	fields []hpack.HeaderField
	left   int64 // of the limit
	over   bool
}

func (h *headers) add(f hpack.HeaderField) {
	if h.left -= int64(f.Size()); h.left < 0 {
		h.over, h.fields = true, nil
	}
	if !h.over {
		h.fields = append(h.fields, f)
	}
}

// readHeaders reads the rest of a header block that begins with f. The whole
// block is decoded, whatever it is for, since later ones refer to it (RFC 9113
// section 4.3).
func (c *conn) readHeaders(f *http2.HeadersFrame) (*headers, error) {
	h := &headers{left: int64(c.cfg.headerBytes)}
	c.dec.SetMaxStringLength(c.cfg.headerBytes)
	c.dec.SetEmitFunc(h.add)
	part, last := f.HeaderBlockFragment(), f.HeadersEnded()
	for frames, encoded := 0, 0; ; frames++ {
		if encoded += len(part); encoded > c.cfg.headerBytes || frames > maxContinuations {
			return nil, violation(http2.ErrCodeEnhanceYourCalm, fmt.Sprintf(
				"a header block exceeds %d bytes or %d CONTINUATION frames (RFC 9113 section 10.5.1)", c.cfg.headerBytes, maxContinuations))
		}
		if _, err := c.dec.Write(part); err != nil {
			return nil, badBlock(err)
		}
		if last {
			break
		}
		next, err := c.fr.ReadFrame()
		if err != nil {
			return nil, unexpected(err)
		}
		// The Framer lets nothing else follow.
		more := next.(*http2.ContinuationFrame)
		part, last = more.HeaderBlockFragment(), more.HeadersEnded()
	}
	if err := c.dec.Close(); err != nil {
		return nil, badBlock(err)
	}
	return h, nil
}

func badBlock(err error) error {
	return violation(http2.ErrCodeCompression, "a header block cannot be decoded (RFC 9113 section 4.3): "+err.Error())
}

// onHeaders handles a HEADERS frame with its CONTINUATION frames.
func (c *conn) onHeaders(f *http2.HeadersFrame) error {
	id, ends := f.StreamID, f.StreamEnded()
	h, err := c.readHeaders(f)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.unlock()
	s, err := c.lookUp(id, http2.FrameHeaders)
	if err != nil || s == nil {
		return err
	}
	switch {
	case s.gotEnd:
		return c.breakOff(s, http2.ErrCodeStreamClosed, "HEADERS after END_STREAM (RFC 9113 section 5.1)")
	case h.over:
		return c.breakOff(s, http2.ErrCodeEnhanceYourCalm, fmt.Sprintf("the header list exceeds %d bytes (RFC 9113 section 10.5.1)", c.cfg.headerBytes))
	case s.opening != nil:
		return c.onResponse(s, h.fields, ends)
	case s.refused && ends: // trailers
		c.finishInput(s)
		return nil
	}
	return c.breakOff(s, http2.ErrCodeProtocol, "HEADERS on a connected stream (RFC 9113 section 8.5)")
}

// finishInput is the peer's END_STREAM. The caller holds mu.
func (c *conn) finishInput(s *stream) {
	s.gotEnd = true
	s.in.end(errEnd)
	s.settle()
}

// onResponse handles the header of a response. The caller holds mu.
func (c *conn) onResponse(s *stream, fields []hpack.HeaderField, ends bool) error {
	res, problem := response(fields)
	if problem == "" && res.StatusCode/100 == 1 && (ends || res.StatusCode == http.StatusSwitchingProtocols) {
		problem = "status " + strconv.Itoa(res.StatusCode) + " cannot end a stream, nor switch protocols (sections 8.1, 8.6)"
	}
	if problem != "" {
		return c.breakOff(s, http2.ErrCodeProtocol, "malformed response (RFC 9113 section 8.1.1): "+problem)
	}
	o := s.opening
	if res.StatusCode/100 == 1 {
		if o.interim++; o.interim > maxInterim || !c.allow.take() {
			return c.breakOff(s, http2.ErrCodeEnhanceYourCalm, fmt.Sprintf("more than %d interim responses", maxInterim))
		}
		return nil
	}
	s.opening, s.refused = nil, res.StatusCode/100 != 2
	if ends {
		c.finishInput(s)
	}
	if s.refused {
		res.Body = newRefusal(s, res)
	}
	o.res = res
	close(o.done)
	return nil
}

// connectionFields may not occur in HTTP/2 (RFC 9113 section 8.2.2).
var connectionFields = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "transfer-encoding": true, "upgrade": true,
}

// response makes a response of its fields; problem is what is malformed.
func response(fields []hpack.HeaderField) (res *http.Response, problem string) {
	res = &http.Response{Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header, len(fields)), ContentLength: -1}
	regular := false
	for _, f := range fields {
		if f.Name == ":status" && !regular && res.StatusCode == 0 {
			n, err := strconv.Atoi(f.Value)
			if err != nil || len(f.Value) != 3 || n < 100 || n > 599 {
				return nil, fmt.Sprintf("the status %.20q", f.Value)
			}
			res.StatusCode, res.Status = n, f.Value+" "+http.StatusText(n)
			continue
		}
		regular = true
		if problem := field(f); problem != "" {
			return nil, problem
		}
		res.Header.Add(f.Name, f.Value)
	}
	if res.StatusCode == 0 {
		return nil, "no :status"
	}
	if v := res.Header["Content-Length"]; len(v) > 0 {
		n, err := strconv.ParseUint(v[0], 10, 63)
		if err != nil || len(v) > 1 && strings.Join(v, "") != strings.Repeat(v[0], len(v)) {
			return nil, fmt.Sprintf("the content-length %.40q", v)
		}
		res.ContentLength = int64(n)
	}
	return res, ""
}

// field returns what is wrong with a regular field (RFC 9113 section 8.2).
func field(f hpack.HeaderField) string {
	switch {
	case strings.HasPrefix(f.Name, ":"):
		return fmt.Sprintf("the pseudo-header field %.40q", f.Name)
	case !httpguts.ValidHeaderFieldName(f.Name) || strings.ToLower(f.Name) != f.Name:
		return fmt.Sprintf("the field name %.40q", f.Name)
	case !httpguts.ValidHeaderFieldValue(f.Value) || strings.Trim(f.Value, " \t") != f.Value:
		return fmt.Sprintf("the value of the field %.40q", f.Name)
	case connectionFields[f.Name]:
		return fmt.Sprintf("the field %q, which is for HTTP/1.1", f.Name)
	}
	return ""
}
