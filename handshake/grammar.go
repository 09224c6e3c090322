package handshake

import (
	"iter"
	"strconv"
	"strings"
)

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool { return tokenBytes[c] }

// tokenBytes are the tchar of RFC 9110 section 5.6.2.
var tokenBytes = func() (is [256]bool) {
	for c := range is {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80
		is[c] = letter || '0' <= c && c <= '9'
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		is[c] = true
	}
	return is
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isFieldValue reports whether s may be sent as a field's value (RFC 9110
// section 5.5): visible characters, spaces, tabs and bytes over 0x7F. With CR,
// LF and NUL an attacker could inject header fields.
func isFieldValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {
			return false
		}
	}
	return true
}

// isTarget reports whether s has only bytes that are allowed in a request
// target (RFC 9112 section 3.2): visible ASCII, and no fragment.
func isTarget(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7F || c == '#' {
			return false
		}
	}
	return s != ""
}

// isRequestTarget reports whether a server accepts s as a request target. Bytes
// over 0x7F, which RFC 3986 requires to be percent-encoded, are accepted, as
// net/http does: all parsers agree on them, and some clients send them. So is a
// % in the query that encodes nothing, which browsers send as written (WHATWG
// URL standard section 4.4, the query state); in a path net/http rejects it.
func isRequestTarget(s string) bool {
	query := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ', c == 0x7F, c == '#':
			return false
		case c == '?':
			query = true
		case c == '%' && !query && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool { c = lower(c); return isDigit(c) || 'a' <= c && c <= 'f' }

// trimSpace removes optional whitespace (RFC 9110 section 5.6.3).
func trimSpace(s string) string { return strings.Trim(s, " \t") }

// elements yields the elements of a comma-separated list without surrounding
// whitespace. Empty elements are ignored (RFC 9110 section 5.6.1.2).
func elements(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for more := true; more; {
			var e string
			e, list, more = strings.Cut(list, ",")
			if e = trimSpace(e); e != "" && !yield(e) {
				return
			}
		}
	}
}

// equalFold compares ignoring the case of ASCII letters only. strings.EqualFold
// is not suitable: it equates the Kelvin sign with "k".
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := 0; i < len(a); i++ {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lowerString lowers ASCII letters. It allocates only if there are upper-case
// ones.
func lowerString(s string) string {
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != s[i] {
			return lowered(s)
		}
	}
	return s
}

func lowered(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// quote shows what a peer sent as bounded, printable ASCII.
func quote(s string) string {
	const most = 128
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
