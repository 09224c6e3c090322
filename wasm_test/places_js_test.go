//go:build js && wasm

package wasmtest

import (
	"os"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// serverURL is the testserver's root, which TestBrowser or TestHomes has
// started.
func serverURL(t *testing.T) string {
	url := os.Getenv("WS_URL")
	if url == "" {
		t.Skip("WS_URL names no testserver: this runs from tests of the native build")
	}
	return url
}

// here is the home that the program runs in, by the one who has started it:
// what it differs in cannot be asked of it.
func here(t *testing.T) home {
	h, ok := homeNamed(os.Getenv("WS_HOME"))
	if !ok && os.Getenv("WS_HOME") != "" {
		t.Fatalf("there is no home %q", os.Getenv("WS_HOME"))
	}
	return h
}

// global returns a global object, and whether there is one of that name.
func global(name string) (v js.Value, ok bool) {
	v = js.Global().Get(name)
	return v, v.Truthy()
}

// places are those that this program reaches: a Worker that a page of it has
// started, and homes that others have, are one each.
func places(t *testing.T) []place {
	url, h := serverURL(t), here(t)
	backend := func(echo string) apitest.Backend {
		return apitest.Backend{URL: url, Echo: echo, Browser: true, Differs: h.differs, Dial: dial}
	}
	_, inPage := global("document")
	switch {
	case h.differs.ParallelDials:
		return []place{{"home", backend("/echo")}, {"home_nhooyr", backend("/echo/nhooyr")}}
	case h.name != "": // where one place would hold up the dials of another
		return []place{{"home", backend("/echo")}}
	case !inPage:
		return []place{{"worker", backend("/echo")}}
	}
	return []place{{"page", backend("/echo")}, {"page_nhooyr", backend("/echo/nhooyr")}}
}
