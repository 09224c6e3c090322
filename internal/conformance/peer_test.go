package conformance

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPeerCatches plays cases against targets that get them wrong, and one that
// does not: a suite that cannot fail proves nothing.
func TestPeerCatches(t *testing.T) {
	var (
		hello = well("5", "hello", "why it matters", send(text("hello")).echoed())
		bad   = fails(1002, "5", "bad", "why it matters", send(text("bad").rsv(RSV1)))
		both  = well("5", "both", "why it matters", send(ping("p"), text("t")).want(text("t"), pong("p")).anyOrder())
		many  = well("5", "many", "why it matters", send(manyOf(text("m"), 50)...).echoed())
		long  = well("5", "long", "why it matters", send(message(OpBinary, 1000, 1)).echoed())
		moved = message(OpBinary, 1000, 1)
	)
	moved.Payload = append(append([]byte(nil), moved.Payload[:999]...), moved.Payload[999]+1)
	streamed := well("5", "streamed", "why it matters", send(message(OpBinary, 70_000, 1)).echoed())
	streamed.Do = Stream
	key := [4]byte{1, 2, 3, 4}
	for _, tt := range []struct {
		name string
		c    Case
		says []Frame // by the target, unmasked
		raw  string  // and after that
		want string  // in the report; "" for none
	}{
		{"right", hello, []Frame{text("hello"), closing(1000, "")}, "", ""},
		{"right and free in order", both, []Frame{pong("p"), text("t"), closing(1000, "")}, "", ""},
		{"other bytes", hello, []Frame{text("jello")}, "", "want text [68 65 6c 6c 6f], came text [6a"},
		{"other bytes far in", long, []Frame{moved}, "", "differ from byte 999"},
		{"another type", hello, []Frame{binaryOf("hello")}, "", "came binary"},
		{"two frames", hello, []Frame{text("he").more(), rest("llo")}, "", "in one frame, came 2"},
		{"one frame of a stream", streamed, []Frame{message(OpBinary, 70_000, 1)}, "", "to be fragmented"},
		{"a frame too many", hello, []Frame{text("hello"), text("hello")}, "", "want a close frame with 1000, came text"},
		{"something after close", hello, []Frame{text("hello"), closing(1000, ""), pong("")}, "", "want the end of the stream, came pong"},
		{"half a frame after close", hello, []Frame{text("hello"), closing(1000, "")}, "\x81", "want the end of the stream, came: unexpected EOF"},
		{"another code", bad, []Frame{closing(1000, "")}, "", "want a close frame with 1002, came 1000"},
		{"no code", bad, []Frame{empty}, "", "want a close frame with 1002, came 1005"},
		{"half a code", bad, []Frame{{Fin: true, Op: OpClose, Payload: []byte{3}}}, "", "half a code"},
		{"a reason that is no text", bad, []Frame{closing(1002, "\xFF")}, "", "not UTF-8"},
		{"no close frame", bad, nil, "", "came: EOF"},
		{"a message that should fail", bad, []Frame{text("bad")}, "", "came text"},
		{"a masking server", hello, nil, string(text("hello").append(nil, true, key)), "a server masks no frame"},
		{"reserved bits", hello, []Frame{text("hello").rsv(RSV1)}, "", "a reserved bit"},
		{"a reserved opcode", hello, []Frame{{Fin: true, Op: 3}}, "", "a reserved opcode"},
		{"a long pong", hello, []Frame{pong(everyByte(126))}, "", "over 125 bytes"},
		{"a fragmented ping", hello, []Frame{ping("").more()}, "", "is fragmented"},
		{"a stray continuation", hello, []Frame{rest("hello")}, "", "out of order"},
		{"a start inside a message", hello, []Frame{text("he").more(), text("llo")}, "", "out of order"},
		{"a long length", hello, []Frame{text("hello").wide(2)}, "", "shortest form"},
		{"a pong too many", both, []Frame{pong("p"), pong("p")}, "", "no more of its kind"},
		{"a report of many", many, manyOf(text("m"), 49), "", "67 frames"},
		{"a report with its rule", hello, nil, "", "rule: RFC 6455 section 5: why it matters"},
		{"a report with its bytes", hello, nil, "", "sent text [68 65 6c 6c 6f] as [81 85 00 00 00 00 68 65 6c 6c 6f]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw, end := net.Pipe()
				go sayAfter(NewPeer(end, false, time.Hour), "", tt.says, tt.raw)
				wantReport(t, NewPeer(raw, true, time.Hour).Play(&tt.c), tt.want)
			})
		})
	}
}

// sayAfter is a server that says what it is told, whatever it hears, behind an
// answer with more fields.
func sayAfter(p *Peer, fields string, says []Frame, raw string) {
	req, err := http.ReadRequest(p.in)
	if err != nil {
		return
	}
	io.WriteString(p.conn, accepting+answerTo(req.Header.Get("Sec-WebSocket-Key"))+"\r\n"+fields+"\r\n")
	heard := make(chan struct{})
	go func() {
		io.Copy(io.Discard, p.in)
		close(heard)
	}()
	for _, f := range says {
		p.conn.Write(f.append(nil, false, [4]byte{}))
	}
	io.WriteString(p.conn, raw)
	p.conn.Close()
	<-heard
}

// A target that says nothing is not waited for without end.
func TestPeerIsNotPatientForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, end := net.Pipe()
		go func() {
			p := NewPeer(end, false, 2*time.Hour)
			p.accept(&Case{})
			io.Copy(io.Discard, p.in)
		}()
		c := well("5", "silence", "", send(text("hello")).echoed())
		if err := NewPeer(raw, true, time.Hour).Play(&c); err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Fatalf("Play = %v, want a timeout", err)
		}
	})
}

// accepting is a server's answer up to the value that follows from the key.
const accepting = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "

// Wrong handshakes are no success.
func TestPeerChecksTheHandshake(t *testing.T) {
	if answerTo(sampleKey) != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" { // RFC 6455 section 1.3
		t.Fatalf("the answer to the sample key is %q", answerTo(sampleKey))
	}
	for _, tt := range []struct{ name, answer, want string }{
		{"refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "status 403"},
		{"another key", accepting + "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n", "Sec-WebSocket-Accept"},
		{"no upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", "Upgrade: \"\""},
		{"an extension", accepting + answerTo(sampleKey) + "\r\nSec-WebSocket-Extensions: x\r\n\r\n", "\"x\" is no permessage-deflate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, end := net.Pipe()
			defer end.Close()
			go func() {
				p := NewPeer(end, false, time.Minute)
				if _, err := http.ReadRequest(p.in); err == nil {
					io.WriteString(end, tt.answer)
				}
			}()
			c := well("4", "handshake", "")
			if err := NewPeer(raw, true, time.Minute).Play(&c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Play = %v, want a report with %q", err, tt.want)
			}
		})
	}
}

// TestPeerCatchesCompression plays compressed conversations against targets
// that break what was agreed on.
func TestPeerCatchesCompression(t *testing.T) {
	small := Deflate{ServerNoContextTakeover: true, ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}
	hi := well("", "hello", "why", send(text("Hello")).want(text("Hello"))).agreeing(small)
	twice := well("", "twice", "why", send(text("Hello"), text("Hello")).want(text("Hello"), text("Hello"))).agreeing(small)
	long := message(OpBinary, 300, 1)
	long.Payload = append(long.Payload[:300:300], long.Payload[:3]...)
	far := well("", "far", "why", send(long).want(long)).agreeing(small)
	must := well("", "must", "why", send(text("Hello")).want(text("Hello").compressed())).agreeing(small)
	off := well("", "off", "why", send(text("Hello")).want(text("Hello")))
	tooFar := zipped(OpBinary, new(blocks).stored(long.Payload[:300], false).begin(fixedBlock, false).match(3, 300).end().finish())
	first := zipped(OpText, hello)
	for _, tt := range []struct {
		name   string
		c      Case
		answer string
		says   []Frame
		want   string
	}{
		{"right", hi, hi.Agree, []Frame{first, closing(1000, "")}, ""},
		{"right and as it is", hi, hi.Agree, []Frame{text("Hello"), closing(1000, "")}, ""},
		{"right in fragments, of which one is judged", hi, hi.Agree, first.fragments(3), "in one frame, came 3"},
		{"as it is where it must not be", must, must.Agree, []Frame{text("Hello")}, "came as it is"},
		{"another message", hi, hi.Agree, []Frame{zipped(OpText, new(blocks).fixed("Jello", false).finish())}, "came text compressed [4a 65 6c 6c 6f]"},
		{"past the window", far, far.Agree, []Frame{tooFar}, "300 bytes back, over its window of 256"},
		{"takeover that was not agreed on", twice, twice.Agree, []Frame{first, zipped(OpText, helloAgain)}, "where there are 1"},
		{"not DEFLATE", hi, hi.Agree, []Frame{zipped(OpText, []byte{6})}, "reserved type"},
		{"RSV1 on a continuation", hi, hi.Agree, []Frame{zipped(OpText, hello[:3]).more(), rest("").rsv(RSV1)}, "a reserved bit"},
		{"RSV1 on a pong", hi, hi.Agree, []Frame{pong("").rsv(RSV1)}, "a reserved bit"},
		{"RSV2", hi, hi.Agree, []Frame{text("Hello").rsv(RSV2)}, "a reserved bit"},
		{"compressed though nothing was agreed on", off, "", []Frame{first}, "a reserved bit"},
		{"another answer", hi, pd("server_max_window_bits=9"), nil, "want \"" + hi.Agree},
		{"no answer", hi, "", nil, "answered by \"\""},
		{"an answer that is none", hi, pd("server_max_window_bits=7"), nil, "wrong value"},
		{"an answer to nothing", off, pd(""), nil, "want \"\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw, end := net.Pipe()
				go sayAfter(NewPeer(end, false, time.Hour), fields(tt.answer), tt.says, "")
				wantReport(t, NewPeer(raw, true, time.Hour).Play(&tt.c), tt.want)
			})
		})
	}
}

// A target that should have refused, and does not, is found out in both roles.
func TestPeerCatchesAcceptance(t *testing.T) {
	refused := Case{Section: "RFC 7692 section 7.1", Why: "why", End: End{Kind: Refused, Code: 400}, Offer: "permessage-deflate;"}
	synctest.Test(t, func(t *testing.T) {
		raw, end := net.Pipe()
		go sayAfter(NewPeer(end, false, time.Hour), "", nil, "")
		wantReport(t, NewPeer(raw, true, time.Hour).Play(&refused), "want 400")
	})
	synctest.Test(t, func(t *testing.T) {
		raw, end := net.Pipe()
		go func() {
			defer end.Close()
			io.WriteString(end, "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: "+sampleKey+"\r\n\r\n")
			p := NewPeer(end, true, time.Hour)
			if _, err := http.ReadResponse(p.in, nil); err == nil {
				end.Write(text("Hello").append(nil, true, [4]byte{}))
			}
		}()
		c := refused
		c.Agree = "x-unknown"
		wantReport(t, NewPeer(raw, false, time.Hour).Play(&c), "want the end of the stream, came text")
	})
}

// wantReport wants err to say want, or to be nil for "".
func wantReport(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatalf("a right target was found wrong: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("Play = %v, want a report with %q", err, want)
	}
}
