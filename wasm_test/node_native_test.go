//go:build !js

package wasmtest

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// nodePlaces are the tests of the js build in which every case must pass in
// Node.js.
var nodePlaces = []string{"TestConformance/home", "TestConformance/home_nhooyr"}

// TestNode runs the js build's tests in Node.js 22 or later, and checks that
// each listed test passed.
func TestNode(t *testing.T) {
	t.Parallel()
	node := needNode(t)
	if node == "" {
		return
	}
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := "node24"
	if strings.HasPrefix(string(version), "v22.") || strings.HasPrefix(string(version), "v23.") {
		name = "node22"
	}
	results, output := runProgram(t, "^(TestConformance|TestStandard|TestNetConn)$", []string{"WS_URL=" + wsURL(s), "WS_HOME=" + name},
		node, "--stack-size=8192", wasmExec(t, "wasm_exec_node.js"))
	for _, p := range nodePlaces {
		results.want(t, p, apitest.Names())
	}
	rules := listedRules(t)
	results.want(t, "TestStandard", rules)
	h, _ := homeNamed(name)
	results.want(t, "TestNetConn", h.netConnTests())
	if t.Failed() {
		t.Logf("the output:\n%s", output)
		return
	}
	checkHomes(t, []homeRow{{home: h, version: "Node.js " + strings.TrimSpace(string(version)),
		cases: len(nodePlaces) * len(apitest.Names()), rules: len(rules)}})
}

// TestNodeEndsByItself runs programs in Node.js that have ended all their
// connections, and whose exit does not end the process: it must end because
// nothing keeps it alive, no listener, port or timer.
func TestNodeEndsByItself(t *testing.T) {
	t.Parallel()
	node := needNode(t)
	if node == "" {
		return
	}
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	results, output := runProgram(t, "^TestEndsOfConnections$", []string{"WS_URL=" + wsURL(s)},
		node, "--stack-size=8192", filepath.Join("testdata", "node", "alone.cjs"), wasmExec(t, "wasm_exec.js"))
	if results["TestEndsOfConnections"] != "pass" || !strings.Contains(output, "\nnothing is left after ") {
		t.Errorf("the process did not end by itself:\n%s", output)
	}
}

// TestNodeForeignClasses runs the js build with other classes instead of
// Node.js's WebSocket, npm's ws among them. In Node.js an exception in a
// listener ends the process.
func TestNodeForeignClasses(t *testing.T) {
	t.Parallel()
	node := needNode(t)
	if node == "" {
		return
	}
	npm, err := filepath.Abs(filepath.Join("..", "internal", "interop", "testdata", "node", "node_modules", "ws"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	results, output := runProgram(t, "^(TestForeignClasses|TestInsideACallback)$", []string{"WS_URL=" + wsURL(s), "WS_NPM=" + npm},
		node, "--stack-size=8192", wasmExec(t, "wasm_exec_node.js"))
	for _, test := range []string{"TestForeignClasses", "TestForeignClasses/npm's_ws", "TestInsideACallback"} {
		if results[test] != "pass" {
			t.Errorf("%s: %s", test, results[test])
		}
	}
	if t.Failed() {
		t.Logf("the output:\n%s", output)
	}
}

// TestNodeWithoutWebSocket runs the js build without a global WebSocket, as in
// Node.js 20.
func TestNodeWithoutWebSocket(t *testing.T) {
	t.Parallel()
	node := needNode(t)
	if node == "" {
		return
	}
	results, output := runProgram(t, "^TestWithoutWebSocket$", []string{"WS_NONE=1"},
		node, "--stack-size=8192", "--no-experimental-websocket", wasmExec(t, "wasm_exec_node.js"))
	if results["TestWithoutWebSocket"] != "pass" {
		t.Errorf("it did not pass:\n%s", output)
	}
}

// wasmExec returns the path of one of Go's JavaScript files.
func wasmExec(t *testing.T, name string) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", name)
}

// needNode returns the path of a Node.js that has a WebSocket, "" if
// WS_NO_PEERS=1.
func needNode(t *testing.T) string {
	t.Helper()
	if os.Getenv("WS_NO_PEERS") == "1" {
		t.Logf("left out, as WS_NO_PEERS=1 asks: %s in Node.js", t.Name())
		return ""
	}
	node, err := findNode()
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// findNode looks where scripts/need.sh does.
func findNode() (string, error) {
	for _, name := range []string{"node", filepath.Join("testdata", "node", "node_modules", ".bin", "node")} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		major, err := exec.Command(path, "-p", "process.versions.node.split('.')[0]").Output()
		if n, _ := strconv.Atoi(strings.TrimSpace(string(major))); err == nil && n >= 22 {
			return filepath.Abs(path)
		}
	}
	return "", errors.New("no Node.js of version 22 or later, which has a WebSocket: run scripts/need.sh node; " +
		"or set WS_NO_PEERS=1 to leave it out")
}
