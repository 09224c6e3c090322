package policy

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// denied are packages that a page must not load with the library. A path that
// ends in /... stands for everything below it as well. Sizes are what a program
// grows by, compressed with brotli.
var denied = []struct{ path, why string }{
	{"net", "108 kB: a page has no sockets; a net.Conn is a package of its own"},
	{"net/http/...", "576 kB for a mere http.Header: it brings TLS and all of its cryptography"},
	{"net/url", "24 kB over fmt: the browser parses URLs by itself"},
	{"net/netip", "no addresses in a page"},
	{"crypto/...", "340 kB of curves: the browser does TLS, masks, and the handshake's hash"},
	{"compress/...", "90 kB: the browser inflates by itself"},
	{"github.com/klauspost/compress/...", "the browser inflates by itself"},
	{"math/big", "140 kB, and a sign of cryptography"},
	{"bufio", "the browser hands over whole messages"},
	{"log/slog", "270 kB: a library returns errors, and logs nothing"},
	{"encoding/json", "200 kB: messages are bytes"},
	{"text/template/...", "a library for sockets prints nothing"},
	{"testing/...", "belongs to tests"},
	{module + "/frame", "the browser speaks RFC 6455 section 5 by itself"},
	{module + "/handshake", "the browser speaks RFC 6455 section 4 by itself"},
	{module + "/internal/engine", "the native home's"},
	{module + "/internal/deflate", "the native home's"},
	{"nhooyr.io/websocket/...", "belongs to tests"},
}

// denial returns why path is denied, "" when it is not.
func denial(path string) string {
	for _, d := range denied {
		if matches(d.path, path) {
			return d.why
		}
	}
	return ""
}

// matches reports whether path is pattern, or below it when that ends in /...
func matches(pattern, path string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	return path == tree || ok && strings.HasPrefix(path, tree+"/")
}

// What a page loads is paid for by every visitor. A package that is denied is
// what some packages are for.
func TestImportsOfThePage(t *testing.T) {
	for pkg, granted := range map[string][]string{".": nil, "wsjson": {"encoding/json"}} {
		deps := goList(t, js, "-deps", "./"+pkg)
		imports := map[string][]string{}
		for _, p := range deps {
			imports[p.ImportPath] = p.Imports
		}
		for _, p := range deps {
			if why := denial(p.ImportPath); why != "" && !slices.Contains(granted, p.ImportPath) {
				t.Errorf("the js build of %s imports %s: %s\n\t%s", pkg, p.ImportPath, why,
					strings.Join(chain(imports, path.Join(module, pkg), p.ImportPath), "\n\timports "))
			}
		}
	}
}

// A net.Conn is of package net, which itself imports net/netip. Everything else
// that is denied to the library is denied to wsnet as well.
func TestImportsOfWsnetInThePage(t *testing.T) {
	netItself := map[string]bool{}
	for _, p := range goList(t, js, "-deps", "net") {
		netItself[p.ImportPath] = true
	}
	for _, p := range goList(t, js, "-deps", "./wsnet") {
		if why := denial(p.ImportPath); why != "" && !netItself[p.ImportPath] {
			t.Errorf("the js build of wsnet imports %s: %s", p.ImportPath, why)
		}
	}
}

// chain is the shortest way from one package to another through imports.
func chain(imports map[string][]string, from, to string) []string {
	came := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range imports[queue[0]] {
			if _, seen := came[next]; !seen {
				came[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	var way []string
	for p := to; p != ""; p = came[p] {
		way = append([]string{p}, way...)
	}
	return way
}

func TestDenial(t *testing.T) {
	for _, tt := range []struct {
		path   string
		denied bool
	}{
		{"net", true}, {"net/http", true}, {"net/http/httptrace", true}, {"crypto/sha1", true}, {"crypto", true},
		{"network", false}, {"cryptography", false}, {"context", false}, {"syscall/js", false},
		{module + "/frame", true}, {module + "/api", false},
	} {
		if got := denial(tt.path) != ""; got != tt.denied {
			t.Errorf("denied(%q) = %v, want %v", tt.path, got, tt.denied)
		}
	}
}

func TestChain(t *testing.T) {
	imports := map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"e"}, "d": {"e"}}
	if got := strings.Join(chain(imports, "a", "e"), " "); got != "a c e" {
		t.Errorf("chain = %q, want the shortest, a c e", got)
	}
}
