package page_test

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// pilotTime bounds what a browser does by itself, its start included.
const pilotTime = 5 * time.Minute

//go:embed testdata/pilot.js testdata/look.js
var pilotFiles embed.FS

// homes is the path of tools/homes, built once.
var homes = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, "homes"))
	if err != nil {
		return "", err
	}
	return path, goBuild("..", nil, "-o", path, "./homes")
})

func needHomes(t *testing.T) (path string) {
	t.Helper()
	if noHomes {
		t.Skip("WS_NO_HOMES=1: the page and examples/echo were NOT run in Firefox and WebKit")
	}
	path, err := homes()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// seen is what pilot.js posts.
type seen struct {
	Problems       []string
	Dark           bool
	OwnSocket      bool // the page's window made the WebSocket
	Size, Hint     string
	Echoes         []string
	Latency        string
	PerSecond      int
	BytesPerSecond string
	Scales         []string
	EchoesAfter    int // a flood, whose messages the log leaves out
	EchoesPaused   int
	Moved          string // the echo after a move to the other home
	Closed, Failed string
	Wide           map[string]int // pixels beyond windows of this width
	look
}

// pilot is the page's server, with the pilot put into the page.
type pilot struct {
	mux  *http.ServeMux
	seen chan seen
}

func newPilot(t *testing.T) *pilot {
	to, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	p := &pilot{mux: http.NewServeMux(), seen: make(chan seen, 1)}
	p.mux.Handle("/", &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // which the Origin is compared with
		},
		ModifyResponse: addPilot,
	})
	for _, name := range []string{"look.js", "pilot.js"} {
		p.mux.HandleFunc("GET /pilot/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			http.ServeFileFS(w, r, pilotFiles, "testdata/"+name)
		})
	}
	p.mux.HandleFunc("POST /pilot/seen", p.take)
	return p
}

func (p *pilot) take(w http.ResponseWriter, r *http.Request) {
	var s seen
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&s); err != nil {
		s.Problems = append(s.Problems, err.Error())
	}
	select {
	case p.seen <- s:
	default:
	}
}

// addPilot puts the scripts where the page's policy lets scripts be: beside the
// page's own.
func addPilot(r *http.Response) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	page, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return err
	}
	const scripts = `<script src="/pilot/look.js" defer></script><script src="/pilot/pilot.js" defer></script></body>`
	with := bytes.Replace(page, []byte("</body>"), []byte(scripts), 1)
	if len(with) == len(page) {
		return errors.New("the page has no </body>")
	}
	r.Body = io.NopCloser(bytes.NewReader(with))
	r.ContentLength = int64(len(with))
	r.Header.Set("Content-Length", strconv.Itoa(len(with)))
	return nil
}

// fly opens the page and returns what the pilot has seen in it.
func fly(t *testing.T, runner string, dark bool, browser, home string) seen {
	t.Helper()
	p := newPilot(t)
	s := httptest.NewServer(p.mux)
	defer s.Close()
	args := []string{"open", browser, s.URL + "/?" + home}
	if dark {
		args = slices.Insert(args, 1, "-dark")
	}
	cmd := exec.Command(runner, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.NewTimer(pilotTime)
	defer late.Stop()
	select {
	case got := <-p.seen:
		cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("homes open, interrupted: %v\n%s", err, &output)
		}
		return got
	case err := <-ended:
		t.Fatalf("homes open ended: %v\n%s", err, &output)
	case <-late.C:
		cmd.Process.Signal(os.Interrupt)
		<-ended
		t.Fatalf("the page has told nothing in %v\n%s", pilotTime, &output)
	}
	panic("unreachable")
}

// The page, used by itself in browsers that no test drives: the conversation of
// TestConversation, in the window and in a Worker, and its looks.
func TestPageInHomes(t *testing.T) {
	runner := needHomes(t)
	for _, browser := range []string{"firefox", "webkit"} {
		for _, tt := range []struct {
			home string
			dark bool
		}{{"window", false}, {"worker", true}} {
			name := browser + " light"
			if tt.dark {
				name = browser + " dark"
			}
			t.Run(name+" "+tt.home, func(t *testing.T) {
				got := fly(t, runner, tt.dark, browser, tt.home)
				if len(got.Problems) > 0 {
					t.Fatalf("%q", got.Problems)
				}
				if got.Dark != tt.dark {
					t.Errorf("are dark colours preferred? %v", got.Dark)
				}
				if got.OwnSocket != (tt.home == "window") {
					t.Errorf("is the socket the window's own? %v", got.OwnSocket)
				}
				checkTalk(t, got)
				checkFlood(t, got)
				for width, over := range got.Wide {
					if over > 0 {
						t.Errorf("width %s: the page is %d pixels wider", width, over)
					}
				}
				if len(got.Wide) != 4 {
					t.Errorf("seen in the widths %v", got.Wide)
				}
				checkLook(t, name, got.look)
			})
		}
	}
}

func checkTalk(t *testing.T, got seen) {
	t.Helper()
	if want := []string{"text|13 B|Hello, wörld", "binary|5 B|0001feff 10"}; !slices.Equal(got.Echoes, want) {
		t.Errorf("echoes %q, want %q", got.Echoes, want)
	}
	if got.Size != "13 B" || got.Hint != "not hexadecimal: odd length hex string" || !strings.HasSuffix(got.Latency, "ms") {
		t.Errorf("size %q, hint of half a byte %q, latency %q", got.Size, got.Hint, got.Latency)
	}
	if got.Moved != "binary|2 B|cafe" {
		t.Errorf("in the other home it received %q", got.Moved)
	}
	if !strings.Contains(got.Closed, "closed by this side: status 4001") || got.Failed != "false" {
		t.Errorf("closed: %q, as a failure: %s", got.Closed, got.Failed)
	}
}

func checkFlood(t *testing.T, got seen) {
	t.Helper()
	if got.PerSecond <= 20 || !strings.Contains(got.BytesPerSecond, "B/s each way") {
		t.Errorf("a flood of %d messages/s, %q", got.PerSecond, got.BytesPerSecond)
	}
	if len(got.Scales) != 2 || slices.Contains(got.Scales, "") {
		t.Errorf("the scales of the charts end at %q", got.Scales)
	}
	if got.EchoesAfter != 2 || got.EchoesPaused != 2 {
		t.Errorf("the log has %d echoes after the flood and %d in the pause, want 2", got.EchoesAfter, got.EchoesPaused)
	}
}

// examples/echo prints the same natively and in a page, whatever the browser.
func TestEchoInHomes(t *testing.T) {
	runner := needHomes(t)
	native, wasm := filepath.Join(t.TempDir(), "echo"), filepath.Join(t.TempDir(), "echo.wasm")
	if err := errors.Join(goBuild(root, nil, "-o", native, "./examples/echo"),
		goBuild(root, []string{"GOOS=js", "GOARCH=wasm"}, "-o", wasm, "./examples/echo")); err != nil {
		t.Fatal(err)
	}
	echo := "ws" + strings.TrimPrefix(origin, "http") + "/echo"
	want := output(t, native, echo)
	if n := strings.Count(want, "\n"); n != 4 {
		t.Fatalf("natively it prints %d lines:\n%s", n, want)
	}
	for _, home := range []string{"firefox-window", "firefox-worker", "webkit-window", "webkit-worker"} {
		t.Run(home, func(t *testing.T) {
			if got := output(t, runner, "run", home, wasm, echo); got != want {
				t.Errorf("it prints\n%s\nand natively\n%s", got, want)
			}
		})
	}
}

// output is what a program prints that ends with exit code 0.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, &problems)
	}
	return string(out)
}
