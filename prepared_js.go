//go:build js && wasm

package ws

import (
	"unicode/utf8"

	"github.com/twinws/ws/internal/browser"
	"github.com/twinws/ws/internal/event"
	"github.com/twinws/ws/internal/jsws"
)

// prepared is a prepared message of the js build.
type prepared = event.Prepared

func prepare(typ MessageType, p []byte) (prepared, error) {
	m, err := jsws.Prepare(typ, p)
	if err != nil {
		return nil, err
	}
	return m, nil
}

var (
	_ prepares         = (*browser.Conn)(nil)
	_ browser.Preparer = (*jsws.Socket)(nil)
)

// validText checks outgoing text in the fastest way of the js build.
func validText(p []byte) bool { return utf8.Valid(p) }
