package handshake

import (
	"crypto/sha1"
	"encoding/base64"
)

const (
	// GUID is the string that a server appends to the client's key before
	// hashing it (RFC 6455 section 1.3).
	GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

	// Version is the only supported protocol version, the value of
	// Sec-WebSocket-Version (RFC 6455 section 4.1 item 9).
	Version = "13"
)

// keyLen is the length of 16 bytes in base64.
const keyLen = 24

// NewKey returns the value of Sec-WebSocket-Key for 16 random bytes (RFC 6455
// section 4.1 item 7). Use new ones for each connection.
func NewKey(random [16]byte) string {
	return base64.StdEncoding.EncodeToString(random[:])
}

// AcceptKey returns the value of Sec-WebSocket-Accept that answers key (RFC
// 6455 section 4.2.2 item 5.4).
func AcceptKey(key string) string { return string(appendAcceptKey(nil, key)) }

func appendAcceptKey(dst []byte, key string) []byte {
	var room [keyLen + len(GUID)]byte
	sum := sha1.Sum(append(append(room[:0], key...), GUID...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// validKey reports whether key is the base64 of exactly 16 bytes (RFC 6455
// section 4.2.1 item 5).
func validKey(key string) bool {
	if len(key) != keyLen {
		return false
	}
	var room [keyLen]byte
	n, err := base64.StdEncoding.Decode(room[:], []byte(key))
	return err == nil && n == 16
}
