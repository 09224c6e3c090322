package engine

import (
	"context"
	"math"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// current is the frame being read. It is kept when a Read is interrupted.
type current struct {
	h    frame.Header
	left int64 // payload bytes that have not arrived
	mask int   // position in the masking key
	// payload of a control frame, of which n bytes have arrived
	control [frame.MaxControlPayload]byte
	n       uint8
	have    bool // a header has been read, and its payload not completely
}

// data reports whether the payload of a data frame is next on the transport.
func (c *current) data() bool { return c.have && !c.h.Opcode.IsControl() }

// nextFrame reads up to the payload of the next data frame, and handles the
// control frames before it. At rest it returns errAtRest.
func (in *input) nextFrame(ctx context.Context) error {
	for {
		if !in.cur.have {
			if err := in.readHeader(ctx); err != nil {
				return err
			}
		}
		if !in.cur.h.Opcode.IsControl() {
			return in.admit()
		}
		for in.cur.left > 0 {
			n, err := in.readRaw(ctx, in.cur.control[in.cur.n:int64(in.cur.n)+in.cur.left])
			in.cur.n += uint8(n)
			in.cur.left -= int64(n)
			if err != nil {
				return err
			}
		}
		payload := in.cur.control[:in.cur.n]
		if in.cur.h.Masked {
			frame.Mask(payload, in.cur.h.Key, 0)
		}
		in.cur.have = false
		if err := in.control(in.cur.h.Opcode, payload); err != nil {
			return err
		}
	}
}

// readHeader reads the next frame's header and checks it.
func (in *input) readHeader(ctx context.Context) error {
	for {
		h, n, err := frame.ParseHeader(in.buf.bytes())
		if err == frame.ErrShort {
			if err := in.fill(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if broken := in.c.rules.Check(h); broken != nil {
			return broken
		}
		in.buf.skip(n)
		in.cur.have, in.cur.h, in.cur.left, in.cur.mask, in.cur.n = true, h, h.Length, 0, 0
		return nil
	}
}

// admit checks a data frame against this side's limits, before any of its
// payload is read.
func (in *input) admit() error {
	c := in.c
	if !c.open.Load() {
		return errClosing
	}
	limit := c.readLimit()
	if in.cur.h.RSV1 || in.msg.zip.in != nil {
		// The limit applies to the decompressed bytes. But a payload may
		// continue without producing any, so it has a larger limit of its own.
		limit += min(limit, math.MaxInt64-limit-4096) + 4096
	}
	if in.cur.h.Length > limit-in.msg.size {
		return c.tooBig()
	}
	in.msg.size += in.cur.h.Length
	if in.msg.fragments++; in.msg.fragments > maxFragments {
		return errFragments
	}
	return nil
}

// readLimit is the largest message to receive, in bytes.
func (c *Conn) readLimit() int64 {
	if c.cfg.ReadLimit < 0 {
		return math.MaxInt64
	}
	return c.cfg.ReadLimit
}

// tooBig is the error of a message over the limit.
func (c *Conn) tooBig() error { return &api.MessageTooBigError{Limit: c.readLimit()} }

// readPayload reads some of the current data frame's payload into p: unmasked,
// and validated if it is text.
func (in *input) readPayload(ctx context.Context, p []byte) (int, error) {
	n, ascii, err := in.readUnmasked(ctx, p)
	switch {
	case err != nil, in.msg.typ != api.MessageText, ascii && in.msg.text.Done():
	case !in.msg.text.Write(p[:n]):
		return 0, errText
	}
	return n, err
}

// readUnmasked reads some of the current data frame's payload into p. It
// reports whether it is ASCII, as far as that was detected.
func (in *input) readUnmasked(ctx context.Context, p []byte) (n int, ascii bool, err error) {
	n, err = in.readRaw(ctx, p)
	if err != nil {
		return 0, false, err
	}
	in.cur.left -= int64(n)
	if in.cur.h.Masked {
		p = p[:n]
		in.cur.mask, ascii = frame.MaskCopyASCII(p, p, in.cur.h.Key, in.cur.mask)
	}
	return n, ascii, nil
}

// readRaw reads some bytes into p: from the input buffer, else from the
// transport, bypassing the buffer if p is larger.
func (in *input) readRaw(ctx context.Context, p []byte) (int, error) {
	if in.buf.len() == 0 {
		if len(p) >= in.buf.size() {
			_, n, err := in.readTransport(ctx, p)
			return n, err
		}
		if err := in.fill(ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf.bytes())
	in.buf.skip(n)
	return n, nil
}

// fill adds bytes to the input buffer, which contains less than a header. At
// rest it does not wait for them, but returns errAtRest.
func (in *input) fill(ctx context.Context) error {
	if in.atRest() {
		return errAtRest
	}
	_, _, err := in.readTransport(ctx, nil)
	return err
}

var (
	errText = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message is UTF-8 (RFC 6455 section 8.1)"}
	errTextEnd = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message does not end inside a character (RFC 6455 section 8.1)"}
	errFragments = &api.ProtocolError{Code: api.StatusPolicyViolation,
		Rule: "a message has at most 131,072 fragments"}
)
