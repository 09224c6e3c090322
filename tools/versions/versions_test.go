package versions

import (
	"context"
	"crypto/tls"
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
	Why            string
	Page           string // the protocol by which the page was loaded, in ALPN's names
}

// site is a server of page, and what it saw of the WebSockets.
type site struct {
	*httptest.Server
	reports chan report

	mu    sync.Mutex
	page  string         // remote address of the page's connection
	conns map[string]int // WebSockets by version of HTTP and remote address
}

func newSite(t *testing.T, announce bool) *site {
	s := &site{reports: make(chan report, 1), conns: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.page = r.Proto + " " + r.RemoteAddr
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		w.Write(page)
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		var got report
		json.NewDecoder(r.Body).Decode(&got)
		s.reports <- got
	})
	mux.Handle("/echo", ws.Handler(func(ctx context.Context, c *ws.Conn) {
		s.mu.Lock()
		s.conns[c.HTTPVersion()+" "+c.RemoteAddr().String()]++
		s.mu.Unlock()
		for {
			typ, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			c.Write(ctx, typ, p)
		}
	}, nil))
	s.Server = httptest.NewUnstartedServer(ws.GuardConnect(mux))
	s.Config.TLSConfig = &tls.Config{}
	ws.ConfigureHTTP2(s.Config)
	s.EnableHTTP2 = true
	s.TLS = s.Config.TLSConfig
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestExplore(t *testing.T) {
	home := os.Getenv("BROWSER")
	count := os.Getenv("COUNT")
	s := newSite(t, true)
	path := filepath.Join(t.TempDir(), "cert.pem")
	os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600)
	cmd := exec.Command("../../bin/homes", "open", home, s.URL+"/?count="+count)
	cmd.Env = append(os.Environ(), "WS_TRUST="+path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Signal(syscall.SIGINT); cmd.Wait() }()
	select {
	case r := <-s.reports:
		fmt.Printf("%+v\n", r)
	case <-time.After(40 * time.Second):
		fmt.Println("nothing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Println("page", s.page)
	fmt.Println("conns", s.conns)
}
