//go:build js && wasm

package wsnet

import "github.com/twinws/ws/api"

// unsupported is the code for a message of the wrong type: a page may not send
// 1003 (WHATWG WebSockets standard section 3.1, the close method, step 1).
const unsupported = api.StatusUnsupportedData + 3000
