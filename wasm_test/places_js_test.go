//go:build js && wasm

package wasmtest

import (
	"os"
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// serverURL returns the root URL of the test server that a native test has
// started.
func serverURL(t *testing.T) string {
	url := os.Getenv("WS_URL")
	if url == "" {
		t.Skip("WS_URL names no testserver: this runs from tests of the native build")
	}
	return url
}

// here returns the home that the program runs in, as WS_HOME names it: the
// differences of a home cannot be detected at run time.
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

// places returns the places of this program. Homes whose dials wait for each
// other have one, as has a Worker that the page of TestWorker started.
func places(t *testing.T) []place {
	url, h := serverURL(t), here(t)
	http2 := os.Getenv("WS_HTTP2") == "1"
	if http2 {
		connect(t, url)
	}
	backend := func(echo string) apitest.Backend {
		return apitest.Backend{URL: url, Echo: echo, Browser: true, Differs: h.differs, ExtendedConnect: http2, Dial: dial}
	}
	_, inPage := global("document")
	switch {
	case http2:
		return []place{{"home", backend("/echo")}}
	case h.differs.ParallelDials:
		return []place{{"home", backend("/echo")}, {"home_nhooyr", backend("/echo/nhooyr")}}
	case h.name != "": // dials of one place would delay those of another
		return []place{{"home", backend("/echo")}}
	case !inPage:
		return []place{{"worker", backend("/echo")}}
	}
	return []place{{"page", backend("/echo")}, {"page_nhooyr", backend("/echo/nhooyr")}}
}

// connect has the browser open an HTTP/2 connection to the server, which its
// WebSockets then use: they open none.
func connect(t *testing.T, url string) {
	done := make(chan struct{})
	then := js.FuncOf(func(js.Value, []js.Value) any {
		close(done)
		return nil
	})
	defer then.Release()
	how := map[string]any{"mode": "no-cors", "credentials": "include"}
	js.Global().Call("fetch", "https"+strings.TrimPrefix(url, "wss")+"/", how).Call("then", then, then)
	<-done
}
