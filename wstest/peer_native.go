//go:build !js

package wstest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/twinws/ws/api"
)

// maxPayload is the longest frame in bytes that a Peer reads.
const maxPayload = 64 << 20

// ErrEnded is what reading returns after the client's close frame.
var ErrEnded = errors.New("wstest: the client has closed")

// Peer is the server's side of a connection, byte by byte: it sends what it is
// told to, valid or not. One goroutine may use it.
type Peer struct {
	// Request is the client's request, without a body.
	Request *http.Request
	// OnClose is called with the client's close frame: StatusNoStatusRcvd if it
	// was empty. nil means not at all.
	OnClose func(code api.StatusCode, reason string)

	ctx       context.Context
	nc        net.Conn
	in        *bufio.Reader
	out       io.Writer
	slow      *slowReader
	opened    bool
	sentClose bool // nothing may follow our close frame
}

// NewPeer returns the server's side of nc, on which r was received, and behind
// it what in holds. A wait of a Script ends with ctx, others when nc is closed.
func NewPeer(ctx context.Context, nc net.Conn, in *bufio.Reader, r *http.Request) *Peer {
	p := &Peer{Request: r, ctx: ctx, nc: nc, out: nc, slow: &slowReader{r: in}}
	p.in = bufio.NewReader(p.slow)
	return p
}

// Context returns a context that ends with the server.
func (p *Peer) Context() context.Context { return p.ctx }

// AcceptKey returns the Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455
// section 4.2.2).
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Open sends the 101 response of RFC 6455 section 4.2.2, with the fields of
// header besides or instead of its own; a field without a value is left out.
// Without a Sec-WebSocket-Protocol in header it selects the first subprotocol
// that the client offers. Everything that sends or reads frames calls it with
// nil, and only the first call does something.
func (p *Peer) Open(header http.Header) error {
	if p.opened {
		return nil
	}
	h := p.Request.Header
	fields := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-WebSocket-Accept": {AcceptKey(h.Get("Sec-WebSocket-Key"))}}
	if first, _, _ := strings.Cut(h.Get("Sec-WebSocket-Protocol"), ","); first != "" {
		fields["Sec-WebSocket-Protocol"] = []string{strings.TrimSpace(first)}
	}
	for name, values := range header {
		for own := range fields {
			if strings.EqualFold(own, name) {
				delete(fields, own)
			}
		}
		fields[name] = values
	}
	b := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, v := range fields[name] {
			b = append(b, name+": "+v+"\r\n"...)
		}
	}
	return p.OpenBytes(append(b, "\r\n"...))
}

// OpenBytes sends these bytes as the whole response to the handshake.
func (p *Peer) OpenBytes(b []byte) error {
	p.opened = true
	_, err := p.nc.Write(b)
	return err
}

// Respond sends another response than 101, and ends the stream.
func (p *Peer) Respond(status int, header http.Header, body string) error {
	p.opened = true
	r := http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Close: true}
	return r.Write(p.nc)
}

// Write sends bytes as they are.
func (p *Peer) Write(b []byte) (int, error) {
	if err := p.Open(nil); err != nil {
		return 0, err
	}
	return p.out.Write(b)
}

// Send sends frames in one write.
func (p *Peer) Send(frames ...Frame) error {
	var b []byte
	for _, f := range frames {
		b = f.Append(b)
		p.sentClose = p.sentClose || f.Opcode == OpClose
	}
	_, err := p.Write(b)
	return err
}

// Receive reads a frame of the client, valid or not, of at most 64 MiB, and
// takes its mask off.
func (p *Peer) Receive() (Frame, error) {
	var f Frame
	if err := p.Open(nil); err != nil {
		return f, err
	}
	var head [8]byte
	if _, err := io.ReadFull(p.in, head[:2]); err != nil {
		return f, err
	}
	f = Frame{Opcode: Opcode(head[0] & 0x0F), NotLast: head[0]&0x80 == 0, RSV: head[0] >> 4 & 7, Masked: head[1]&0x80 != 0}
	n := uint64(head[1] & 0x7F)
	if wide := map[uint64]int{126: 2, 127: 8}[n]; wide > 0 {
		clear(head[:])
		if _, err := io.ReadFull(p.in, head[8-wide:]); err != nil {
			return f, err
		}
		n = binary.BigEndian.Uint64(head[:])
	}
	if n > maxPayload {
		return f, fmt.Errorf("wstest: a frame of %d bytes", n)
	}
	mask := head[:0]
	if f.Masked {
		mask = head[:4]
	}
	if _, err := io.ReadFull(p.in, mask); err != nil {
		return f, err
	}
	f.Payload = make([]byte, n)
	if _, err := io.ReadFull(p.in, f.Payload); err != nil {
		return f, err
	}
	if f.Masked {
		subtle.XORBytes(f.Payload, f.Payload, bytes.Repeat(mask, len(f.Payload)/4+1))
	}
	if f.Opcode == OpClose && p.OnClose != nil {
		p.OnClose(ParseClose(f.Payload))
	}
	return f, nil
}

// errUnmasked ends a script: RFC 6455 section 5.1.
var errUnmasked = errors.New("wstest: a client's frame must be masked (RFC 6455 section 5.1)")

// Message reads the next message, and answers pings and the close frame
// meanwhile, after which it returns ErrEnded.
func (p *Peer) Message() (api.MessageType, []byte, error) {
	var typ api.MessageType
	var all []byte
	for {
		f, err := p.Receive()
		switch {
		case err == nil && !f.Masked:
			return 0, nil, errUnmasked
		case err != nil:
			return 0, nil, err
		case f.Opcode == OpClose:
			if !p.sentClose {
				p.Send(Frame{Opcode: OpClose, Payload: f.Payload})
			}
			return 0, nil, ErrEnded
		case f.Opcode == OpPing:
			if err := p.Send(Frame{Opcode: OpPong, Payload: f.Payload}); err != nil {
				return 0, nil, err
			}
			continue
		case f.Opcode == OpPong:
			continue
		case f.Opcode != OpContinuation:
			typ = api.MessageType(f.Opcode)
		}
		if all = append(all, f.Payload...); !f.NotLast {
			return typ, all, nil
		}
	}
}

// Serve reads until the client has closed, and answers.
func (p *Peer) Serve() error {
	for {
		if _, _, err := p.Message(); err != nil {
			return err
		}
	}
}

// Reset ends the stream as a TCP reset does, instead of with FIN.
func (p *Peer) Reset() error {
	nc := p.nc
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	switch nc := nc.(type) {
	case *end:
		return nc.reset()
	case *net.TCPConn:
		return errors.Join(nc.SetLinger(0), nc.Close())
	}
	return fmt.Errorf("wstest: a %T cannot be reset", nc)
}

// pause waits for d.
func (p *Peer) pause(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// slowReader reads at most n bytes at a time, and pauses before each.
type slowReader struct {
	r     io.Reader
	n     int // 0 for as many as there are, without a pause
	pause func() error
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.n > 0 {
		if err := s.pause(); err != nil {
			return 0, err
		}
		p = p[:min(len(p), s.n)]
	}
	return s.r.Read(p)
}
