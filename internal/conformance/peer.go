package conformance

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
	"unicode/utf8"
)

// Peer is the raw end of a connection. It is not for several goroutines.
type Peer struct {
	conn     net.Conn
	in       *bufio.Reader
	client   bool          // the peer's own role
	patience time.Duration // bounds each step

	deflate *deflater // what it sends, once that was agreed on
	inflate *inflater // what it receives

	keys    uint32
	held    []byte // encoded and not yet sent
	sending chan error
	partial *Frame // the message under way
	frames  int    // of it
	record  record
}

// NewPeer returns a peer on conn, before the handshake. As a client it masks.
// A step may take as long as patience.
func NewPeer(conn net.Conn, client bool, patience time.Duration) *Peer {
	return &Peer{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), client: client, patience: patience}
}

// Play plays c, from the handshake to the end of the stream, which it closes.
// Its error tells what was sent, what was wanted and what came.
func (p *Peer) Play(c *Case) error {
	err := p.play(c)
	p.conn.Close()
	if p.sending != nil {
		<-p.sending
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n  rule: %s: %s\n%s", err, c.Section, c.Why, p.record.String())
}

func (p *Peer) play(c *Case) error {
	p.conn.SetDeadline(time.Now().Add(p.patience))
	shake := p.accept
	if p.client {
		shake = p.dial
	}
	if err := shake(c); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if c.End.Kind == Refused {
		return p.endOfStream()
	}
	for i, s := range c.Steps {
		if err := p.step(s, c.Do == Stream); err != nil {
			return fmt.Errorf("step %d of %d: %w", i+1, len(c.Steps), err)
		}
	}
	if err := p.end(c.End); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	return nil
}

// step plays one step. What it sends may still be on its way when it returns.
func (p *Peer) step(s Step, streams bool) error {
	if err := p.sent(); err != nil {
		return err
	}
	p.conn.SetDeadline(time.Now().Add(p.patience))
	done := make(chan error, 1)
	p.sending = done
	pieces := p.encode(s)
	go func() { done <- pieces.write(p.conn) }()
	if s.AnyOrder {
		return p.expectAnyOrder(s.Want, streams)
	}
	for _, want := range s.Want {
		if err := p.expect(want, streams); err != nil {
			return err
		}
	}
	return nil
}

// sent waits for what is being sent.
func (p *Peer) sent() error {
	if p.sending == nil {
		return nil
	}
	err := <-p.sending
	p.sending = nil
	if err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

// encode puts a step's frames on the wire's form, and keeps what is held back.
func (p *Peer) encode(s Step) *pieces {
	out := &pieces{chop: s.Chop, bytes: p.held[:s.Resume]}
	held := p.held[s.Resume:]
	if len(s.Send) == 0 {
		p.held = held
		p.record.add(entry{note: "sent on " + abbreviate(out.bytes)})
		return out
	}
	frames := p.onWire(s.Send)
	size := 0
	for _, f := range frames {
		size += len(f.Payload) + 14
	}
	b := make([]byte, 0, size)
	for _, f := range frames {
		start := len(b)
		b = f.append(b, p.client, p.key())
		out.ends = append(out.ends, len(b))
		p.record.add(entry{Frame: f, wire: b[start:]})
	}
	out.bytes, p.held = b[:len(b)-s.Hold], b[len(b)-s.Hold:]
	if s.Hold > 0 {
		p.record.add(entry{note: fmt.Sprintf("but for the last %d bytes", s.Hold)})
	}
	return out
}

// key returns another mask key each time, 0 among the first.
func (p *Peer) key() (key [4]byte) {
	binary.BigEndian.PutUint32(key[:], p.keys*0x9E3779B1)
	p.keys++
	return key
}

// pieces are bytes on their way.
type pieces struct {
	bytes []byte
	ends  []int // of the frames in bytes
	chop  Chop
}

func (o *pieces) write(w io.Writer) error {
	switch o.chop {
	case AtOnce:
		_, err := w.Write(o.bytes)
		return err
	case PerFrame:
		start := 0
		for _, end := range o.ends {
			end = min(end, len(o.bytes))
			if _, err := w.Write(o.bytes[start:end]); err != nil {
				return err
			}
			start = end
		}
		return nil
	}
	for b := o.bytes; len(b) > 0; {
		n := min(int(o.chop), len(b))
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// next returns the next control frame or whole message, and how many frames it
// came in. It holds the target to the rules of RFC 6455 section 5.
func (p *Peer) next() (Frame, int, error) {
	for {
		f, masked, err := readFrame(p.in)
		if err != nil {
			return f, 0, err
		}
		p.record.add(entry{Frame: f})
		switch control := f.Op >= OpClose; {
		case masked == p.client:
			return f, 0, errors.New("a server masks no frame, a client all (RFC 6455 section 5.1)")
		case f.RSV&^p.uses() != 0, f.RSV != 0 && (control || f.Op == OpContinuation):
			return f, 0, errors.New("a reserved bit is set (RFC 6455 section 5.2)")
		case f.Op > OpPong, f.Op > OpBinary && !control:
			return f, 0, errors.New("a reserved opcode (RFC 6455 section 5.2)")
		case control && (!f.Fin || len(f.Payload) > 125):
			return f, 0, errors.New("a control frame is fragmented or over 125 bytes (RFC 6455 section 5.5)")
		case control:
			return f, 1, nil
		case (f.Op == OpContinuation) != (p.partial != nil):
			return f, 0, errors.New("the fragments of messages are out of order (RFC 6455 section 5.4)")
		}
		p.frames++
		if p.partial != nil {
			p.partial.Payload = append(p.partial.Payload, f.Payload...)
		} else {
			p.partial = &f
		}
		if f.Fin {
			whole, n := *p.partial, p.frames
			p.partial, p.frames, whole.Fin = nil, 0, true
			return whole, n, p.inflated(&whole)
		}
	}
}

func (p *Peer) expect(want Frame, streams bool) error {
	got, frames, err := p.next()
	if err != nil {
		return fmt.Errorf("want %v, came: %w", want, err)
	}
	return judge(want, got, frames, streams)
}

// judge compares what came, in so many frames, with what was wanted.
func judge(want, got Frame, frames int, streams bool) error {
	switch {
	case !same(want, got):
		return fmt.Errorf("want %v, came %v%s", want, got, difference(want, got))
	case want.Compress && !got.Compress:
		return fmt.Errorf("want %v, and came as it is", want)
	case frames > 1 && !streams:
		return fmt.Errorf("want %v in one frame, came %d", want, frames)
	case frames == 1 && streams && len(got.Payload) > 1<<16:
		return fmt.Errorf("want a stream of %d bytes to be fragmented, came one frame", len(got.Payload))
	}
	return nil
}

// expectAnyOrder takes as many as are wanted, and compares pongs with pongs and
// messages with messages.
func (p *Peer) expectAnyOrder(want []Frame, streams bool) error {
	var pongs, messages []Frame
	for _, w := range want {
		if w.Op == OpPong {
			pongs = append(pongs, w)
		} else {
			messages = append(messages, w)
		}
	}
	for len(pongs)+len(messages) > 0 {
		got, frames, err := p.next()
		if err != nil {
			return fmt.Errorf("want %d pongs and %d messages more, came: %w", len(pongs), len(messages), err)
		}
		queue := &messages
		if got.Op == OpPong {
			queue = &pongs
		}
		if len(*queue) == 0 {
			return fmt.Errorf("want no more of its kind, came %v", got)
		}
		if err := judge((*queue)[0], got, frames, streams); err != nil {
			return err
		}
		*queue = (*queue)[1:]
	}
	return nil
}

func same(a, b Frame) bool {
	return a.Op == b.Op && a.RSV == b.RSV && bytes.Equal(a.Payload, b.Payload)
}

// end plays the end of a case.
func (p *Peer) end(e End) error {
	switch e.Kind {
	case Goodbye:
		if err := p.step(send(closing(1000, "")), false); err != nil {
			return err
		}
		return p.endsWith(1000)
	case Cut:
		if err := p.sent(); err != nil {
			return err
		}
		if !p.halfClose() {
			return nil
		}
		return p.endsWith(1002)
	case Failed, Answered:
		return p.endsWith(e.Code)
	}
	return p.endOfStream()
}

// endsWith wants a close frame with code and then the stream's end. 1005 stands
// for a close frame without payload.
func (p *Peer) endsWith(code int) error {
	f, _, err := p.next()
	switch {
	case err != nil:
		return fmt.Errorf("want a close frame with %d, came: %w", code, err)
	case f.Op != OpClose:
		return fmt.Errorf("want a close frame with %d, came %v", code, f)
	case len(f.Payload) == 1:
		return errors.New("a close frame with half a code (RFC 6455 section 5.5.1)")
	case len(f.Payload) > 1 && !utf8.Valid(f.Payload[2:]):
		return errors.New("a close frame whose reason is not UTF-8 (RFC 6455 section 5.5.1)")
	}
	got := 1005
	if len(f.Payload) > 0 {
		got = int(binary.BigEndian.Uint16(f.Payload))
	}
	if got != code {
		return fmt.Errorf("want a close frame with %d, came %d %q", code, got, f.Payload[min(2, len(f.Payload)):])
	}
	return p.endOfStream()
}

// endOfStream wants nothing more. A server is first to end the stream (RFC 6455
// section 7.1.1): that is the peer when the target is a client, which it tells
// once it has said all. That the target took all of it is not wanted.
func (p *Peer) endOfStream() error {
	if !p.client {
		p.sent()
		p.halfClose()
	}
	f, _, err := p.next()
	if err == nil {
		return fmt.Errorf("want the end of the stream, came %v", f)
	}
	if err != io.EOF {
		return fmt.Errorf("want the end of the stream, came: %w", err)
	}
	return nil
}

// halfClose ends the sending half, and reports whether the stream has halves.
func (p *Peer) halfClose() bool {
	if c, ok := p.conn.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
		return true
	}
	return false
}
