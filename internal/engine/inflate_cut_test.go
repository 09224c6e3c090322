package engine

import (
	"bytes"
	"errors"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestInflateCutByClose ends a compressed text message that is not UTF-8 with a
// close frame before its last fragment (RFC 6455 section 5.5.1). The inflater
// may have seen the close frame before it gives out the bad text, or after:
// what goes to the peer and what Read returns tell the same end.
func TestInflateCutByClose(t *testing.T) {
	// A fuzzer found it.
	payload := []byte{0x4a, 0x54, 0xc8, 0xc9, 0xcf, 0x7a, 0x21, 0x28, 0xa0, 0xad, 0x28, 0xd1, 0x51, 0x18, 0xe5, 0x0c, 0x10, 0x07, 0x00, 0x00}
	for cut := range len(payload) + 1 {
		for _, way := range fetches {
			bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
				r.send(r.zipped(false, frame.OpText, payload[:cut]), r.close(0, ""))
				wait := start(func() error {
					_, err := way.f(r.c, background, new(bytes.Buffer))
					return err
				})
				_, sent := r.next()
				r.p.finish()
				err := wait()
				p, broken := errors.AsType[*api.ProtocolError](err)
				c, closed := errors.AsType[*api.CloseError](err)
				switch {
				case broken && !closed && p.Code == 1007 && bytes.HasPrefix(sent, []byte{1007 >> 8, 1007 & 255}):
				case closed && !broken && c.Code == 1005 && c.Clean && c.Cause == nil && len(sent) == 0:
				default:
					r.Fatalf("%s, %d bytes: sent a close frame with %x, and returned %#v", way.name, cut, sent, err)
				}
			})
		}
	}
}
