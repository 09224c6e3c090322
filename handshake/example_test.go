package handshake_test

import (
	"fmt"
	"os"
	"strings"
	"testing/iotest"

	"github.com/twinws/ws/handshake"
)

// sample stands for the 16 random bytes of a client: those of RFC 6455 section
// 1.3, so that the output is known.
var sample = [16]byte([]byte("the sample nonce"))

// The client's side of a handshake, from the request to what was agreed on.
func Example_client() {
	req := &handshake.ClientRequest{
		Target:       "/chat",
		Host:         "server.example.com",
		Key:          handshake.NewKey(sample),
		Subprotocols: []string{"chat", "superchat"},
	}
	head, err := handshake.AppendRequest(nil, req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(string(head), "\r\n", "\n"))

	answer := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n")
	r, n, err := handshake.ParseResponse(answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	subprotocol, _, err := handshake.CheckResponse(r, req)
	fmt.Println(n == len(answer), subprotocol, err)
	// Output:
	// GET /chat HTTP/1.1
	// Host: server.example.com
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
	// Sec-WebSocket-Version: 13
	// Sec-WebSocket-Protocol: chat, superchat
	//
	// true chat <nil>
}

// The server's side, straight from the bytes of a connection: a page of another
// site is told why it may not connect.
func Example_server() {
	src := []byte("GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n\r\n")
	r, _, err := handshake.ParseRequest(src)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, refusal := handshake.Check(r, nil)
	fmt.Println(refusal.Status, refusal.Problem)

	a, refusal := handshake.Check(r, &handshake.Policy{OriginPatterns: []string{"http://example.com"}})
	if refusal != nil {
		os.Stdout.Write(handshake.AppendRefusal(nil, refusal))
		return
	}
	head, err := handshake.AppendResponse(nil, a, "", nil)
	fmt.Print(strings.ReplaceAll(string(head), "\r\n", "\n"), err)
	// Output:
	// 403 a page of "http://example.com" may not connect to the server of "http://server.example.com": if it should, allow it with the OriginPatterns entry "http://example.com"; if a proxy in front of the server changes the Host field, make the proxy keep it
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	//
	// <nil>
}

// A server reads until it has the head, and scans no byte twice.
func ExampleHeadEnd() {
	stream := iotest.OneByteReader(strings.NewReader("GET / HTTP/1.1\r\nHost: example.com\r\n\r\nwhat follows"))
	buf := make([]byte, handshake.MaxHeadBytes)
	n := 0
	for end := -1; end < 0 && n < len(buf); {
		m, err := stream.Read(buf[n:])
		end = handshake.HeadEnd(buf[:n+m], n)
		n += m
		if err != nil {
			break // what has come may still say why
		}
	}
	r, used, err := handshake.ParseRequest(buf[:n])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Host, used, n)
	// Output: example.com 37 37
}

func ExamplePolicy_Validate() {
	p := &handshake.Policy{OriginPatterns: []string{"https://example.com", "*.example.com/"}}
	fmt.Println(p.Validate())
	// Output: OriginPatterns: "*.example.com/" has a path or a query: an origin is scheme, host and port, without a slash at its end
}

func ExampleParseExtensions() {
	all, err := handshake.ParseExtensions([]string{`permessage-deflate; server_max_window_bits="10", x-trace`})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all)
	fmt.Printf("%s\n", handshake.AppendExtensions(nil, all))
	// Output:
	// [{permessage-deflate [{server_max_window_bits 10}]} {x-trace []}]
	// permessage-deflate; server_max_window_bits=10, x-trace
}
