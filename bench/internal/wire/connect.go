package wire

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
)

const (
	maxHead = 4 << 10
	// key is the Sec-WebSocket-Key of RFC 6455 section 1.3, the same for all.
	key = "dGhlIHNhbXBsZSBub25jZQ=="
)

// accepted is what a server must answer to key.
var accepted = AcceptKey(key)

// AcceptKey returns the Sec-WebSocket-Accept for key (RFC 6455 section 4.2.2).
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Request returns a client's opening handshake with the fields that a program
// in Go or a script in Node would send. offer is the Sec-WebSocket-Extensions,
// "" for none.
func Request(host, offer string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "GET /echo HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench/1.0\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", host, key)
	if offer != "" {
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", offer)
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// Shake sends request on nc and reads the answer, whose extensions it returns
// with what was read beyond it. buf is for the answer and is reused.
func Shake(nc net.Conn, request, buf []byte) (extensions string, rest []byte, err error) {
	if _, err := nc.Write(request); err != nil {
		return "", nil, err
	}
	head, rest, err := ReadHead(nc, buf)
	if err != nil {
		return "", nil, err
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		return "", nil, fmt.Errorf("the server answered %q", head)
	}
	if got := Field(head, "Sec-WebSocket-Accept"); got != accepted {
		return "", nil, fmt.Errorf("Sec-WebSocket-Accept is %q, want %q", got, accepted)
	}
	return Field(head, "Sec-WebSocket-Extensions"), rest, nil
}

// ReadHead reads the head of a request or a response into buf[:0].
func ReadHead(nc net.Conn, buf []byte) (head, rest []byte, err error) {
	buf = buf[:0]
	for {
		if i := bytes.Index(buf, []byte("\r\n\r\n")); i >= 0 {
			return buf[:i+2], buf[i+4:], nil
		}
		if len(buf) >= maxHead {
			return nil, nil, errors.New("the head is too long")
		}
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, max(512, 2*cap(buf))), buf...)
		}
		n, err := nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return nil, nil, err
		}
	}
}

// Field returns the value of a header field, "" when it is not there.
func Field(head []byte, name string) string {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		k, v, ok := bytes.Cut(line, []byte(":"))
		if ok && strings.EqualFold(string(k), name) {
			return string(bytes.TrimSpace(v))
		}
	}
	return ""
}
