package h2_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/twinws/ws"
)

// child is the environment variable that makes the test program a server.
const child = "WS_H2_TEST_CHILD"

// TestMain is the server if the program is a child: its memory and processor
// time are then not those of the client under test.
func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	s := httptest.NewUnstartedServer(ws.Handler(echo, unlimited))
	s.EnableHTTP2 = os.Getenv(child) == "2"
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100_000}
	s.StartTLS()
	fmt.Println(s.URL)
	io.Copy(io.Discard, os.Stdin) // until the parent ends
}

// served is a server in a process of its own.
type served struct {
	site
	cmd *exec.Cmd
}

// serveChild starts an echo server of HTTP/1.1 and HTTP/2.
func serveChild(t testing.TB) *served { return startChild(t, "2") }

func startChild(t testing.TB, version string) *served {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), child+"="+version)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	// The certificate of httptest is the same in every process.
	any := httptest.NewTLSServer(nil)
	defer any.Close()
	roots := x509.NewCertPool()
	roots.AddCert(any.Certificate())
	s := &served{cmd: cmd}
	s.Server = &httptest.Server{URL: line[:len(line)-1]}
	s.tls = &tls.Config{RootCAs: roots, ServerName: "example.com"}
	return s
}
