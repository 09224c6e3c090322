//go:build js && wasm

package wasmtest

import (
	"os"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// serverURL is the testserver's root, which TestBrowser has started.
func serverURL(t *testing.T) string {
	url := os.Getenv("WS_URL")
	if url == "" {
		t.Skip("WS_URL names no testserver: this runs from TestBrowser of the native build")
	}
	return url
}

// inNode reports whether this is Node.js.
func inNode() bool { return !js.Global().Get("process").Get("versions").IsUndefined() }

// inWorker reports whether this is a Web Worker, which has no document.
func inWorker() bool { return !inNode() && js.Global().Get("document").IsUndefined() }

// places are those that this page, or this Worker, reaches.
func places(t *testing.T) []place {
	url := serverURL(t)
	backend := func(echo string) apitest.Backend {
		return apitest.Backend{URL: url, Echo: echo, Browser: true, Node: inNode(), Dial: dial}
	}
	switch {
	case inNode():
		return []place{{"node", backend("/echo")}, {"node_nhooyr", backend("/echo/nhooyr")}}
	case inWorker():
		return []place{{"worker", backend("/echo")}}
	}
	return []place{{"page", backend("/echo")}, {"page_nhooyr", backend("/echo/nhooyr")}}
}
