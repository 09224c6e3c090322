package load

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/bench/internal/wire"
)

// fake is a server that answers a handshake with accept, and each message with
// what reply makes of it. It ends with the test.
func fake(t *testing.T, accept string, reply func(payload []byte) []byte) (addr string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var at sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		at.Wait()
	})
	at.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			end := context.AfterFunc(t.Context(), func() { nc.Close() })
			at.Go(func() {
				defer end()
				fakeServe(nc, accept, reply)
			})
		}
	})
	return ln.Addr().String()
}

func fakeServe(nc net.Conn, accept string, reply func([]byte) []byte) {
	defer nc.Close()
	head, rest, err := wire.ReadHead(nc, nil)
	if err != nil {
		return
	}
	if accept == "" {
		accept = wire.AcceptKey(wire.Field(head, "Sec-WebSocket-Key"))
	}
	nc.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"))
	buf := append(make([]byte, 0, 64<<10), rest...)
	for {
		n, err := nc.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return
		}
		buf = buf[:len(buf)+n]
		for {
			h, n := wire.ParseHeader(buf)
			if n == 0 || len(buf) < n+h.Length {
				break
			}
			p := buf[n : n+h.Length]
			wire.Mask(p, h.Key)
			nc.Write(reply(p))
			buf = append(make([]byte, 0, 64<<10), buf[n+h.Length:]...)
		}
	}
}

func text(p []byte) []byte { return wire.AppendFrame(nil, wire.Fin|wire.OpText, p, nil) }

// TestEchoFindsCheats: a server that does not do the work has no figures.
func TestEchoFindsCheats(t *testing.T) {
	var first []byte
	for _, c := range []struct {
		name, accept string
		reply        func([]byte) []byte
		honest       bool
	}{
		{name: "an honest server", reply: text, honest: true},
		{name: "the wrong key: RFC 6455 section 4.2.2", accept: "c2VjcmV0", reply: text},
		{name: "not unmasked", reply: func(p []byte) []byte { wire.Mask(p, [4]byte{1, 2, 3, 4}); return text(p) }},
		{name: "a part", reply: func(p []byte) []byte { return text(p[:len(p)-1]) }},
		{name: "one byte is wrong", reply: func(p []byte) []byte { p[len(p)/2] ^= 1; return text(p) }},
		{name: "always the first message", reply: func(p []byte) []byte {
			if first == nil {
				first = append(first, p...)
			}
			return text(first)
		}},
		{name: "masked: RFC 6455 section 5.1", reply: func(p []byte) []byte {
			return wire.AppendFrame(nil, wire.Fin|wire.OpText, p, &[4]byte{1, 2, 3, 4})
		}},
	} {
		for _, flying := range []int{1, 8} {
			t.Run(c.name, func(t *testing.T) {
				first = nil
				s, err := Echo{Size: 100, Conns: 1, InFlight: flying}.Open(fake(t, c.accept, c.reply))
				if err == nil {
					defer s.Close()
					_, err = s.Slice(20 * time.Millisecond)
				}
				if (err == nil) != c.honest {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

// TestDeflatedFindsCheats: compression that was not agreed on has no figures.
func TestDeflatedFindsCheats(t *testing.T) {
	s, err := Deflated{Size: 512, Conns: 1}.Open(fake(t, "", text))
	if err == nil {
		s.Close()
		t.Error("a server without permessage-deflate was taken")
	}
}

// TestAgreed reads answers of RFC 7692 section 7.1.
func TestAgreed(t *testing.T) {
	for answer, want := range map[string]agreed{
		"permessage-deflate": {15, true, true},
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover": {15, false, false},
		`permessage-deflate; server_max_window_bits=13; client_max_window_bits="13"`: {13, true, true},
		"permessage-deflate;client_max_window_bits=12;server_no_context_takeover":    {12, true, false},
	} {
		if got, err := parseAgreed(answer); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", answer, got, err, want)
		}
	}
	for _, answer := range []string{"", "x-webkit-deflate-frame", "permessage-deflate; client_max_window_bits=16"} {
		if got, err := parseAgreed(answer); err == nil {
			t.Errorf("%q is taken as %+v", answer, got)
		}
	}
}

// TestPressed inflates what is sent, several times through: RFC 7692 section
// 7.2.
func TestPressed(t *testing.T) {
	for _, a := range []agreed{{15, true, true}, {15, false, true}, {13, true, true}, {13, false, false}, {9, true, true}} {
		p, err := newPressed(512, a)
		if err != nil {
			t.Fatal(err)
		}
		in := inflater{takeover: a.clientTakeover}
		for time, frames := range [][][]byte{p.first, p.again, p.again} {
			for i, f := range frames {
				h, n := wire.ParseHeader(f)
				body := append([]byte(nil), f[n:]...)
				wire.Mask(body, h.Key)
				got, err := in.message(wire.Message{First: h.First, Payload: body}, len(p.said[i]))
				if err != nil || string(got) != string(p.said[i]) {
					t.Fatalf("%+v: message %d, time %d: %q, %v", a, i, time, got, err)
				}
			}
		}
	}
}

func TestDocument(t *testing.T) {
	for _, n := range []int{64, 512, 8192} {
		for seed := range uint64(50) {
			p := Document(n, seed)
			if len(p) != n || !json.Valid(p) {
				t.Fatalf("%d bytes instead of %d: %s", len(p), n, p)
			}
		}
	}
}

// TestSource: no address has more connections than ports, and all are loopback.
func TestSource(t *testing.T) {
	count := map[string]int{}
	for n := range 3 * perAddress {
		a := source(n)
		if !a.IP.IsLoopback() {
			t.Fatalf("connection %d begins at %v", n, a)
		}
		count[a.IP.String()]++
	}
	if len(count) != 3 {
		t.Errorf("%d addresses, want 3", len(count))
	}
}
