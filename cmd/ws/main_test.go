package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/testserver/server"
)

var update = flag.Bool("update", false, "write the golden files")

// asCommand, set in the environment, makes the test binary the command ws, for
// tests that need it as a process.
const asCommand = "WS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"} {
		os.Unsetenv(name)
	}
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// ran is what a command did.
type ran struct {
	status   int
	out, err string
}

// limit bounds every command of a test.
const limit = time.Minute

// invoke runs ws with these arguments and this input.
func invoke(t *testing.T, in io.Reader, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var out, err buffer
	status := run(ctx, args, console{in: in, out: &out, err: &err, now: time.Now})
	return ran{status, out.String(), err.String()}
}

// text runs ws with a text as its input.
func text(t *testing.T, in string, args ...string) ran {
	t.Helper()
	return invoke(t, strings.NewReader(in), args...)
}

// want fails the test if a command did anything else; what is "*" may be
// anything.
func (r ran) want(t *testing.T, status int, out, err string) {
	t.Helper()
	if r.status != status || out != "*" && r.out != out || err != "*" && r.err != err {
		t.Errorf("status %d, output\n%s\nerrors\n%s\nwant %d, output\n%s\nerrors\n%s", r.status, r.out, r.err, status, out, err)
	}
}

// testServer starts the test server and returns its URL, ws://HOST:PORT.
func testServer(t *testing.T) string {
	t.Helper()
	s := server.New(server.Options{})
	t.Cleanup(s.Close)
	return serveHandler(t, s)
}

func serveHandler(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}
