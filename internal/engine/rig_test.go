package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestMain overwrites every buffer that comes back to a pool, so that a stale
// byte, or a use after the return, shows in any test. Benchmarks go without.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		spoil, resting = poison, mustBeNew
	}
	os.Exit(m.Run())
}

// mustBeNew panics over what another connection must not get.
func mustBeNew(in *input) {
	b := in.buf
	b.pace = pace{}
	if !reflect.ValueOf(b).IsZero() || !reflect.ValueOf(in.msg).IsZero() || in.cur.have || in.passed != nil ||
		in.into != nil || in.direct != nil || in.got != 0 || in.fault != nil || in.c != nil {
		panic(fmt.Sprintf("not as good as new: %+v", in))
	}
}

// poisoned is no byte of ASCII, nor of UTF-8.
const poisoned = 0xFE

func poison(p []byte) {
	for i := range p {
		p[i] = poisoned
	}
}

// goldenKey is the mask key of RFC 6455 section 5.7.
var goldenKey = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// noGather reports whether the tests run with the gathering of replies off.
func noGather() bool { return os.Getenv("WS_NO_GATHER") == "1" }

// patience bounds what a peer in a test waits for. It is longer than every
// time-out of the engine, and costs nothing in a bubble.
const testPatience = time.Hour

// rig is a connection under test and the raw end of its peer.
type rig struct {
	*testing.T
	c      *Conn
	s      *end // the connection's stream
	p      *end // the peer's
	client bool // the connection's role
}

var background = context.Background()

// newRig returns a rig for cfg. The connection is ended with the test.
func newRig(t *testing.T, cfg Config) *rig {
	r := &rig{T: t, client: cfg.Client}
	r.s, r.p = newLink()
	r.p.SetReadDeadline(time.Now().Add(testPatience))
	if cfg.Keys == nil {
		cfg.Keys = func() [4]byte { return goldenKey }
	}
	if cfg.ReadLimit == 0 {
		cfg.ReadLimit = -1
	}
	cfg.NoGather = cfg.NoGather || noGather()
	r.c = New(r.s, cfg)
	t.Cleanup(func() {
		r.c.CloseNow()
		r.p.Close() // what lingers sees the end
	})
	return r
}

// bubble runs f with time of its own. It fails when goroutines stay behind for
// longer than a stream may linger.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			t.Cleanup(func() { time.Sleep(lingerWait) }) // after all others
			f(t)
		})
	})
}

// bothRoles runs f for a client and for a server.
func bothRoles(t *testing.T, cfg Config, f func(r *rig)) {
	for _, client := range []bool{true, false} {
		cfg.Client = client
		bubble(t, role(client), func(t *testing.T) { f(newRig(t, cfg)) })
	}
}

func role(client bool) string {
	if client {
		return "client"
	}
	return "server"
}

// start runs f elsewhere; the returned function waits for its error.
func start(f func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() error { return <-done }
}

// startRead starts a Read of a message that is thrown away.
func (r *rig) startRead(ctx context.Context) (wait func() error) {
	return start(func() error {
		_, _, err := r.c.ReadAppend(ctx, nil)
		return err
	})
}

// frame returns a frame as the peer sends it.
func (r *rig) frame(fin bool, op frame.Opcode, payload []byte) []byte {
	h := frame.Header{Fin: fin, Opcode: op, Length: int64(len(payload)), Masked: !r.client, Key: goldenKey}
	b := append(frame.AppendHeader(nil, h), payload...)
	if h.Masked {
		frame.Mask(b[len(b)-len(payload):], h.Key, 0)
	}
	return b
}

func (r *rig) text(s string) []byte   { return r.frame(true, frame.OpText, []byte(s)) }
func (r *rig) binary(p []byte) []byte { return r.frame(true, frame.OpBinary, p) }
func (r *rig) ping(s string) []byte   { return r.frame(true, frame.OpPing, []byte(s)) }
func (r *rig) pong(s string) []byte   { return r.frame(true, frame.OpPong, []byte(s)) }
func (r *rig) close(code int, s string) []byte {
	return r.frame(true, frame.OpClose, closePayload(code, s))
}

// closePayload is the payload of a close frame; code 0 is for none.
func closePayload(code int, reason string) []byte {
	if code == 0 {
		return nil
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// send makes the peer send bytes.
func (r *rig) send(pieces ...[]byte) {
	r.Helper()
	if _, err := r.p.Write(slices.Concat(pieces...)); err != nil {
		r.Fatalf("the peer cannot send: %v", err)
	}
}

// next returns the next frame that the connection sent, unmasked.
func (r *rig) next() (frame.Header, []byte) {
	r.Helper()
	h, p, err := r.tryNext()
	if err != nil {
		r.Fatalf("the peer waits for a frame and gets: %v", err)
	}
	return h, p
}

func (r *rig) tryNext() (h frame.Header, payload []byte, err error) {
	var head []byte
	for err = frame.ErrShort; err == frame.ErrShort; {
		head = append(head, 0)
		if _, err := io.ReadFull(r.p, head[len(head)-1:]); err != nil {
			return h, nil, err
		}
		h, _, err = frame.ParseHeader(head)
	}
	if err != nil {
		return h, nil, err
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(r.p, payload); err != nil {
		return h, nil, err
	}
	if h.Masked != r.client {
		return h, nil, errors.New("the frame is masked by a server, or not by a client (RFC 6455 section 5.1)")
	}
	if h.Masked {
		frame.Mask(payload, h.Key, 0)
	}
	return h, payload, nil
}

// wantFrame compares the next frame that the connection sent.
func (r *rig) wantFrame(fin bool, op frame.Opcode, payload []byte) {
	r.Helper()
	h, p := r.next()
	if h.Fin != fin || h.Opcode != op || h.RSV1 || h.RSV2 || h.RSV3 || !bytes.Equal(p, payload) {
		r.Fatalf("the peer got %v fin=%v %s, want %v fin=%v %s", h.Opcode, h.Fin, brief(p), op, fin, brief(payload))
	}
}

// wantClose compares the next frame with a close frame; code 0 for an empty
// one.
func (r *rig) wantClose(code int, reason string) {
	r.Helper()
	r.wantFrame(true, frame.OpClose, closePayload(code, reason))
}

// wantEOF checks that the connection has sent nothing more and ended.
func (r *rig) wantEOF() {
	r.Helper()
	if n, err := r.p.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		r.Fatalf("the peer reads %d bytes, %v; want the end of the stream", n, err)
	}
}

// wantRead reads a message and compares it.
func (r *rig) wantRead(typ api.MessageType, want []byte) {
	r.Helper()
	gotTyp, p, err := r.c.ReadAppend(background, nil)
	if err != nil || gotTyp != typ || !bytes.Equal(p, want) {
		r.Fatalf("Read = %v, %s, %v; want %v, %s", gotTyp, brief(p), err, typ, brief(want))
	}
}

func (r *rig) write(typ api.MessageType, p []byte) {
	r.Helper()
	if err := r.c.Write(background, typ, p); err != nil {
		r.Fatalf("Write: %v", err)
	}
}
