//go:build !js

package server

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/twinws/ws/api"
)

// query parses a request's parameters and keeps the first error.
type query struct {
	url.Values
	err error
}

func (q *query) fail(name, problem string) {
	if q.err == nil {
		q.err = fmt.Errorf("%s=%s: %s", name, q.Get(name), problem)
	}
}

// number returns a parameter between 0 and most, or its default.
func (q *query) number(name string, def, most int) int {
	if !q.Has(name) {
		return def
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 0 || n > most {
		q.fail(name, fmt.Sprintf("want a number from 0 to %d", most))
		return def
	}
	return n
}

// oneOf returns a parameter that must be one of words; the first is the
// default.
func (q *query) oneOf(name string, words ...string) string {
	if !q.Has(name) {
		return words[0]
	}
	if !slices.Contains(words, q.Get(name)) {
		q.fail(name, fmt.Sprintf("want one of %q", words))
	}
	return q.Get(name)
}

// chunks decodes every hex parameter of that name.
func (q *query) chunks(name string) [][]byte {
	var all [][]byte
	for _, s := range q.Values[name] {
		b, err := hex.DecodeString(s)
		if err != nil {
			q.fail(name, err.Error())
		}
		all = append(all, b)
	}
	return all
}

// closing returns the payload of the close frame requested by code= and
// reason=. Nothing is checked: clients are tested with invalid ones too.
func (q *query) closing() []byte {
	code := q.number("code", 0, 65535)
	if code == 0 {
		return nil
	}
	return closePayload(api.StatusCode(code), q.Get("reason"))
}
