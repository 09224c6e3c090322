//go:build !js

package wasmtest

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api/apitest"
	_ "github.com/twinws/ws/xconnect" // the server announces extended CONNECT
)

// overHTTP2 are the homes that open WebSockets over an HTTP/2 connection which
// the page has (RFC 8441).
var overHTTP2 = []string{"chromium-window", "firefox-window"}

// TestHomesHTTP2 runs the suite in browsers over HTTP/2: the page asks the
// server for something first, which opens the connection.
func TestHomesHTTP2(t *testing.T) {
	if os.Getenv("WS_NO_HOMES") == "1" {
		t.Log("left out, as WS_NO_HOMES=1 asks: the tests in browsers over HTTP/2")
		return
	}
	runner, err := findHomes()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range overHTTP2 {
		t.Run(name, func(t *testing.T) {
			h := newServer(t)
			var versions [4]atomic.Int64
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ws.IsUpgrade(r) {
					versions[r.ProtoMajor].Add(1)
				}
				h.ServeHTTP(w, r)
			}))
			s.EnableHTTP2 = true
			ws.ConfigureHTTP2(s.Config)
			s.StartTLS()
			defer s.Close()
			cert := filepath.Join(t.TempDir(), "cert.pem")
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
			if err := os.WriteFile(cert, text, 0o600); err != nil {
				t.Fatal(err)
			}
			results, output := runProgram(t, "^TestConformance$",
				[]string{"WS_URL=" + wsURL(s), "WS_HOME=" + name, "WS_HTTP2=1", "WS_TRUST=" + cert}, runner, "run", name)
			results.want(t, "TestConformance/home", apitest.Names())
			one, two := versions[1].Load(), versions[2].Load()
			t.Logf("%d handshakes over HTTP/1.1, %d over HTTP/2", one, two)
			if one > two/20 { // while the browser has no connection, as after one was lost
				t.Errorf("%d handshakes came over HTTP/1.1, and %d over HTTP/2", one, two)
			}
			if t.Failed() {
				t.Logf("the output:\n%s", output)
			}
		})
	}
}
