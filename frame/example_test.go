package frame_test

import (
	"fmt"

	"github.com/twinws/ws/frame"
)

// The masked "Hello" of RFC 6455 section 5.7, as it arrives from a client.
func ExampleParseHeader() {
	buf := []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}

	_, _, err := frame.ParseHeader(buf[:3])
	fmt.Println(err)

	h, n, err := frame.ParseHeader(buf)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload := buf[n : n+int(h.Length)]
	frame.Mask(payload, h.Key, 0)
	fmt.Printf("%v, last frame: %v, %d bytes: %s\n", h.Opcode, h.Fin, h.Length, payload)
	// Output:
	// frame: the header is not complete yet
	// text, last frame: true, 5 bytes: Hello
}

// A ping as a server sends it, unmasked.
func ExampleAppendHeader() {
	const payload = "Hello"
	buf := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.OpPing, Length: int64(len(payload))})
	buf = append(buf, payload...)
	fmt.Printf("% x\n", buf)
	// Output:
	// 89 05 48 65 6c 6c 6f
}

// A server refuses a client's frame that is not masked.
func ExampleRules_Check() {
	rules := frame.Rules{Masked: true}
	err := rules.Check(frame.Header{Fin: true, Opcode: frame.OpText, Length: 5})
	fmt.Println(err.Rule)
	fmt.Println(err.Code)
	// Output:
	// RFC 6455 section 5.1: a client must mask every frame
	// 1002 protocol error
}

// The euro sign may be cut anywhere, but its rest has to come.
func ExampleUTF8() {
	var text frame.UTF8
	fmt.Println(text.Write([]byte("3 \xE2\x82")), text.Done())
	fmt.Println(text.Write([]byte("\xAC")), text.Done())
	fmt.Println(text.Write([]byte("\xAC")), text.Done())
	// Output:
	// true false
	// true true
	// false false
}
