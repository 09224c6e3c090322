//go:build !js

package wsjson

import (
	"context"

	"github.com/twinws/ws/api"
)

// cut ends a connection on which a part of a message has been sent. Close
// frames do not wait for the rest of a message (RFC 6455 section 5.4).
func cut(ctx context.Context, c api.Conn) (ended bool) {
	c.CloseContext(ctx, api.StatusInternalError, "the rest of the message cannot be sent")
	return true
}
