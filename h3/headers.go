package h3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/quic-go/qpack"
)

// maxHeader bounds the encoded header of a response, and its fields as RFC 9114
// section 4.2.2 counts them.
const maxHeader = 64 << 10

// requestBlock returns the field section of an extended CONNECT (RFC 9220
// section 3, RFC 8441 section 4), and its size as RFC 9114 section 4.2.2 counts
// it.
func requestBlock(r *http.Request) (block []byte, size uint64) {
	var b bytes.Buffer
	e := qpack.NewEncoder(&b)
	add := func(name, value string) {
		size += uint64(len(name)) + uint64(len(value)) + 32
		e.WriteField(qpack.HeaderField{Name: name, Value: value}) // a Buffer's Write does not fail
	}
	add(":method", r.Method)
	add(":protocol", r.Header.Get(":protocol"))
	add(":scheme", r.URL.Scheme)
	add(":authority", r.Host)
	add(":path", r.URL.RequestURI())
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		lower := strings.ToLower(name)
		if strings.HasPrefix(name, ":") || ofConnection(lower) || lower == "host" {
			continue
		}
		for _, v := range r.Header[name] {
			add(lower, v)
		}
	}
	return b.Bytes(), size
}

// ofConnection reports whether HTTP/3 forbids the field (RFC 9114 section 4.2).
func ofConnection(lower string) bool {
	switch lower {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// parseResponse parses the field section of a response. An error means that it
// is malformed (RFC 9114 section 4.1.2).
func parseResponse(block []byte) (*http.Response, error) {
	res := &http.Response{Proto: "HTTP/3.0", ProtoMajor: 3, Header: http.Header{}, ContentLength: -1}
	next := qpack.NewDecoder().Decode(block)
	size := 0
	for {
		f, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if size += len(f.Name) + len(f.Value) + 32; size > maxHeader {
			return nil, fmt.Errorf("the header is over %d bytes", maxHeader)
		}
		if err := addField(res, f); err != nil {
			return nil, err
		}
	}
	if res.StatusCode == 0 {
		return nil, errors.New("no :status")
	}
	if res.StatusCode == http.StatusSwitchingProtocols { // RFC 9114 section 4.5
		return nil, errors.New("the status 101, which HTTP/3 does not have")
	}
	return res, nil
}

// addField adds a field to the response (RFC 9114 sections 4.2 and 4.3).
func addField(res *http.Response, f qpack.HeaderField) error {
	if f.Name == ":status" {
		code, err := strconv.Atoi(f.Value)
		if err != nil || len(f.Value) != 3 || code < 100 || res.StatusCode != 0 || len(res.Header) > 0 {
			return fmt.Errorf("a :status %q", f.Value)
		}
		res.StatusCode, res.Status = code, f.Value+" "+http.StatusText(code)
		return nil
	}
	if !validName(f.Name) || ofConnection(f.Name) {
		return fmt.Errorf("a field named %q", f.Name)
	}
	if !validValue(f.Value) {
		return fmt.Errorf("a field %s with the value %q", f.Name, f.Value)
	}
	res.Header[textproto.CanonicalMIMEHeaderKey(f.Name)] = append(res.Header[textproto.CanonicalMIMEHeaderKey(f.Name)], f.Value)
	return nil
}

// validName reports whether s is a token without upper-case letters.
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// validValue reports whether s has no control characters but the tab, and no
// space around it.
func validValue(s string) bool {
	return strings.Trim(s, " \t") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
