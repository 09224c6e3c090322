package apitest

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/twinws/ws/api"
)

// Draft is what a version of the protocol before RFC 6455 lacks. The zero value
// is RFC 6455. Each lack is asserted: what does not exist returns an error that
// matches errors.ErrUnsupported and names the draft.
type Draft struct {
	// Name is the draft's: "hixie-76".
	Name string
	// TextOnly: there are neither binary messages nor fragments, pings and
	// close codes (draft-hixie-thewebsocketprotocol-76 and -75 section 4.2).
	TextOnly bool
	// NoCloseFrame: closing is ending the stream, which nobody can tell from
	// losing it (draft-hixie-thewebsocketprotocol-75 section 6).
	NoCloseFrame bool
	// Signals are, for the codes of RFC 6455 that the draft lacks, those that
	// the library itself sends instead. A program cannot send the former
	// (draft-ietf-hybi-thewebsocketprotocol-07 and -10 section 7.4).
	Signals map[api.StatusCode]api.StatusCode
}

// pings reports whether this home and version can send a ping.
func (b *Backend) pings() bool { return !b.Browser && !b.Draft.TextOnly }

// binary is the type for bytes of any kind.
func (b *Backend) binary() api.MessageType {
	if b.Draft.TextOnly {
		return api.MessageText
	}
	return api.MessageBinary
}

// types are the types of messages that there are.
func (b *Backend) types() []api.MessageType {
	if b.Draft.TextOnly {
		return []api.MessageType{api.MessageText}
	}
	return []api.MessageType{api.MessageText, api.MessageBinary}
}

// pattern returns n bytes for a message of type binary that repeat nowhere, the
// same for the same seed.
func (b *Backend) pattern(n int, seed byte) []byte {
	p := pattern(n, seed)
	if b.Draft.TextOnly {
		for i := range p {
			p[i] = ' ' + p[i]%95
		}
	}
	return p
}

// sendable reports whether a program can send code here.
func (b *Backend) sendable(code api.StatusCode) bool {
	_, lacks := b.Draft.Signals[code]
	return !lacks && (!b.Browser || code.Portable() || code == api.StatusNoStatusRcvd)
}

// told is what a peer is told by a close with code and reason.
func (b *Backend) told(code api.StatusCode, reason string) (api.StatusCode, string) {
	switch {
	case !b.Draft.TextOnly || code == api.StatusAbnormalClosure:
		return code, reason
	case b.Draft.NoCloseFrame:
		return api.StatusAbnormalClosure, ""
	}
	return api.StatusNoStatusRcvd, ""
}

// close is c.Close, which says in some drafts that it left out the code.
func (t *trial) close(c api.Conn, code api.StatusCode, reason string) error {
	t.Helper()
	return t.codeless(code, c.Close(code, reason))
}

// codeless checks the result of a Close with code, and returns it as if code
// could be sent.
func (t *trial) codeless(code api.StatusCode, err error) error {
	t.Helper()
	if !t.Draft.TextOnly || code == api.StatusNoStatusRcvd {
		return err
	}
	if err == nil {
		t.Errorf("Close with %v returned nil, though %s has no codes", code, t.Draft.Name)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		t.wantLack("Close", err)
		return nil
	}
	return err
}

// wantLack checks the error of what the draft lacks.
func (t *trial) wantLack(what string, err error) {
	t.Helper()
	t.wantIs(what, err, errors.ErrUnsupported)
	if err != nil && (!strings.Contains(err.Error(), t.Draft.Name) || !strings.Contains(err.Error(), "section")) {
		t.Errorf("%s: %v, which does not name %s and the section", what, err, t.Draft.Name)
	}
}

// raw is the path of the endpoint that sends bytes, in hexadecimal: those of
// RFC 6455 or, for a version that has text only, the other ones.
func (t *trial) raw(frames, textOnly string) string {
	if t.Draft.TextOnly {
		frames = textOnly
	}
	return "/raw?" + frames
}

// text is s as a message of a version that has text only, in hexadecimal.
func text(s string) string { return "00" + hex.EncodeToString([]byte(s)) + "ff" }
