package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/twinws/ws/bench/internal/wire"
)

const (
	// offer is what browsers send.
	offer = "permessage-deflate; client_max_window_bits"
	// mark ends a flushed message, and is left out: RFC 7692 section 7.2.1.
	mark = "\x00\x00\xff\xff"
	// window is the largest.
	window = 32 << 10
	// level is that of the frames that are sent.
	level = 6
)

// agreed is what a server answered to the offer.
type agreed struct {
	clientBits                     int
	clientTakeover, serverTakeover bool
}

func parseAgreed(extensions string) (a agreed, err error) {
	a = agreed{clientBits: 15, clientTakeover: true, serverTakeover: true}
	parts := strings.Split(extensions, ";")
	if strings.TrimSpace(parts[0]) != "permessage-deflate" {
		return a, fmt.Errorf("the server agreed to %q instead of permessage-deflate", extensions)
	}
	for _, p := range parts[1:] {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch k {
		case "client_no_context_takeover":
			a.clientTakeover = false
		case "server_no_context_takeover":
			a.serverTakeover = false
		case "client_max_window_bits":
			if a.clientBits, err = strconv.Atoi(strings.Trim(v, `"`)); err != nil || a.clientBits < 8 || a.clientBits > 15 {
				return a, fmt.Errorf("the server agreed to %q", extensions)
			}
		}
	}
	return a, nil
}

// pressed are messages and their compressed frames.
type pressed struct {
	said         [][]byte
	first, again [][]byte // frames of the first time through, and of every later one
}

// newPressed compresses as many documents as fill the largest window twice. So
// what stands before a message is the same in every later time through, and its
// frame can be, too.
func newPressed(size int, a agreed) (*pressed, error) {
	p := &pressed{}
	for i := range max(2, 2*window/size) {
		p.said = append(p.said, Document(size, uint64(i)))
	}
	c, err := newPress(a)
	if err != nil {
		return nil, err
	}
	for _, frames := range []*[][]byte{&p.first, &p.again} {
		for _, msg := range p.said {
			f, err := c.frame(msg)
			if err != nil {
				return nil, err
			}
			*frames = append(*frames, f)
		}
	}
	return p, nil
}

type press struct {
	agreed
	buf bytes.Buffer
	w   *flate.Writer
	r   *rand.Rand
}

func newPress(a agreed) (p *press, err error) {
	p = &press{agreed: a, r: rand.New(rand.NewPCG(3, 3))}
	if a.clientBits == 15 {
		p.w, err = flate.NewWriter(&p.buf, level)
	} else {
		p.w, err = flate.NewWriterWindow(&p.buf, 1<<a.clientBits)
	}
	return p, err
}

func (p *press) frame(msg []byte) ([]byte, error) {
	p.buf.Reset()
	if !p.clientTakeover {
		p.w.Reset(&p.buf)
	}
	if _, err := p.w.Write(msg); err != nil {
		return nil, err
	}
	if err := p.w.Flush(); err != nil {
		return nil, err
	}
	body, ok := bytes.CutSuffix(p.buf.Bytes(), []byte(mark))
	if !ok {
		return nil, errors.New("a flushed block does not end in 00 00 ff ff")
	}
	return wire.AppendFrame(nil, wire.Fin|wire.RSV1|wire.OpText, body, wire.NewKey(p.r)), nil
}

// inflater reads a server's messages.
type inflater struct {
	takeover bool
	history  []byte // what the server's messages may refer to
	r        io.ReadCloser
	out      []byte
}

func (f *inflater) message(m wire.Message, size int) ([]byte, error) {
	if m.First&wire.RSV1 == 0 {
		return m.Payload, nil
	}
	src := io.MultiReader(bytes.NewReader(m.Payload), strings.NewReader(mark))
	if f.r == nil {
		f.r = flate.NewReaderDict(src, f.history)
	} else if err := f.r.(flate.Resetter).Reset(src, f.history); err != nil {
		return nil, err
	}
	if cap(f.out) < size {
		f.out = make([]byte, size)
	}
	n, err := io.ReadFull(f.r, f.out[:size])
	if err != nil {
		return nil, fmt.Errorf("after %d bytes of a message: %w", n, err)
	}
	if f.takeover {
		f.history = append(f.history, f.out[:size]...)
		f.history = f.history[max(0, len(f.history)-window):]
	}
	return f.out[:size], nil
}
