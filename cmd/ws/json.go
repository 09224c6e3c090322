package main

import (
	"bytes"
	"encoding/json"
)

// indentJSON indents a message that is an object or an array of JSON. The order
// of members and the form of numbers stay.
func indentJSON(data []byte) ([]byte, bool) {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil, false
	}
	var b bytes.Buffer
	if json.Indent(&b, trimmed, "", "  ") != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// The colors of ECMA-48 that every terminal has.
const (
	colorName   = "\x1b[34m" // blue
	colorString = "\x1b[32m" // green
	colorNumber = "\x1b[36m" // cyan
	colorWord   = "\x1b[35m" // magenta: true, false, null
	colorOff    = "\x1b[0m"
)

// colorJSON adds colors to indented JSON, and makes its strings safe for a
// terminal.
func colorJSON(src []byte) []byte {
	var b bytes.Buffer
	for len(src) > 0 {
		n, color := token(src)
		if color == "" {
			b.Write(src[:n])
		} else {
			b.WriteString(color + visible(string(src[:n])) + colorOff)
		}
		src = src[n:]
	}
	return b.Bytes()
}

// token returns the length of the token at the start of valid JSON, and its
// color, "" for punctuation and space.
func token(src []byte) (n int, color string) {
	switch c := src[0]; {
	case c == '"':
		n = stringEnd(src)
		if n < len(src) && src[n] == ':' {
			return n, colorName
		}
		return n, colorString
	case c == '-' || c >= '0' && c <= '9':
		return wordEnd(src), colorNumber
	case c >= 'a' && c <= 'z':
		return wordEnd(src), colorWord
	}
	return 1, ""
}

func stringEnd(src []byte) int {
	for i := 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(src)
}

func wordEnd(src []byte) int {
	if i := bytes.IndexAny(src, ",]} \n\t\r"); i >= 0 {
		return i
	}
	return len(src)
}
