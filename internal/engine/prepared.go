package engine

import (
	"context"
	"sync"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

// Prepared is a message that any number of connections send. For servers it is
// framed once; a client's frame has a new masking key each time. It is
// compressed once for each combination of level and window.
type Prepared struct {
	op      frame.Opcode // constant
	payload []byte       // constant
	plain   block        // constant: a server's frame

	mu     sync.Mutex
	zipped map[zipping]*zipped // protected by mu; nil until needed
}

// zipping are the parameters that determine a compressed message.
type zipping struct{ level, bits int }

// zipped is a compressed message that does not refer to any other: it
// decompresses to the same bytes on every connection.
type zipped struct {
	payload []byte // nil if the message does not shrink
	frame   block  // a server's
}

// Prepare returns the message with payload p, which must not be modified
// afterwards.
func Prepare(typ api.MessageType, p []byte) *Prepared {
	m := &Prepared{op: frame.Opcode(typ), payload: p}
	m.plain = framed(frame.Header{Fin: true, Opcode: m.op}, p)
	return m
}

// Type returns the type of the message.
func (m *Prepared) Type() api.MessageType { return api.MessageType(m.op) }

// framed returns a server's frame, which is never returned to a pool.
func framed(h frame.Header, p []byte) block {
	h.Length = int64(len(p))
	b := frame.AppendHeader(make([]byte, 0, frame.MaxHeaderLen+len(p)), h)
	b = append(b, p...)
	return block{mem: b, n: len(b), class: shared}
}

// zip returns the compressed message.
func (m *Prepared) zip(way zipping) *zipped {
	m.mu.Lock()
	defer m.mu.Unlock()
	z := m.zipped[way]
	if z != nil {
		return z
	}
	z = new(zipped)
	small := deflate.NewCompressor(way.level, way.bits, false).Append(nil, m.payload)
	if len(small) < len(m.payload) {
		z.payload = small
		z.frame = framed(frame.Header{Fin: true, RSV1: true, Opcode: m.op}, small)
	}
	if m.zipped == nil {
		m.zipped = make(map[zipping]*zipped)
	}
	m.zipped[way] = z
	return z
}

// WritePrepared sends m as Write sends a message.
func (c *Conn) WritePrepared(ctx context.Context, m *Prepared) error {
	n := int64(len(m.payload))
	c.buffered.Add(n)
	s, err := c.lockSending(ctx)
	if err == nil {
		err = s.prepared(ctx, m)
		s.release()
	}
	c.buffered.Add(-n)
	return err
}

// prepared sends m.
func (s sender) prepared(ctx context.Context, m *Prepared) error {
	c := s.c
	h, p, whole := frame.Header{Fin: true, Opcode: m.op}, m.payload, &m.plain
	if c.compresses(m.payload) {
		if z := m.zip(zipping{c.cfg.Deflate.Level, c.cfg.Deflate.SendBits}); z.payload != nil {
			h.RSV1, p, whole = true, z.payload, &z.frame
		}
	}
	t, err := s.place(ctx, h, p)
	switch {
	case t.none():
	case t.out == nil && !c.cfg.Client:
		t.out = whole
		err = t.flush(ctx)
		t.release()
	default:
		err = t.send(ctx, h, p)
		t.release()
	}
	if err == nil && h.RSV1 {
		s.compressor().Sent(m.payload)
	}
	return err
}
