//go:build !js

package xconnect_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	_ "github.com/twinws/ws/xconnect"
)

// child names the variable that makes the test's program a server, since
// net/http reads GODEBUG once, as it is initialized.
const child = "WS_TEST_XCONNECT_SERVER"

func init() {
	if os.Getenv(child) != "" {
		fmt.Println(announces(), "GODEBUG="+os.Getenv("GODEBUG"))
		os.Exit(0)
	}
}

// announces reports whether a server of this program announces extended CONNECT
// (RFC 8441 section 3).
func announces() string {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	cfg := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.NextProtos, cfg.ServerName = []string{"h2"}, "example.com"
	nc, err := tls.Dial("tcp", s.Listener.Addr().String(), cfg)
	if err != nil {
		return err.Error()
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = ws.CheckHTTP2(ctx, nc)
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok && strings.Contains(e.Problem, "does not announce") {
		return "no"
	}
	if err != nil {
		return err.Error()
	}
	return "yes"
}

// The import alone turns it on, unless the environment says otherwise.
func TestServer(t *testing.T) {
	for before, want := range map[string]string{
		"":                             "yes GODEBUG=http2xconnect=1",
		"http2debug=0":                 "yes GODEBUG=http2debug=0,http2xconnect=1",
		"http2xconnect=1":              "yes GODEBUG=http2xconnect=1",
		"http2xconnect=0":              "no GODEBUG=http2xconnect=0",
		"http2xconnect=0,http2debug=0": "no GODEBUG=http2xconnect=0,http2debug=0",
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), child+"=1", "GODEBUG="+before)
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); got != want || err != nil {
			t.Errorf("GODEBUG=%s: %q, %v; want %q", before, got, err, want)
		}
	}
}
