package chrome_test

import (
	"bytes"
	"crypto/x509"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

var (
	browser *chrome.Browser
	secure  *httptest.Server
)

func TestMain(m *testing.M) {
	secure = httptest.NewTLSServer(chrome.Files(os.DirFS("testdata"), nil))
	code := chrome.Main(m, &browser, chrome.Options{
		Trust: []*x509.Certificate{secure.Certificate()},
		Hosts: []string{"*.test"},
	})
	secure.Close()
	os.Exit(code)
}

func TestClickTypeAndLook(t *testing.T) {
	tab := browser.Open(t, chrome.Serve(t, "testdata", nil)+"/index.html")
	tab.Type("#name", "Ada")
	tab.Click("#greet")
	tab.Wait(`document.title == "greeted"`)
	if got := chrome.Eval[string](tab, `said.textContent`); got != "Hello, Ada" {
		t.Errorf("the page says %q", got)
	}
	file := filepath.Join(t.TempDir(), "page.png")
	tab.Screenshot(file)
	p, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(p)); err != nil || c.Width < 100 || c.Height < 100 {
		t.Errorf("the screenshot is %v, %v", c, err)
	}
	if errs := tab.Errors(); len(errs) > 0 {
		t.Errorf("the console: %q", errs)
	}
}

// What is not there yet is waited for, and what is covered until it is free.
func TestClickWaits(t *testing.T) {
	tab := browser.Open(t, chrome.Serve(t, "testdata", nil)+"/index.html")
	tab.Do(`
		const cover = document.createElement("div");
		cover.style = "position: fixed; inset: 0";
		document.body.append(cover);
		greet.disabled = true;
		setTimeout(() => { greet.disabled = false; }, 50);
		setTimeout(() => cover.remove(), 100);`)
	tab.Click("#greet")
	tab.Wait(`said.textContent == "Hello, nobody"`)
}

func TestEval(t *testing.T) {
	tab := browser.Open(t, "about:blank")
	if got := chrome.Eval[int](tab, `Promise.resolve(6 * 7)`); got != 42 {
		t.Errorf("a promise gave %d", got)
	}
	if got := chrome.Eval[[]string](tab, `["a", "\u6c34"]`); !slices.Equal(got, []string{"a", "水"}) {
		t.Errorf("an array gave %q", got)
	}
	if got := chrome.Eval[*int](tab, `undefined`); got != nil {
		t.Errorf("undefined gave %d", *got)
	}
}

func TestTabsAreApart(t *testing.T) {
	url := chrome.Serve(t, "testdata", nil) + "/index.html"
	one, two := browser.Open(t, url), browser.Open(t, url)
	one.Type("#name", "one")
	two.Type("#name", "two")
	one.Click("#greet")
	two.Click("#greet")
	for _, p := range []struct {
		tab  *chrome.Tab
		want string
	}{{one, "Hello, one"}, {two, "Hello, two"}} {
		p.tab.Wait(`said.textContent == "` + p.want + `"`)
	}
	one.Close()
	if got := chrome.Eval[string](two, "said.textContent"); got != "Hello, two" {
		t.Errorf("after the other tab was closed: %q", got)
	}
}

func TestBackThroughTheCache(t *testing.T) {
	for _, c := range []struct {
		why   string
		page  http.Header
		after int
	}{
		{"HTML standard section 7.4.6.4: a page that may be kept comes back as it stood", nil, 107},
		{"RFC 9111 section 5.2.2.5: what must not be stored is loaded anew", http.Header{"Cache-Control": {"no-store"}}, 0},
	} {
		url := chrome.Serve(t, "testdata", c.page)
		tab := browser.Open(t, url+"/index.html")
		tab.Do("count = 7; self.socket = new WebSocket('ws://127.0.0.1:1')")
		tab.Goto(chrome.Serve(t, "testdata", nil) + "/other.html")
		restored, why := tab.Back()
		if restored != (c.page == nil) {
			t.Errorf("%s: restored is %v: %q", c.why, restored, why)
		}
		if got := chrome.Eval[int](tab, "count"); got != c.after {
			t.Errorf("%s: the counter is at %d, want %d", c.why, got, c.after)
		}
	}
}

func TestOffline(t *testing.T) {
	tab := browser.Open(t, chrome.Serve(t, "testdata", nil)+"/index.html")
	const state = `fetch("other.html", {cache: "no-store"}).then(r => navigator.onLine + " " + r.ok, e => navigator.onLine + " " + e.name)`
	for _, c := range []struct {
		off  bool
		want string
	}{{true, "false TypeError"}, {false, "true true"}} {
		tab.Offline(c.off)
		if got := chrome.Eval[string](tab, state); got != c.want {
			t.Errorf("offline %v: %q, want %q", c.off, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	policy := http.Header{"Content-Security-Policy": {"connect-src 'none'"}}
	tab := browser.Open(t, chrome.Serve(t, "testdata", policy)+"/index.html")
	for _, c := range []struct{ script, want string }{
		{`console.log("no error"); console.error("told", 5)`, "console.error: told 5"},
		{`console.assert(1 > 2, "wrong")`, "wrong"},
		{`setTimeout(() => { throw new RangeError("thrown"); })`, "RangeError: thrown"},
		{`new Image().src = "missing.png"`, "missing.png"},
		{`await fetch("other.html").catch(() => {})`, "Content Security Policy"},
	} {
		tab.Do(c.script)
		tab.WaitError(c.want)
	}
	tab.Do(`console.error("one"); console.error("two"); console.error("three")`)
	tab.WaitError("two")
	tab.WaitError("three")
	if errs := tab.Errors(); len(errs) > 0 {
		t.Errorf("left are %q", errs)
	}
}

func TestServeTellsTypesAndHeader(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"main.wasm", "main.js", "index.html"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := chrome.Serve(t, dir, http.Header{"Content-Security-Policy": {"default-src 'self'"}})
	for path, want := range map[string]string{"/": "text/html", "/main.wasm": "application/wasm", "/main.js": "text/javascript"} {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, want) || r.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %v", path, r.Header)
		}
	}
}

func TestTrustAndHosts(t *testing.T) {
	_, port, _ := strings.Cut(secure.Listener.Addr().String(), ":")
	tab := browser.Open(t, "https://page.test:"+port+"/index.html")
	if got := chrome.Eval[string](tab, `isSecureContext + " " + location.hostname + " " + document.title`); got != "true page.test start" {
		t.Errorf("got %q", got)
	}
}
