package handshake

import (
	"errors"
	"strconv"
	"strings"
)

const (
	// MaxExtensionBytes is the total length of the Sec-WebSocket-Extensions
	// fields of one handshake: at most 4 KiB.
	MaxExtensionBytes = 4 << 10

	// MaxExtensions is how many extensions one handshake may list.
	MaxExtensions = 32

	// MaxParams is how many parameters one extension may have.
	MaxParams = 32
)

// Extension is one element of Sec-WebSocket-Extensions: an offer in a request,
// an accepted extension in a response. Names are as received: the rules of the
// extension decide about repeated and unknown ones.
type Extension struct {
	Name   string
	Params []Param
}

// Param is a parameter of an extension. Value is "" for a parameter without a
// value: the grammar has no empty value.
type Param struct{ Name, Value string }

// ParseExtensions parses the values of all Sec-WebSocket-Extensions fields of
// one handshake, in order (RFC 6455 section 9.1). A quoted value is unquoted
// and must then be a token. Whitespace is allowed between any two parts, empty
// list elements are ignored.
//
// It takes time linear in the input's length, which [MaxExtensionBytes] bounds.
func ParseExtensions(values []string) ([]Extension, error) {
	size := 0
	for _, v := range values {
		size += len(v)
	}
	if size > MaxExtensionBytes {
		return nil, extensionError(strconv.Itoa(size) + " bytes are over the limit of " + strconv.Itoa(MaxExtensionBytes))
	}
	var all []Extension
	for _, v := range values {
		var err error
		if all, err = parseExtensions(all, &lexer{s: v}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func parseExtensions(all []Extension, l *lexer) ([]Extension, error) {
	for l.skipCommas(); !l.done(); l.skipCommas() {
		if len(all) == MaxExtensions {
			return nil, extensionError("more than " + strconv.Itoa(MaxExtensions) + " extensions")
		}
		e, err := parseExtension(l)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if !l.done() && l.peek() != ',' {
			return nil, l.unexpected("a comma or a semicolon")
		}
	}
	return all, nil
}

// parseExtension parses extension-token *( ";" extension-param ).
func parseExtension(l *lexer) (e Extension, err error) {
	if e.Name, err = l.token("an extension's name"); err != nil {
		return e, err
	}
	for l.take(';') {
		if len(e.Params) == MaxParams {
			return e, extensionError(quote(e.Name) + " has more than " + strconv.Itoa(MaxParams) + " parameters")
		}
		p, err := parseParam(l)
		if err != nil {
			return e, err
		}
		e.Params = append(e.Params, p)
	}
	return e, nil
}

// parseParam parses token [ "=" ( token | quoted-string ) ].
func parseParam(l *lexer) (p Param, err error) {
	if p.Name, err = l.token("a parameter's name"); err != nil || !l.take('=') {
		return p, err
	}
	if l.take('"') {
		p.Value, err = l.quoted()
	} else {
		p.Value, err = l.token("a parameter's value")
	}
	return p, err
}

// AppendExtensions appends the value of a Sec-WebSocket-Extensions field to
// dst. Names and values must be tokens; [AppendRequest] and [AppendResponse]
// reject a field in which they are not.
func AppendExtensions(dst []byte, all []Extension) []byte {
	for i, e := range all {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, e.Name...)
		for _, p := range e.Params {
			dst = append(append(dst, "; "...), p.Name...)
			if p.Value != "" {
				dst = append(append(dst, '='), p.Value...)
			}
		}
	}
	return dst
}

func extensionError(problem string) error {
	return errors.New("Sec-WebSocket-Extensions: " + problem + " (RFC 6455 section 9.1)")
}

// lexer reads a field's value from left to right without backtracking. Every
// byte is read through peek.
type lexer struct {
	s     string
	i     int
	looks int // how often a byte was read: the test of linear time counts it
}

func (l *lexer) done() bool { return l.i == len(l.s) }

// peek returns the next byte, 0 at the end: NUL is legal nowhere.
func (l *lexer) peek() byte {
	if l.done() {
		return 0
	}
	l.looks++
	return l.s[l.i]
}

func (l *lexer) skipSpace() {
	for c := l.peek(); c == ' ' || c == '\t'; c = l.peek() {
		l.i++
	}
}

func (l *lexer) skipCommas() {
	for c := l.peek(); c == ' ' || c == '\t' || c == ','; c = l.peek() {
		l.i++
	}
}

// take consumes c, if it is next, and the whitespace around it.
func (l *lexer) take(c byte) bool {
	l.skipSpace()
	if l.peek() != c {
		return false
	}
	l.i++
	if c != '"' {
		l.skipSpace()
	}
	return true
}

// token reads a token and the whitespace after it.
func (l *lexer) token(what string) (string, error) {
	start := l.i
	for !l.done() && tokenByte(l.peek()) {
		l.i++
	}
	t := l.s[start:l.i]
	if t == "" {
		return "", l.unexpected(what)
	}
	l.skipSpace()
	return t, nil
}

// quoted reads the rest of a quoted-string, whose content must be a token, and
// the whitespace after it.
func (l *lexer) quoted() (string, error) {
	var b strings.Builder
	for c := l.peek(); c != '"'; c = l.peek() {
		if c == '\\' {
			l.i++
			c = l.peek()
		}
		if !tokenByte(c) {
			return "", l.unexpected("a token and a closing quote")
		}
		b.WriteByte(c)
		l.i++
	}
	if b.Len() == 0 {
		return "", l.unexpected("a token between the quotes")
	}
	l.i++
	l.skipSpace()
	return b.String(), nil
}

func (l *lexer) unexpected(want string) error {
	got := "the end"
	if !l.done() {
		got = quote(l.s[l.i : l.i+1])
	}
	return extensionError("at byte " + strconv.Itoa(l.i) + " is " + got + ", want " + want)
}
