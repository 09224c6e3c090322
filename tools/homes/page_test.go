package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// servedPage serves a page, and keeps what is posted to it.
func servedPage(t *testing.T) (p *page, url string, stdout, stderr *bytes.Buffer) {
	t.Helper()
	p = testPage(t)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	p.stdout, p.stderr = stdout, stderr
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL, stdout, stderr
}

func get(t *testing.T, url string) (*http.Response, []byte) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func post(t *testing.T, url, body string) {
	t.Helper()
	res, err := http.Post(url, "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("POST %s: %s", url, res.Status)
	}
}

// Browsers run neither scripts nor programs of another type, and none of this
// may come from a cache.
func TestPageServes(t *testing.T) {
	_, url, _, _ := servedPage(t)
	program, err := os.ReadFile(built.program)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		typ  string
		body []byte
	}{
		"/?window":           {"text/html; charset=utf-8", nil},
		"/home/run.js":       {"text/javascript; charset=utf-8", nil},
		"/wasm_exec.js":      {"text/javascript; charset=utf-8", nil},
		"/home/program.wasm": {"application/wasm", program},
	} {
		res, body := get(t, url+path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want.typ || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %q", path, res.Status, res.Header)
		}
		if len(body) == 0 || want.body != nil && !bytes.Equal(body, want.body) {
			t.Errorf("%s: %d bytes of another content", path, len(body))
		}
	}
	if res, _ := get(t, url+"/echo"); res.StatusCode != http.StatusNotFound {
		t.Errorf("without WS_URL there is no more, but it answers %s", res.Status)
	}
}

func TestPageSetup(t *testing.T) {
	t.Setenv("WS_TEST", `a "name"`)
	t.Setenv("OTHER_TEST", "not for the program")
	_, url, _, _ := servedPage(t)
	_, body := get(t, url+"/home/setup.json")
	var setup struct {
		Wasm string
		Argv []string
		Env  map[string]string
	}
	if err := json.Unmarshal(body, &setup); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if setup.Wasm != "/home/program.wasm" || !slices.Equal(setup.Argv, []string{built.program, "say", "0"}) {
		t.Errorf("program %q, arguments %q", setup.Wasm, setup.Argv)
	}
	if _, other := setup.Env["OTHER_TEST"]; setup.Env["WS_TEST"] != `a "name"` || other {
		t.Errorf("environment %q", setup.Env)
	}
}

func TestPageTakesOutput(t *testing.T) {
	p, url, stdout, stderr := servedPage(t)
	post(t, url+"/home/output?fd=1", "one \xff")
	post(t, url+"/home/output?fd=2", "problem")
	post(t, url+"/home/output?fd=1", "\x00two")
	if stdout.String() != "one \xff\x00two" || stderr.String() != "problem" {
		t.Errorf("standard output %q, standard error %q", stdout, stderr)
	}
	post(t, url+"/home/exit?code=3", "")
	post(t, url+"/home/exit?code=4", "") // too late
	if got := <-p.ended; got != 3 {
		t.Errorf("exit code %d, want 3", got)
	}
	post(t, url+"/home/exit?code=", "")
	if got := <-p.ended; got != 1 {
		t.Errorf("of no code it makes %d, want 1", got)
	}
}

// What the page does not have, the server at WS_URL has: HTTP and WebSockets.
func TestPageProxies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(w, "there: "+r.URL.String())
			return
		}
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		if typ, p, err := c.Read(r.Context()); err == nil {
			c.Write(r.Context(), typ, append([]byte("echo "), p...))
		}
		c.Close(ws.StatusNormalClosure, "")
	}))
	defer server.Close()
	t.Setenv("WS_URL", "ws"+strings.TrimPrefix(server.URL, "http"))
	_, url, _, _ := servedPage(t)
	if _, body := get(t, url+"/any/path?of=it"); string(body) != "there: /any/path?of=it" {
		t.Errorf("it answers %q", body)
	}
	if _, body := get(t, url+"/home/run.js"); strings.HasPrefix(string(body), "there") {
		t.Error("the page's own files come from elsewhere")
	}
	c, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), ws.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.Read(t.Context()); string(got) != "echo hello" {
		t.Errorf("received %q, %v", got, err)
	}
}

func TestWrongServer(t *testing.T) {
	t.Setenv("WS_URL", "ws://[::1")
	if _, err := newPage([]string{built.program}); err == nil {
		t.Error("a WS_URL that is no URL was taken")
	}
}

// Only the end of what a browser says is kept.
func TestTail(t *testing.T) {
	var l tail
	for range 1000 {
		if n, err := io.WriteString(&l, "0123456789abcdef"); n != 16 || err != nil {
			t.Fatal(n, err)
		}
	}
	io.WriteString(&l, "the end")
	if got := l.tail(); len(got) != tailSize || !bytes.HasSuffix(got, []byte("defthe end")) {
		t.Errorf("%d bytes, which end with %q", len(got), got[len(got)-20:])
	}
}
