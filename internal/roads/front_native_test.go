//go:build !js

package roads

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// patience bounds the tests of one proxy, most of which take a few seconds.
const patience = 4 * time.Minute

// brief is the time-out, in seconds, of a proxy whose time-outs are tested.
const brief = "5"

// front is a reverse proxy, and what it does to connections.
type front struct {
	name    string
	program *program // nil for Go's, which runs in this process
	http2   bool     // the client speaks HTTP/2 to it,
	back2   bool     // and it to the server

	// defaultIdle is the proxy's time-out for a silent connection, in seconds,
	// as Debian's configuration has it; "" if it has none for connections that
	// are WebSockets.
	defaultIdle string

	// cut is what the client sees of that time-out.
	cut end

	// needsClient says that only what the client sends keeps a connection open.
	needsClient bool

	// reload is what the client sees of a new configuration while it is
	// connected, any of these; nil if it stays connected.
	reload []end
}

var fronts = []front{
	{name: "nginx", program: &nginx, defaultIdle: "60", cut: lost},
	{name: "haproxy", program: &haproxy, defaultIdle: "50", cut: lost},
	{name: "apache", program: &apache, defaultIdle: "300", cut: lost},
	{name: "lighttpd", program: &lighttpd, defaultIdle: "60", cut: lost, needsClient: true},
	// Caddy 2.6.2 sends a close frame to both sides. The server's is not
	// masked, and what the server says of that may reach the client first.
	{name: "caddy", program: &caddy, reload: []end{{code: 1001}, {code: 1002, reason: "RFC 6455 section 5.1: a client must mask every frame"}}},
	{name: "haproxy, HTTP/2", program: &haproxy2, http2: true, back2: true, defaultIdle: "50", cut: lost},
	{name: "nghttpx, HTTP/2", program: &nghttpx, http2: true, defaultIdle: "60", cut: lost},
	{name: "go"},
}

// TestFront: everything that works without a proxy works behind one.
func TestFront(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			if f.program != nil {
				f.program.require(t)
			}
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			app := newBackend(t, "old")
			s := f.serve(ctx, t, app, settings{idle: "60"})
			t.Run("messages", func(t *testing.T) { testMessages(ctx, t, s) })
			t.Run("handshake", func(t *testing.T) { testHandshake(ctx, t, s) })
			t.Run("versions", func(t *testing.T) { testVersions(ctx, t, f, s, app) })
			t.Run("origins", func(t *testing.T) { testOrigins(ctx, t, s) })
			t.Run("closes", func(t *testing.T) { testCloses(ctx, t, s, app) })
			t.Run("thousand", func(t *testing.T) { testThousand(ctx, t, s) })
			t.Run("reload", func(t *testing.T) { testReload(ctx, t, f, s) })
		})
	}
}

// TestFrontIdle has the proxies' time-outs shortened to seconds.
func TestFrontIdle(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			if f.program != nil {
				f.program.require(t)
			}
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			app := newBackend(t, "app")
			testIdle(ctx, t, f, f.serve(ctx, t, app, settings{idle: brief}), app)
		})
	}
}

// TestFrontBoundedReload has the proxies end old connections.
func TestFrontBoundedReload(t *testing.T) {
	for _, f := range fronts {
		if f.program == nil || f.program.bound == "" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			f.program.require(t)
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			app := newBackend(t, "app")
			testBoundedReload(ctx, t, f.serve(ctx, t, app, settings{idle: "60", bounded: true}))
		})
	}
}

// require ends the test if the program is missing, or not wanted.
func (p *program) require(t *testing.T) {
	t.Helper()
	if os.Getenv("WS_NO_ROADS") == "1" {
		t.Skip("left out, as WS_NO_ROADS=1 asks")
	}
	if _, err := exec.LookPath(p.path()); err != nil {
		t.Fatalf("%v (Debian: apt-get install %s); make prepare installs it on Debian, and WS_NO_ROADS=1 leaves these tests out", err, p.debian)
	}
}
