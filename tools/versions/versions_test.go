package versions

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// homes is the path of the command tools/homes.
var homes string

func TestMain(m *testing.M) {
	if os.Getenv("WS_NO_BROWSER") == "1" {
		fmt.Println("WS_NO_BROWSER=1: the tests of this package, which need browsers, were NOT run")
		return
	}
	dir, err := os.MkdirTemp("", "versions")
	if err == nil {
		homes = filepath.Join(dir, "homes")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", homes, "../homes").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
	}
	code := 1
	if err != nil {
		fmt.Println("FAIL:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// others tells whether browsers other than Chromium are to be run.
func others(t *testing.T) bool {
	if os.Getenv("WS_NO_HOMES") == "1" {
		t.Log("WS_NO_HOMES=1: NOT run")
		return false
	}
	return true
}

// shared checks that all WebSockets have echoed, and came by the page's own
// connection.
func (s *site) shared(t *testing.T, got report, count int, version string) {
	t.Helper()
	page, conns := s.seen()
	if got.Echoed != count || got.Failed != 0 {
		t.Errorf("%+v, want %d echoes", got, count)
	}
	if len(conns) != 1 || conns[page] != count || !strings.HasPrefix(page, version+" ") {
		t.Errorf("the page came by %s, the WebSockets by %v; want all by the page's connection", page, conns)
	}
}

// apart checks that all WebSockets have echoed, each by a connection of its own
// over HTTP/1.1, though the page came by another version.
func (s *site) apart(t *testing.T, got report, count int, version string) {
	t.Helper()
	page, conns := s.seen()
	if got.Echoed != count || got.Failed != 0 || !strings.HasPrefix(page, version+" ") {
		t.Errorf("%+v, want %d echoes in a page that came by %s", got, count, page)
	}
	for from, n := range conns {
		if n != 1 || !strings.HasPrefix(from, "HTTP/1.1 ") {
			t.Errorf("%d WebSockets by %s, want one by HTTP/1.1", n, from)
		}
	}
}

// Chromium opens a page's WebSockets over the page's connection of HTTP/2 (RFC
// 8441), up to its limit of 255 at a time.
func TestChromiumHTTP2(t *testing.T) {
	s := newSite(t)
	s.shared(t, s.opens(t, "chromium", 255, ""), 255, "HTTP/2.0")
}

// So does Firefox, up to its limit of 200 at a time: further ones fail.
func TestFirefoxHTTP2(t *testing.T) {
	if !others(t) {
		return
	}
	s := newSite(t)
	s.shared(t, s.opens(t, "firefox", 200, ""), 200, "HTTP/2.0")
}

// WebKitGTK opens WebSockets over HTTP/1.1, whatever the server announces.
func TestWebKitHTTP2(t *testing.T) {
	if !others(t) {
		return
	}
	s := newSite(t)
	s.apart(t, s.opens(t, "webkit", 5, ""), 5, "HTTP/2.0")
}

// Chromium opens WebSockets over HTTP/3 (RFC 9220) only if a flag asks for it,
// and otherwise over HTTP/1.1 though the page came by HTTP/3.
func TestChromiumHTTP3(t *testing.T) {
	for _, on := range []bool{false, true} {
		t.Run(fmt.Sprint(on), func(t *testing.T) {
			s := newSite(t)
			s.serveHTTP3(t)
			flags := "--enable-quic --origin-to-force-quic-on=" + s.Listener.Addr().String()
			if on {
				flags += " --enable-features=EnableWebsocketsOverHttp3"
				s.shared(t, s.opens(t, "chromium", 255, flags), 255, "HTTP/3.0")
			} else {
				s.apart(t, s.opens(t, "chromium", 5, flags), 5, "HTTP/3.0")
			}
		})
	}
}

// serveHTTP3 serves the site over HTTP/3 too, on the same port.
func (s *site) serveHTTP3(t *testing.T) {
	pc, err := net.ListenPacket("udp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	over3 := &http3.Server{
		Handler:    http.HandlerFunc(s.Config.Handler.ServeHTTP),
		TLSConfig:  http3.ConfigureTLSConfig(&tls.Config{Certificates: s.TLS.Certificates}),
		QUICConfig: &quic.Config{MaxIncomingStreams: 1000},
	}
	go over3.Serve(pc)
	t.Cleanup(func() { over3.Close(); pc.Close() })
}
