package versions

import (
	"context"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twinws/ws"
	_ "github.com/twinws/ws/xconnect"
)

//go:embed page.html
var page []byte

// report is what the page has posted.
type report struct {
	Echoed, Failed int
	Why            string // why the first failed
	Page           string // how the page was loaded, in ALPN's names
}

// site is a server of page, and what it saw.
type site struct {
	*httptest.Server
	reports chan report

	// mu protects what connection the page was loaded by, version of HTTP and
	// address, and the number of WebSockets by the same.
	mu    sync.Mutex
	from  string
	conns map[string]int
}

// newSite starts a server of HTTP/1.1 and HTTP/2 that announces extended
// CONNECT.
func newSite(t *testing.T) *site {
	s := &site{reports: make(chan report, 1), conns: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("POST /report", s.report)
	mux.Handle("/echo", ws.Handler(s.echo, nil))
	s.Server = httptest.NewUnstartedServer(ws.GuardConnect(mux))
	ws.ConfigureHTTP2(s.Config)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = r.Proto + " " + r.RemoteAddr
	w.Header().Set("Content-Type", "text/html")
	w.Write(page)
}

func (s *site) report(w http.ResponseWriter, r *http.Request) {
	var got report
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		got.Why = err.Error()
	}
	s.reports <- got
}

func (s *site) echo(ctx context.Context, c *ws.Conn) {
	s.mu.Lock()
	s.conns[c.HTTPVersion()+" "+c.RemoteAddr().String()]++
	s.mu.Unlock()
	for {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return
		}
	}
}

// opens has a browser open the page, which opens count WebSockets at a time and
// reports.
func (s *site) opens(t *testing.T, browser string, count int, flags string) report {
	t.Helper()
	trust := filepath.Join(t.TempDir(), "cert.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(trust, text, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a busy machine
	defer cancel()
	cmd := exec.CommandContext(ctx, homes, "open", browser, fmt.Sprintf("%s/?count=%d", s.URL, count))
	cmd.Env = append(os.Environ(), "WS_TRUST="+trust, "WS_CHROMIUM_FLAGS="+flags)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // lets it end the browser
	cmd.WaitDelay = 10 * time.Second
	ended := make(chan string, 1)
	go func() {
		out, err := cmd.CombinedOutput()
		ended <- fmt.Sprintf("%v\n%s", err, out)
	}()
	select {
	case r := <-s.reports:
		cancel()
		<-ended
		return r
	case problem := <-ended:
		t.Fatalf("the page did not report: %s", problem)
	}
	return report{}
}

// seen returns by what connection the page was loaded, and its WebSockets
// opened.
func (s *site) seen() (page string, conns map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from, s.conns
}
