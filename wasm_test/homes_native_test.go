//go:build !js

package wasmtest

import (
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

var updateHomes = flag.Bool("update-homes", false, "write what was measured into HOMES.md")

// atOnce is how many homes run in parallel: a browser has several processes.
const atOnce = 3

// TestHomes runs the js build's tests in every home except those of TestBrowser
// and TestNode, each against a server of its own, and compares the number of
// cases and rules with HOMES.md.
func TestHomes(t *testing.T) {
	t.Parallel()
	if os.Getenv("WS_NO_HOMES") == "1" {
		t.Log("left out, as WS_NO_HOMES=1 asks: the tests in Firefox, WebKitGTK, Node.js 24, Deno, Bun, workerd, jsdom and happy-dom")
		return
	}
	runner, err := findHomes()
	if err != nil {
		t.Fatal(err)
	}
	versions := homeVersions(t, runner)
	slots := make(chan struct{}, atOnce)
	rows := make([]homeRow, len(homes))
	t.Run("in", func(t *testing.T) {
		for i, h := range homes {
			if h.name == "node22" {
				continue // TestNode's
			}
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				rows[i] = runHome(t, runner, h)
				rows[i].version = versions[h.name]
			})
		}
	})
	if !t.Failed() {
		checkHomes(t, rows)
	}
}

// runHome runs the suite in a home, and checks that every case and rule has
// passed.
func runHome(t *testing.T, runner string, h home) homeRow {
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	results, output := runProgram(t, "^(TestConformance|TestStandard|TestJSON|TestNetConn)$",
		[]string{"WS_URL=" + wsURL(s), "WS_HOME=" + h.name}, runner, "run", h.name)
	places := []string{"TestConformance/home"}
	if h.differs.ParallelDials {
		places = append(places, "TestConformance/home_nhooyr")
	}
	for _, p := range places {
		results.want(t, p, apitest.Names())
	}
	results.want(t, "TestJSON", []string{"home"})
	rules := listedRules(t)
	results.want(t, "TestStandard", rules)
	results.want(t, "TestNetConn", h.netConnTests())
	if t.Failed() {
		t.Logf("the output:\n%s", output)
	}
	return homeRow{home: h, cases: len(places) * len(apitest.Names()), rules: len(rules)}
}

// homeVersions returns the versions of the homes, as the runner lists them.
func homeVersions(t *testing.T, runner string) map[string]string {
	t.Helper()
	out, err := exec.Command(runner, "list").CombinedOutput()
	if err != nil {
		t.Fatalf("homes list: %v\n%s", err, out)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[name] = strings.TrimSpace(version)
	}
	return versions
}

// findHomes returns the path of the runner, tools/homes, or an error that says
// what is missing.
func findHomes() (string, error) {
	for _, path := range []string{os.Getenv("WS_HOMES_RUNNER"), filepath.Join("..", "bin", "homes")} {
		if path == "" {
			continue
		}
		if found, err := exec.LookPath(path); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", errors.New("there is no bin/homes: make test-homes; or set WS_NO_HOMES=1 to leave the other homes out")
}
