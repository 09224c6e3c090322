//go:build !js

package wsnet

import "github.com/twinws/ws/api"

// unsupported is the code for a message of the wrong type (RFC 6455 section
// 7.4.1).
const unsupported = api.StatusUnsupportedData
