//go:build !js

package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
	"github.com/twinws/ws/internal/variant"
)

func init() {
	variant.Accept, variant.Answer, variant.Dial = acceptVariant, answerVariant, dialVariant
}

// varied is the backend of a connection of an older draft (package legacy).
type varied struct {
	dialed
	version frame.Version
}

// hixie reports whether the draft has text messages alone.
func (v *varied) hixie() bool { return !v.version.Fragments() }

// lacks is the error of an operation that the draft does not have.
func (v *varied) lacks(what, section, remedy string) error {
	return fmt.Errorf("%s has no %s (section %s): %s: %w", v.version, what, section, remedy, errors.ErrUnsupported)
}

func (v *varied) lacksBinary() error {
	return v.lacks("binary messages", "4.2", "nothing was sent; encode the bytes as text")
}

func (v *varied) lacksPings() error {
	return v.lacks("pings", "4.2", "nothing was sent; have the program send a message that its peer answers")
}

func (v *varied) Write(ctx context.Context, typ MessageType, p []byte) error {
	if v.hixie() && typ == MessageBinary {
		return v.lacksBinary()
	}
	return v.dialed.Conn.Write(ctx, typ, p)
}

func (v *varied) Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error) {
	if v.hixie() && typ == MessageBinary {
		return nil, v.lacksBinary()
	}
	return v.dialed.Conn.Writer(ctx, typ)
}

func (v *varied) WritePrepared(ctx context.Context, m prepared) error {
	if v.hixie() && m.Type() == MessageBinary {
		return v.lacksBinary()
	}
	return v.dialed.Conn.WritePrepared(ctx, m)
}

func (v *varied) Ping(ctx context.Context) error {
	if v.hixie() {
		return v.lacksPings()
	}
	return v.dialed.Conn.Ping(ctx)
}

func (v *varied) PingPayload(ctx context.Context, p []byte) error {
	if v.hixie() {
		return v.lacksPings()
	}
	return v.dialed.Conn.PingPayload(ctx, p)
}

func (v *varied) Pong(ctx context.Context, p []byte) error {
	if v.hixie() {
		return v.lacksPings()
	}
	return v.dialed.Conn.Pong(ctx, p)
}

// CloseContext closes without a code where the draft has none, and says so.
func (v *varied) CloseContext(ctx context.Context, code StatusCode, reason string) error {
	if !v.hixie() || code == StatusNoStatusRcvd {
		return v.dialed.Conn.CloseContext(ctx, code, reason)
	}
	err := v.dialed.Conn.CloseContext(ctx, StatusNoStatusRcvd, "")
	if err == nil {
		err = v.lacks("close codes", "6", "the connection was closed without one; StatusNoStatusRcvd asks for that")
	}
	return err
}

// open joins nc, whose handshake is over, to the engine.
func (v *varied) open(nc net.Conn, held []byte, cfg *engine.Config, k *Keepalive, frames func(net.Conn, []byte) net.Conn) *Conn {
	cfg.Version = v.version
	if v.hixie() {
		k = &Keepalive{Idle: -1}
	}
	if frames == nil {
		initEngine(&v.dialed.Conn, nc, held, cfg, k)
	} else {
		initTranslated(&v.dialed.Conn, nc, nil, cfg, k, func(s net.Conn) net.Conn { return frames(s, held) })
	}
	v.conn.b = v
	return &v.conn
}

// variantTerms resolves the options of a server.
func variantTerms(opts any, secure bool, v *variant.Server) (*terms, error) {
	t := new(terms)
	err := opts.(*AcceptOptions).resolve(t, secure)
	t.Compression, t.policy.Drafts = nil, v.Drafts
	return t, err
}

// agreeVariant decides whether a request of a draft is accepted.
func (t *terms) agreeVariant(r *handshake.Request, v *variant.Server) (*handshake.Agreement, *HandshakeError) {
	a, refusal := v.Check(r, &t.policy)
	if refusal == nil {
		refusal = t.Group.refusal()
	}
	if refusal == nil && t.Check != nil {
		refusal = refusalBy("AcceptOptions.Check", t.Check(r))
	}
	return a, refusal
}

// respondVariant is respond for a draft.
func (t *terms) respondVariant(r *handshake.Request, a *handshake.Agreement, behind []byte, extra http.Header, v *variant.Server) ([]byte, error) {
	if extra == nil {
		extra = make(http.Header, len(t.Header))
	}
	for k, values := range t.Header {
		extra[k] = append(extra[k], values...)
	}
	cfg := &t.cfg
	cfg.Subprotocol, cfg.ReadLimit, cfg.NoGather = a.Subprotocol, t.ReadLimit, t.NoGather
	cfg.WriteTimeout = orDefault(t.WriteTimeout, defaultWriteTimeout)
	return v.Respond(nil, r, a, behind, t.policy.TLS, extra)
}

// open makes the connection.
func (t *terms) open(nc net.Conn, rest []byte, v *variant.Server) *Conn {
	b := &varied{version: v.Version}
	t.cfg.OnPing, t.cfg.OnPong = hook(&b.conn, t.OnPing), hook(&b.conn, t.OnPong)
	c := b.open(nc, rest, &t.cfg, t.Keepalive, v.Frames)
	t.Group.add(c)
	return c
}

// missing is the error of a request whose bytes behind the head do not come.
func missing(v *variant.Server, got int, err error) *HandshakeError {
	status := http.StatusBadRequest
	if errors.Is(err, os.ErrDeadlineExceeded) {
		status, err = http.StatusRequestTimeout, context.DeadlineExceeded
	}
	return &HandshakeError{Status: status, Problem: fmt.Sprintf("only %d of the %d bytes behind the head of a %v request came (section 5.1): "+
		"a proxy that does not know the draft drops them, or waits with them for the answer", got, v.Behind, v.Version), Cause: err}
}

// readBehind returns the bytes of a request behind its head, and those that
// follow. held have been read.
func readBehind(nc net.Conn, held []byte, most int) (behind, rest []byte, err error) {
	if len(held) < most {
		have := len(held)
		held = append(make([]byte, 0, most), held...)[:most]
		n, err := io.ReadFull(nc, held[have:])
		if err != nil {
			return held[:have+n], nil, err
		}
	}
	return held[:most], held[most:], nil
}

// acceptVariant is Accept for a request of a draft.
func acceptVariant(w http.ResponseWriter, r *http.Request, opts any, v *variant.Server) (api.Conn, error) {
	c, err := takeVariant(w, r, opts, v)
	if err != nil {
		return nil, wrap("accept", err)
	}
	return c, nil
}

func takeVariant(w http.ResponseWriter, r *http.Request, opts any, v *variant.Server) (*Conn, error) {
	t, err := variantTerms(opts, r.TLS != nil, v)
	if err != nil {
		writeRefusal(w, r, refusalOf(err))
		return nil, err
	}
	request := handshake.FromHTTP(r)
	agreement, refusal := t.agreeVariant(request, v)
	if refusal != nil {
		writeRefusal(w, r, refusal)
		return nil, refusal
	}
	limit := timeLimit(t.HandshakeTimeout)
	control := http.NewResponseController(w)
	deadline := limit
	if deadline.IsZero() {
		deadline = time.Now().Add(handOverWait)
	}
	if refusal := cannotHandOver(control.SetReadDeadline(deadline)); refusal != nil {
		writeRefusal(w, r, refusal)
		return nil, refusal
	}
	// Some clients announce the bytes behind the head as a body, which has to
	// be read before the connection is taken over.
	var behind []byte
	announced := v.Behind > 0 && r.ContentLength > 0
	if announced {
		behind = make([]byte, v.Behind)
		if n, err := io.ReadFull(r.Body, behind); err != nil {
			e := missing(v, n, err)
			writeRefusal(w, r, e)
			return nil, e
		}
	}
	extra := passedOn(w.Header())
	nc, rw, err := control.Hijack()
	if err != nil {
		e := &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("the server cannot take over connections\n"),
			Problem: "the ResponseWriter cannot be hijacked: serve HTTP/1.1, and give middleware's writers an Unwrap method", Cause: err}
		writeRefusal(w, r, e)
		return nil, e
	}
	buffered, err := rw.Reader.Peek(rw.Reader.Buffered())
	rest := append([]byte(nil), buffered...)
	if err == nil {
		nc = opening.WithDeadlines(nc)
		b := opening.Bounded(context.Background(), nc, limit)
		if !announced {
			behind, rest, err = t.waitBehind(nc, rest, v)
		}
		if err == nil {
			err = t.sendVariant(nc, request, agreement, behind, extra, v)
		}
		if late := b.Undo(); err == nil {
			err = late
		}
	}
	if err != nil {
		opening.Abort(nc)
		return nil, err
	}
	return t.open(nc, rest, v), nil
}

// waitBehind reads the bytes behind the head, and rejects a request without.
func (t *terms) waitBehind(nc net.Conn, held []byte, v *variant.Server) (behind, rest []byte, err error) {
	if v.Behind == 0 {
		return nil, held, nil
	}
	behind, rest, err = readBehind(nc, held, v.Behind)
	if err != nil {
		e := missing(v, len(behind), err)
		nc.SetDeadline(time.Time{})
		refuse(nc, e)
		return nil, nil, e
	}
	return behind, rest, nil
}

// sendVariant sends the response in one write: some clients take the end of the
// head for that of the handshake.
func (t *terms) sendVariant(nc net.Conn, r *handshake.Request, a *handshake.Agreement, behind []byte, extra http.Header, v *variant.Server) error {
	head, err := t.respondVariant(r, a, behind, extra, v)
	if err != nil {
		refuse(nc, refusalOf(err))
		return err
	}
	if _, err := nc.Write(head); err != nil {
		return &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	return nil
}

// answerVariant is PendingHandshake.Accept for a request of a draft.
func answerVariant(ctx context.Context, pending, opts any, v *variant.Server) (api.Conn, error) {
	const op = "upgrade"
	h := pending.(*PendingHandshake)
	nc := h.nc
	if nc == nil {
		return nil, wrap(op, errAnswered)
	}
	h.nc = nil
	c, err := h.answer(ctx, nc, opts, v)
	if err != nil {
		opening.Abort(nc)
		return nil, wrap(op, err)
	}
	return c, nil
}

func (h *PendingHandshake) answer(ctx context.Context, nc net.Conn, opts any, v *variant.Server) (*Conn, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	t, err := variantTerms(opts, h.secure, v)
	if err != nil {
		return nil, err
	}
	limit := timeLimit(t.HandshakeTimeout)
	b := opening.Bounded(ctx, nc, limit)
	rest, err := t.exchangeVariant(nc, h.Request, h.rest, v)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		return nil, outOfTime(ctx, limit, err)
	}
	return t.open(nc, rest, v), nil
}

// exchangeVariant responds to r. It returns the bytes that follow the request.
func (t *terms) exchangeVariant(nc net.Conn, r *handshake.Request, held []byte, v *variant.Server) (rest []byte, err error) {
	a, refusal := t.agreeVariant(r, v)
	if refusal != nil {
		refuse(nc, refusal)
		return nil, refusal
	}
	behind, rest, err := t.waitBehind(nc, held, v)
	if err == nil {
		err = t.sendVariant(nc, r, a, behind, nil, v)
	}
	return rest, err
}

// dialVariant is Dialer.Dial in a draft.
func dialVariant(ctx context.Context, url string, dialer any, v *variant.Client) (api.Conn, error) {
	const op = "dial"
	d := dialer.(*Dialer)
	if err := checkContext(ctx); err != nil {
		return nil, wrap(op, err)
	}
	o, err := d.DialOptions.resolve()
	if err != nil {
		return nil, wrap(op, err)
	}
	o.Compression = nil
	b, err := d.dialAs(ctx, url, o, v)
	if err != nil {
		return nil, wrap(op, err)
	}
	return own(b), nil
}

// shakeVariant is the part of shake after the head of the response.
func (a *attempt) shakeVariant(nc net.Conn, res *handshake.Response, held []byte) (subprotocol string, rest []byte, err error) {
	v := a.variant
	if res.Status != http.StatusSwitchingProtocols {
		subprotocol, err = v.Check(res, &a.req, nil)
		return subprotocol, held, err
	}
	a.connector.Enter(fmt.Sprintf("the %d bytes behind the head of the server's response", v.Behind))
	behind, rest, err := readBehind(nc, held, v.Behind)
	if err == nil {
		subprotocol, err = v.Check(res, &a.req, behind)
	}
	return subprotocol, rest, err
}
