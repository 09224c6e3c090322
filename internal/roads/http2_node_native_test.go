//go:build !js

package roads

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// Node's http2 is a client that shares no code with ours. What it saw of the
// server is printed by testdata/node/http2-client.mjs.
func TestNodeDials(t *testing.T) {
	if os.Getenv("WS_NO_ROADS") == "1" {
		t.Skip("left out, as WS_NO_ROADS=1 asks")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v (Debian: apt-get install nodejs); WS_NO_ROADS=1 leaves this test out", err)
	}
	app := newBackend(t, "app")
	s := httptest.NewUnstartedServer(app.root)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
	ws.ConfigureHTTP2(s.Config)
	s.StartTLS()
	t.Cleanup(s.Close)
	dir := t.TempDir()
	writeCertificate(t, dir)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, node, filepath.Join("testdata", "node", "http2-client.mjs"), s.URL, filepath.Join(dir, "cert.pem")).CombinedOutput()
	want := strings.Join([]string{
		"status 200 subprotocol chat accept undefined",
		"echoed",
		"echoed on 99 more",
		"close 8 4002 then null",
		"closed with 4001 enough",
		"refused 409 because",
		"",
	}, "\n")
	if err != nil || string(out) != want {
		t.Errorf("%v; Node said\n%s\nwant\n%s", err, out, want)
	}
	if major, _ := app.majors.Load("/echo"); major != 2 {
		t.Errorf("the server was asked by HTTP/%v", major)
	}
}
