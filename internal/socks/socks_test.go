package socks

import (
	"bytes"
	"strings"
	"testing"
)

// What a client sends, byte for byte.
func TestAppend(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"RFC 1928 section 3: a greeting", AppendGreeting(nil, false), "\x05\x01\x00"},
		{"RFC 1928 section 3: a greeting with a password", AppendGreeting(nil, true), "\x05\x02\x00\x02"},
		{"RFC 1929 section 2", AppendPassword(nil, "Aladdin", "open sesame"), "\x01\x07Aladdin\x0bopen sesame"},
		{"RFC 1929 section 2: no password", AppendPassword(nil, "token", ""), "\x01\x05token\x00"},
		{"RFC 1928 section 4: IPv4", AppendConnect(nil, "192.0.2.1", 443), "\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"},
		{"RFC 1928 section 4: IPv4 in IPv6", AppendConnect(nil, "::ffff:192.0.2.1", 443), "\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"},
		{"RFC 1928 section 4: IPv6", AppendConnect(nil, "2001:db8::1", 80), "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50"},
		{"RFC 1928 section 4: a name", AppendConnect([]byte("x"), "example.com", 65535), "x\x05\x01\x00\x03\x0bexample.com\xff\xff"},
	} {
		if string(tt.got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

// Every message that is cut short is ErrShort, with a length that is never more
// than the message's: what follows a message is never read.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parse func([]byte) (byte, int, error)
		src   string
		code  byte
	}{
		{"a method", ParseMethod, "\x05\x02", 2},
		{"no method", ParseMethod, "\x05\xff", MethodRefused},
		{"a status", ParseStatus, "\x01\x00", 0},
		{"a refusal", ParseStatus, "\x01\x01", 1},
		{"a status with the version of SOCKS", ParseStatus, "\x05\x00", 0},
		{"IPv4", ParseReply, "\x05\x00\x00\x01\xc0\x00\x02\x01\x01\xbb", 0},
		{"IPv6", ParseReply, "\x05\x00\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50", 0},
		{"a name", ParseReply, "\x05\x00\x00\x03\x0bexample.com\xff\xff", 0},
		{"an empty name", ParseReply, "\x05\x00\x00\x03\x00\xff\xff", 0},
		{"a failure", ParseReply, "\x05\x05", 5},
	} {
		src := []byte(tt.src)
		for cut := range src {
			if _, n, err := tt.parse(src[:cut]); err != ErrShort || n <= cut || n > len(src) {
				t.Errorf("%s: the first %d of %d bytes: %d, %v; want ErrShort and a length to read to", tt.name, cut, len(src), n, err)
			}
		}
		code, n, err := tt.parse(append(bytes.Clone(src), "behind it"...))
		if code != tt.code || n != len(src) || err != nil {
			t.Errorf("%s: %d, %d, %v; want %d, %d", tt.name, code, n, err, tt.code, len(src))
		}
	}
}

func TestParseInvalid(t *testing.T) {
	for _, tt := range []struct {
		parse     func([]byte) (byte, int, error)
		src, says string
	}{
		{ParseMethod, "HTTP/1.1 400 Bad Request\r\n", "the scheme http"},
		{ParseMethod, "\x00\x5b", "SOCKS 4"},
		{ParseMethod, "S", "version is 83"},
		{ParseReply, "\x04\x00", "version is 4"},
		{ParseReply, "\x05\x00\x00\x02\x00", "type of an address is 2"},
	} {
		if _, _, err := tt.parse([]byte(tt.src)); err == nil || err == ErrShort || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v, want an error that says %q", tt.src, err, tt.says)
		}
	}
}

// RFC 1928 section 6.
func TestText(t *testing.T) {
	for reply, want := range map[byte]string{1: "general SOCKS server failure", 2: "connection not allowed by ruleset",
		3: "network unreachable", 4: "host unreachable", 5: "connection refused", 6: "TTL expired",
		7: "command not supported", 8: "address type not supported", 9: "an unassigned code", 255: "an unassigned code"} {
		if got := Text(reply); got != want {
			t.Errorf("reply %d: %q, want %q", reply, got, want)
		}
	}
}

// No input makes a parser panic, read beyond it or ask for a message without
// bound.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x03\x0bexample.com\xff\xff"))
	f.Add([]byte("\x05\x00\x00\x01\xc0\x00\x02\x01\x01\xbb"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, parse := range []func([]byte) (byte, int, error){ParseMethod, ParseStatus, ParseReply} {
			_, n, err := parse(src)
			if err == nil && n > len(src) || err == ErrShort && n <= len(src) || n > 4+1+MaxString+2 {
				t.Fatalf("%d bytes: %d, %v", len(src), n, err)
			}
		}
	})
}
