// Package chrome drives a headless Chrome in tests, over the DevTools protocol.
// One browser serves all tests of a package; each test opens tabs of its own:
//
//	var browser *chrome.Browser
//
//	func TestMain(m *testing.M) {
//		os.Exit(chrome.Main(m, &browser, chrome.Options{}))
//	}
//
//	func TestGreeting(t *testing.T) {
//		url := chrome.Serve(t, "testdata", http.Header{"Cache-Control": {"no-store"}})
//		tab := browser.Open(t, url+"/index.html")
//		tab.Type("#name", "Ada")
//		tab.Click("#greet")
//		tab.Wait(`document.title == "greeted"`)
//		if got := chrome.Eval[string](tab, `document.body.innerText`); got != "Hello, Ada" {
//			t.Errorf("the page says %q", got)
//		}
//		tab.Screenshot("greeting.png")
//		if errs := tab.Errors(); len(errs) > 0 {
//			t.Errorf("the console: %q", errs)
//		}
//	}
//
// A tab's methods end the test when they fail, and when they take longer than
// [Patience]; call them from the test's own goroutine. Nothing sleeps: Wait
// asks the page until its condition holds.
//
// With WS_NO_BROWSER=1 in the environment Main runs no test, and says so.
package chrome

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience bounds every step of a tab; a busy machine is slow.
const Patience = time.Minute

// startTime bounds the start of a browser, for which chromedp has 20 s.
const startTime = 3 * time.Minute

// Options are what a Browser can be started with.
type Options struct {
	// Trust are certificates that the browser accepts, whoever signed them and
	// for whatever name.
	Trust []*x509.Certificate
	// Hosts are names that stand for 127.0.0.1, "*.test" for example.
	Hosts []string
}

// Browser is a running Chrome.
type Browser struct {
	ctx  context.Context // of the browser, in which tabs are made
	stop context.CancelFunc
}

// Main starts a browser for the tests of a package, sets *b to it, runs them
// and ends the browser. It returns the exit code: 1 when there is no browser.
func Main(m *testing.M, b **Browser, o Options) (code int) {
	if os.Getenv("WS_NO_BROWSER") == "1" {
		fmt.Println("WS_NO_BROWSER=1: the tests of this package, which need a browser, were NOT run")
		return 0
	}
	var err error
	if *b, err = Start(o); err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	defer (*b).Close()
	return m.Run()
}

// Start starts a browser, which is to be ended with Close.
func Start(o Options) (*Browser, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WSURLReadTimeout(startTime))
	if len(o.Trust) > 0 {
		flags = append(flags, chromedp.Flag("ignore-certificate-errors-spki-list", fingerprints(o.Trust)))
	}
	var rules []string
	for _, h := range o.Hosts {
		rules = append(rules, "MAP "+h+" 127.0.0.1")
	}
	if rules != nil {
		flags = append(flags, chromedp.Flag("host-resolver-rules", strings.Join(rules, ",")))
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), flags...) // adds --no-sandbox for root
	ctx, _ = chromedp.NewContext(ctx)
	b := &Browser{ctx: ctx, stop: end}
	if err := chromedp.Run(ctx); err != nil {
		end()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return b, nil
}

// Close ends the browser with all its tabs and removes its profile.
func (b *Browser) Close() {
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	if chromedp.Cancel(ctx) != nil {
		b.stop() // kills it
	}
}

// Find returns the path of the Chrome or Chromium to use: the first of the
// names that wasmbrowsertest would look for.
func Find() (string, error) {
	for _, name := range []string{
		"headless_shell", "headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"google-chrome-beta", "google-chrome-unstable", "/usr/bin/google-chrome", "/usr/local/bin/chrome",
		"/snap/bin/chromium", "chrome", "chrome.exe",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium or Chrome is on the PATH: install one (Debian: apt-get install chromium); " +
		"or set WS_NO_BROWSER=1 to leave the browser's tests out")
}

// fingerprints are the hashes of the certificates' public keys, as Chrome's
// flag wants them.
func fingerprints(certs []*x509.Certificate) string {
	var all []string
	for _, c := range certs {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		all = append(all, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return strings.Join(all, ",")
}
