package tunnel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"time"
)

// taken is a Conn over a stream of HTTP/3 that the handler has taken over: it
// has deadlines of its own, and the handler may return.
type taken struct {
	ends
	bare        // for all but reading
	quic   quic // below it
	frames DataFrames
	peeked [1]byte
}

// quic is a stream of QUIC as quic-go has it (quic.Stream).
type quic interface {
	io.Reader
	Peek(p []byte) (int, error)
}

// bare is a stream of HTTP/3 as quic-go has it (http3.Stream). Close closes its
// sending half.
type bare interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// canceler are the methods of a bare stream that end its halves at once. Their
// argument, a code, is of a type of quic-go's, and so out of reach of an
// interface here.
var cancelers = [...]string{"CancelRead", "CancelWrite"}

// The codes of RFC 9114 section 8.1.
const (
	codeNoError         = 0x100
	codeFrameUnexpected = 0x105
	codeFrameError      = 0x106
	codeCancelled       = 0x10c // RFC 9220 section 3: what a reset is in TCP
)

// take is the method HTTPStream of a ResponseWriter of quic-go.
type take reflect.Value

// taker returns the method by which a handler takes over the stream below w,
// nil if there is none. It is called by reflection: a program that imports this
// package does not get quic-go.
func taker(w responder) *take {
	m := reflect.ValueOf(w).MethodByName("HTTPStream")
	if !m.IsValid() || m.Type().NumIn() > 0 || m.Type().NumOut() == 0 {
		return nil
	}
	out := m.Type().Out(0)
	if q, ok := out.MethodByName("QUICStream"); !ok || q.Type.NumIn() != 1 || q.Type.NumOut() != 1 || !q.Type.Out(0).Implements(reflect.TypeFor[quic]()) {
		return nil
	}
	if !out.Implements(reflect.TypeFor[bare]()) {
		return nil
	}
	for _, name := range cancelers {
		c, ok := out.MethodByName(name)
		if !ok || c.Type.NumIn() != 2 || !c.Type.In(1).ConvertibleTo(reflect.TypeFor[uint64]()) {
			return nil
		}
	}
	return (*take)(&m)
}

// open sends the head of the response and takes over the stream.
func (m *take) open(w responder, e ends, limit time.Time) (Conn, error) {
	if err := answer(w, limit); err != nil {
		return nil, err
	}
	out := (*reflect.Value)(m).Call(nil)
	if last := out[len(out)-1]; len(out) > 1 && !last.IsZero() {
		return nil, fmt.Errorf("the stream cannot be taken over: %v", last.Interface())
	}
	below := out[0].MethodByName("QUICStream").Call(nil)[0]
	return &taken{ends: e, bare: out[0].Interface().(bare), quic: below.Interface().(quic)}, nil
}

// cancel ends one half of the stream.
func (c *taken) cancel(half string, code uint64) {
	// A constant name lets the linker drop all other methods.
	m := reflect.ValueOf(c.bare).MethodByName("CancelRead")
	if half == cancelers[1] {
		m = reflect.ValueOf(c.bare).MethodByName("CancelWrite")
	}
	m.Call([]reflect.Value{reflect.ValueOf(code).Convert(m.Type().In(0))})
}

// Read reads the payload of DATA frames.
func (c *taken) Read(p []byte) (int, error) {
	n, err := c.frames.Read(c.quic, p)
	if e, ok := err.(*FrameError); ok || err == io.ErrUnexpectedEOF {
		code := uint64(codeFrameUnexpected)
		if !ok {
			code = codeFrameError
			err = errors.New("the stream ended within a frame (RFC 9114 section 7.1)")
		} else {
			err = e
		}
		c.reset(code)
	}
	return n, ended(err)
}

// AwaitRead blocks until Read would return, within the read deadline.
func (c *taken) AwaitRead() error {
	if _, err := c.quic.Peek(c.peeked[:]); errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil // Read tells
}

func (c *taken) Write(p []byte) (int, error) {
	n, err := c.bare.Write(p)
	return n, ended(err)
}

// CloseWrite ends the sending half.
func (c *taken) CloseWrite() error { return c.bare.Close() }

// Close ends both halves: what was written is sent, what arrives is not read.
func (c *taken) Close() error {
	err := c.bare.Close()
	c.cancel("CancelRead", codeNoError)
	return err
}

// Abort resets the stream.
func (c *taken) Abort() error {
	c.reset(codeCancelled)
	return nil
}

func (c *taken) reset(code uint64) {
	c.cancel("CancelWrite", code)
	c.cancel("CancelRead", code)
}
