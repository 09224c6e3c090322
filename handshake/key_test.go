package handshake

import (
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	// The bytes and both strings are those of RFC 6455 section 1.3.
	const key, accept = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	if got := NewKey([16]byte([]byte("the sample nonce"))); got != key {
		t.Errorf("NewKey = %q, want %q (RFC 6455 section 1.3)", got, key)
	}
	if got := AcceptKey(key); got != accept {
		t.Errorf("AcceptKey = %q, want %q (RFC 6455 section 1.3)", got, accept)
	}
	// The bytes 0x01 to 0x10 are the example of section 4.1 item 7. Its string
	// ends in "EC==", with bits set that encode nothing; RFC 4648 wants them 0.
	var random [16]byte
	for i := range random {
		random[i] = byte(i + 1)
	}
	if got, want := NewKey(random), "AQIDBAUGBwgJCgsMDQ4PEA=="; got != want {
		t.Errorf("NewKey = %q, want %q (RFC 6455 section 4.1 item 7)", got, want)
	}
}

func TestAcceptKeyOfAnyLength(t *testing.T) {
	// A key longer than the room on the stack must not be cut off.
	long := strings.Repeat("x", 100)
	if AcceptKey(long) == AcceptKey(long[:99]) {
		t.Error("AcceptKey did not use the whole key")
	}
}

func TestValidKey(t *testing.T) {
	for _, c := range []struct {
		key  string
		want bool
		why  string
	}{
		{"dGhlIHNhbXBsZSBub25jZQ==", true, "RFC 6455 section 1.3"},
		{"AAAAAAAAAAAAAAAAAAAAAA==", true, "any 16 bytes will do"},
		{"AQIDBAUGBwgJCgsMDQ4PEC==", true, "RFC 6455 section 4.1 item 7, whose own example sets unused bits"},
		{"", false, "empty"},
		{"dGhlIHNhbXBsZSBub25jZQ", false, "RFC 4648 section 3.2: padding is part of it"},
		{"dGhlIHNhbXBsZSBub25jZQA=", false, "17 bytes"},
		{"dGhlIHNhbXBsZSBub25jZWFh", false, "18 bytes"},
		{"dGhlIHNhbXBsZSBub25j", false, "15 bytes"},
		{"dGhlIHNhbXBsZSBub25jZ_==", false, "RFC 4648 section 4, not section 5"},
		{"dGhlIHNhbXBs ZSBub25jZQ=", false, "a space inside"},
		{"dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", false, "32 bytes"},
	} {
		if got := validKey(c.key); got != c.want {
			t.Errorf("validKey(%q) = %v, want %v: %s", c.key, got, c.want, c.why)
		}
	}
}
