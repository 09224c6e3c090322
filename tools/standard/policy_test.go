package standard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/tools/chrome"
)

// everywhere are the places of a page that the library runs in.
var everywhere = []string{"twin", "inWorker()"}

// The library works where eval is forbidden, which this makes sure it is.
func TestStrictContentSecurityPolicy(t *testing.T) {
	tab := open(t, page(plain, "/strict/"))
	for _, twin := range everywhere {
		wantEcho(t, tab, twin, "/echo")
	}
	if errs := tab.Errors(); len(errs) > 0 {
		t.Errorf("the console: %q", errs)
	}
	for policy, want := range map[string]string{"/strict/": "EvalError", "/page/": ""} {
		tab := open(t, page(plain, policy))
		if got := chrome.Eval[string](tab, "evalError"); got != want {
			t.Errorf("%s: eval in the page throws %q, want %q", policy, got, want)
		}
		if got := told(tab, "inWorker().evalError()"); got.Value != want {
			t.Errorf("%s: eval in a Worker throws %q, want %q", policy, got.Value, want)
		}
	}
}

// CSP level 3 section 6.1.2. Chromium fires error alone, and never close.
func TestConnectSrcViolation(t *testing.T) {
	tab := open(t, page(plain, "/denied/"))
	for _, twin := range everywhere {
		wantRefused(t, tab, twin, wsURL(secure)+"/echo", "connect-src")
		tab.WaitError("Content Security Policy")
		wantEcho(t, tab, twin, wsURL(plain)+"/echo") // 'self'
	}
}

// Mixed Content section 4: a page that came over https has no use of ws.
func TestMixedContent(t *testing.T) {
	tab := open(t, named(page(secure, "/page/"), "page.test"))
	for _, twin := range everywhere {
		wantRefused(t, tab, twin, named(wsURL(plain), "echo.test")+"/echo", "")
		wantEcho(t, tab, twin, named(wsURL(secure), "echo.test")+"/echo")
	}
}

// wss and https mean TLS, and so does a relative URL of a page that came over
// it.
func TestSecure(t *testing.T) {
	tab := open(t, named(page(secure, "/page/"), "page.test"))
	if !chrome.Eval[bool](tab, "isSecureContext") {
		t.Error("it is no secure context")
	}
	for _, twin := range everywhere {
		for _, url := range []string{wsURL(secure) + "/echo", secure.URL + "/echo", "/echo"} {
			wantEcho(t, tab, twin, url)
		}
	}
}

// A page that came over http from elsewhere is no secure context, and has a
// WebSocket all the same.
func TestInsecureContext(t *testing.T) {
	tab := open(t, named(page(plain, "/page/"), "page.test"))
	if chrome.Eval[bool](tab, "isSecureContext") {
		t.Error("it is a secure context")
	}
	for _, twin := range everywhere {
		wantEcho(t, tab, twin, "/echo")
		wantEcho(t, tab, twin, wsURL(secure)+"/echo")
	}
}

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // tells that the browser does not trust it
	s.StartTLS()
	defer s.Close()
	tab := open(t, page(plain, "/page/"))
	for _, twin := range everywhere {
		wantRefused(t, tab, twin, wsURL(s)+"/echo", "")
	}
	tab.WaitError("ERR_CERT_AUTHORITY_INVALID")
}

// selfSigned is a certificate that nobody vouches for.
func selfSigned(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"127.0.0.1"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Section 3.1, the constructor's first step: the base URL is that of the page,
// or of the Worker's script.
func TestRelativeURL(t *testing.T) {
	tab := open(t, page(plain, "/page/"))
	for _, twin := range everywhere {
		for _, url := range []string{"/echo", "../echo", "./../page/../echo", strings.TrimPrefix(plain.URL, "http:") + "/echo"} {
			wantEcho(t, tab, twin, url)
		}
		for _, url := range []string{"", "?query", "echo"} { // of the page itself, which is no endpoint
			wantRefused(t, tab, twin, url, "")
		}
	}
}
