//go:build !js

package wstest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/twinws/ws/api"
)

// Script is what a server does with a connection. When it returns, the stream
// is ended, without a close frame. Its error ends a Seq, and is the Err of
// [Seen]. Scripts are values that hold nothing: one may serve many connections.
//
// A Script of a test's own uses the methods of [Peer], which fail when the
// server ends. If it waits for anything else, it has to look at Peer.Context:
// the end of the test waits for it.
type Script func(p *Peer) error

// Seq runs scripts one after the other, until one fails.
func Seq(scripts ...Script) Script {
	return func(p *Peer) error {
		for _, s := range scripts {
			if err := s(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// Accept accepts the handshake, with these fields in the response besides or
// instead of those that belong there; see [Peer.Open]. It comes first: other
// scripts accept by themselves. What RFC 6455 section 4.1 forbids is a mistake
// that the client has to notice: a wrong Sec-WebSocket-Accept, a
// Sec-WebSocket-Protocol that was not offered.
func Accept(header http.Header) Script {
	return func(p *Peer) error { return p.Open(header) }
}

// AcceptBytes sends these bytes as the whole response to the handshake, in
// which ACCEPT stands for the right Sec-WebSocket-Accept: for what net/http
// would not write.
func AcceptBytes(response string) Script {
	return func(p *Peer) error {
		key := AcceptKey(p.Request.Header.Get("Sec-WebSocket-Key"))
		return p.OpenBytes([]byte(strings.ReplaceAll(response, "ACCEPT", key)))
	}
}

// Refuse responds with that status and body instead of accepting the handshake.
func Refuse(status int, body string) Script {
	return Respond(status, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body)
}

// Redirect responds with a status of 301 to 308 and that Location.
func Redirect(status int, location string) Script {
	return Respond(status, http.Header{"Location": {location}}, "")
}

// Respond is Refuse with header fields.
func Respond(status int, header http.Header, body string) Script {
	return func(p *Peer) error { return p.Respond(status, header, body) }
}

// NoAnswer reads the request, and never responds.
func NoAnswer() Script {
	return func(p *Peer) error {
		_, err := io.Copy(io.Discard, p.in)
		return err
	}
}

// Echo sends back each message, until the client closes.
func Echo() Script {
	return func(p *Peer) error {
		for {
			typ, b, err := p.Message()
			if err == nil {
				err = p.Send(Frame{Opcode: Opcode(typ), Payload: b})
			}
			if err != nil {
				return clean(err)
			}
		}
	}
}

// Send sends frames, valid or not, in one write.
func Send(frames ...Frame) Script {
	return func(p *Peer) error { return p.Send(frames...) }
}

// SendBytes sends bytes as they are: half a header, a length that is too long,
// what follows a close frame.
func SendBytes(b []byte) Script {
	return func(p *Peer) error {
		_, err := p.Write(b)
		return err
	}
}

// Flood sends n binary messages of size bytes, as fast as the client reads.
func Flood(n, size int) Script {
	return func(p *Peer) error {
		f := Binary(make([]byte, size)).Append(nil)
		for range n {
			if _, err := p.Write(f); err != nil {
				return err
			}
		}
		return nil
	}
}

// Await reads n messages, and answers pings. If the client closes before, the
// close is answered, and the error is ErrEnded.
func Await(n int) Script {
	return func(p *Peer) error {
		for range n {
			if _, _, err := p.Message(); err != nil {
				return err
			}
		}
		return p.Open(nil)
	}
}

// Serve reads until the client closes, and answers pings and the close.
func Serve() Script {
	return func(p *Peer) error { return clean(p.Serve()) }
}

// CloseWith sends a close frame, an empty one if code is 0, and reads until the
// client answers it (RFC 6455 section 5.5.1).
func CloseWith(code api.StatusCode, reason string) Script {
	return Seq(Send(Close(code, reason)), Serve())
}

// clean turns the end of a connection that the client closed into nil.
func clean(err error) error {
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// Pause waits for d, and reads nothing meanwhile.
func Pause(d time.Duration) Script {
	return func(p *Peer) error { return errors.Join(p.Open(nil), p.pause(d)) }
}

// Stall reads nothing and sends nothing, until the server ends. It does not see
// that the client leaves.
func Stall() Script {
	return func(p *Peer) error {
		err := p.Open(nil)
		<-p.ctx.Done()
		return err
	}
}

// Discard reads, and answers nothing: no ping, no close frame.
func Discard() Script {
	return func(p *Peer) error {
		for {
			if _, err := p.Receive(); err != nil {
				return err
			}
		}
	}
}

// Drop ends the stream without a close frame (RFC 6455 section 7.1.5: 1006).
func Drop() Script {
	return func(p *Peer) error { return errors.Join(p.Open(nil), errDropped) }
}

// Reset ends the stream as a TCP reset does: what the client has not read is
// lost. Behind an Await that is not the response to its handshake.
func Reset() Script {
	return func(p *Peer) error { return errors.Join(p.Open(nil), p.Reset(), errDropped) }
}

var errDropped = errors.New("wstest: the script dropped the connection")

// Cut runs s, and ends the stream as soon as it has sent n bytes behind the
// handshake: within a header, a payload, a close frame.
func Cut(n int, s Script) Script {
	return func(p *Peer) error {
		if err := p.Open(nil); err != nil {
			return err
		}
		p.out = &cutWriter{p.out, n}
		return errors.Join(s(p), errDropped)
	}
}

type cutWriter struct {
	w io.Writer
	n int
}

func (c *cutWriter) Write(b []byte) (int, error) {
	if len(b) <= c.n {
		n, err := c.w.Write(b)
		c.n -= n
		return n, err
	}
	n, err := c.w.Write(b[:c.n])
	c.n = 0
	return n, errors.Join(err, errDropped)
}

// SlowWrites runs s, and sends at most n bytes of what it sends after each
// pause.
func SlowWrites(n int, pause time.Duration, s Script) Script {
	return func(p *Peer) error {
		if err := p.Open(nil); err != nil {
			return err
		}
		defer func(w io.Writer) { p.out = w }(p.out)
		p.out = &slowWriter{p.out, n, func() error { return p.pause(pause) }}
		return s(p)
	}
}

type slowWriter struct {
	w     io.Writer
	n     int
	pause func() error
}

func (s *slowWriter) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		if err := s.pause(); err != nil {
			return done, err
		}
		n, err := s.w.Write(b[done:min(done+s.n, len(b))])
		if done += n; err != nil {
			return done, err
		}
	}
	return len(b), nil
}

// SlowReads runs s, and reads at most n bytes for it after each pause.
func SlowReads(n int, pause time.Duration, s Script) Script {
	return func(p *Peer) error {
		before := *p.slow
		defer func() { *p.slow = before }()
		p.slow.n, p.slow.pause = n, func() error { return p.pause(pause) }
		return s(p)
	}
}
