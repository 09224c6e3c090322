package policy

import (
	"slices"
	"strings"
	"testing"
)

// layers is the order of the packages. A package imports only packages of lower
// layers, so that each can be read, tested and replaced without those above it.
var layers = map[string]int{
	"api": 1,

	"frame":             2,
	"internal/ctxlock":  2,
	"internal/deadline": 2,
	"internal/deflate":  2,
	"internal/event":    2,
	"internal/glue":     2,
	"handshake":         2,
	"internal/socks":    2,
	"internal/tunnel":   2,
	"xconnect":          2,

	"internal/engine":  3,
	"internal/opening": 3,
	"internal/variant": 3,
	"internal/browser": 3,
	"internal/jsws":    3,

	"ws": 4,

	"legacy":                5,
	"wsjson":                5,
	"wstest":                5,
	"wsnet":                 5,
	"api/apitest":           5,
	"examples/page/figure":  5,
	"examples/page/session": 5,

	"testserver/server": 6, // whose echo speaks every version

	"testserver":      7,
	"wasm_test":       6,
	"examples/echo":   6,
	"examples/page":   6,
	"examples/auth":   6,
	"examples/legacy": 6,

	"internal/conformance":   6,
	"internal/chaos":         6,
	"internal/demo":          6,
	"internal/hostile":       6,
	"internal/interop":       6,
	"internal/legacytest":    6,
	"internal/policy":        6,
	"internal/sizes/empty":   6,
	"internal/sizes/dial":    6,
	"internal/sizes/app":     6,
	"internal/sizes/appdial": 6,
	"internal/sizes/appnet":  6,
}

// strangers are packages of lower layers that must not be imported all the
// same: the first never imports the second.
var strangers = [][2]string{
	{"handshake", "frame"},        // the two halves of RFC 6455 know nothing of each other
	{"internal/browser", "frame"}, // a browser shows no frames
	{"internal/jsws", "frame"},
}

// only limits the imports of a package to these packages of this module.
// Packages that are not listed may import what their layer allows.
var only = map[string][]string{
	"api/apitest":            {"api"}, // the contract's suite must fit any implementation
	"wsjson":                 {"api"}, // any connection's
	"wstest":                 {"api", "ws"},
	"examples/echo":          {"ws"}, // users have no more than this
	"examples/auth":          {"ws"},
	"examples/legacy":        {"ws", "api", "legacy"},
	"examples/page":          {"ws", "api", "examples/page/figure", "examples/page/session"},
	"examples/page/figure":   {},
	"examples/page/session":  {"api"},
	"xconnect":               {},
	"internal/conformance":   {}, // its raw peer shares no code with what it judges
	"internal/sizes/dial":    {"ws"},
	"internal/sizes/appdial": {"ws"},
	"internal/sizes/appnet":  {"wsnet"},
	"wsnet":                  {"ws", "api"}, // the public API alone
	"internal/sizes/app":     {},
	"internal/sizes/empty":   {},
}

// foreign lists which packages, except in tests, may import another module: the
// library's users pay for each.
var foreign = map[string][]string{
	"github.com/hack-pad/safejs":      {"internal/jsws"},
	"github.com/klauspost/compress":   {"internal/deflate"},
	"golang.org/x/net/idna":           {"internal/opening"}, // the URL that is dialed
	"golang.org/x/net/http/httpproxy": {"internal/opening"}, // NO_PROXY
	"nhooyr.io/websocket":             {"testserver", "testserver/server"},
}

// pure lists packages that only compute, and what they must not import of the
// standard library; with /... everything below it too.
var pure = map[string][]string{
	"api":       {"net/...", "os/...", "sync/...", "syscall/..."},
	"frame":     {"io/...", "net/...", "os/...", "sync/...", "syscall/...", "time", "context"},
	"handshake": {"net", "os/...", "sync/...", "syscall/...", "time", "context"}, // net/http is values here

	"internal/socks": {"io/...", "net", "net/http/...", "os/...", "sync/...", "syscall/...", "time", "context"},
}

func TestImportsRunDownward(t *testing.T) {
	for _, h := range homes {
		for _, p := range goList(t, h, "./...") {
			from := short(p.ImportPath)
			if layers[from] == 0 {
				t.Errorf("%s has no layer: give it one in this test", from)
			}
			for _, path := range p.Imports {
				if why := wrong(from, path); why != "" {
					t.Errorf("%s: %s imports %s: %s", h.name, from, path, why)
				}
			}
		}
	}
}

// wrong says what is wrong with an import outside tests, "" for nothing.
func wrong(from, path string) string {
	to := short(path)
	if to == "" {
		return wrongOutside(from, path)
	}
	allowed, limited := only[from]
	switch {
	case layers[to] >= layers[from]:
		return "imports run downward only"
	case slices.Contains(strangers, [2]string{from, to}):
		return "the two must not know each other"
	case limited && !slices.Contains(allowed, to):
		return "it may import of this module only: " + strings.Join(allowed, " ")
	}
	return ""
}

// wrongOutside is wrong for packages that are not this module's.
func wrongOutside(from, path string) string {
	for _, p := range pure[from] {
		if matches(p, path) {
			return "it is pure: it does no " + p
		}
	}
	for mod, users := range foreign {
		if matches(mod+"/...", path) {
			if slices.Contains(users, from) {
				return ""
			}
			return "only these may, tests apart: " + strings.Join(users, " ")
		}
	}
	if host, _, _ := strings.Cut(path, "/"); strings.Contains(host, ".") {
		return "this module is not one of the library's"
	}
	return ""
}

// The suite of the contract must not even be tested with this library's help.
func TestApitestIsFree(t *testing.T) {
	for _, p := range goList(t, native, "./api/...") {
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			if to := short(path); to != "" && to != "api" && to != "api/apitest" {
				t.Errorf("a test of %s imports %s: the contract stands alone", short(p.ImportPath), to)
			}
		}
	}
}

func TestWrong(t *testing.T) {
	for _, tt := range []struct {
		from, path string
		ok         bool
	}{
		{"ws", module + "/api", true},
		{"internal/engine", module + "/frame", true},
		{"api", module, false},
		{"frame", module + "/handshake", false},
		{"handshake", module + "/frame", false},
		{"internal/browser", module + "/internal/jsws", false},
		{"wsjson", module, false},
		{"wstest", module + "/frame", false},
		{"internal/jsws", module + "/internal/browser", false},
		{"api/apitest", module, false},
		{"api/apitest", "testing", true},
		{"examples/echo", module + "/internal/engine", false},
		{"internal/jsws", "github.com/hack-pad/safejs", true},
		{"ws", "github.com/hack-pad/safejs", false},
		{"ws", "nhooyr.io/websocket", false},
		{"testserver/server", "nhooyr.io/websocket", true},
		{"testserver/server", "example.com/other", false},
		{"frame", "io", false},
		{"frame", "net/http", false},
		{"handshake", "net/http", true},
		{"handshake", "net", false},
		{"frame", "errors", true},
	} {
		if got := wrong(tt.from, tt.path); (got == "") != tt.ok {
			t.Errorf("%s imports %s: %q, want ok = %v", tt.from, tt.path, got, tt.ok)
		}
	}
}
