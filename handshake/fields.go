package handshake

import "net/http"

// Field is one line of a header. The value has no leading or trailing
// whitespace.
type Field struct{ Name, Value string }

// Fields are the lines of a header in the order received. Names are compared
// ignoring the case of ASCII letters.
type Fields []Field

// Get returns the value of the first field with that name, "" if there is none.
func (f Fields) Get(name string) string {
	for i := range f {
		if equalFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return ""
}

// Values returns the values of all fields with that name, in order.
func (f Fields) Values(name string) []string {
	var values []string
	for i := range f {
		if equalFold(f[i].Name, name) {
			values = append(values, f[i].Value)
		}
	}
	return values
}

// Count returns how many fields have that name.
func (f Fields) Count(name string) int {
	n := 0
	for i := range f {
		if equalFold(f[i].Name, name) {
			n++
		}
	}
	return n
}

// HTTP returns the fields as a new http.Header.
func (f Fields) HTTP() http.Header {
	h := make(http.Header, len(f))
	for i := range f {
		h.Add(f[i].Name, f[i].Value)
	}
	return h
}

// HasToken reports whether values, of all fields of one name, list token,
// ignoring case (RFC 9110 section 5.6.1).
func HasToken(values []string, token string) bool {
	for _, v := range values {
		for e := range elements(v) {
			if equalFold(e, token) {
				return true
			}
		}
	}
	return false
}

// hasToken reports whether a field with that name lists token, ignoring case.
func (f Fields) hasToken(name, token string) bool {
	for i := range f {
		if !equalFold(f[i].Name, name) {
			continue
		}
		for e := range elements(f[i].Value) {
			if equalFold(e, token) {
				return true
			}
		}
	}
	return false
}

// body returns the field that announces a body, or "" when there is none. A
// Content-Length of 0 announces none.
func (f Fields) body() string {
	for i := range f {
		switch {
		case equalFold(f[i].Name, "Transfer-Encoding"),
			equalFold(f[i].Name, "Content-Length") && f[i].Value != "0":
			return f[i].Name
		}
	}
	return ""
}
