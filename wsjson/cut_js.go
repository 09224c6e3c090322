//go:build js && wasm

package wsjson

import (
	"context"

	"github.com/twinws/ws/api"
)

// cut does nothing: a browser has sent nothing yet of a message whose stream is
// open, and forgets it when the stream's context ends.
func cut(context.Context, api.Conn) (ended bool) { return false }
