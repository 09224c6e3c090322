package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// served is ws serve, running.
type served struct {
	*testing.T
	url   string // ws://HOST:PORT/
	lines chan string
	stop  func() int // interrupts it, and returns its status
}

func serve(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	r, w := io.Pipe()
	s := &served{T: t, lines: make(chan string, 1000)}
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"serve", "--addr", "0"}, args...), console{out: w, err: w, now: time.Now})
		w.Close()
	}()
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(r); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	s.stop = func() int {
		cancel()
		n := <-status
		status <- n
		return n
	}
	t.Cleanup(func() { s.stop() })
	line := s.line("listening on ")
	s.url, _, _ = strings.Cut(strings.TrimPrefix(line, "listening on "), " ")
	return s
}

// line waits for a line that begins with prefix.
func (s *served) line(prefix string) string {
	s.Helper()
	var others []string
	for l := range s.lines {
		if strings.HasPrefix(l, prefix) {
			return l
		}
		others = append(others, l)
	}
	s.Fatalf("no line %q..., but %q", prefix, others)
	return ""
}

func TestServeEcho(t *testing.T) {
	s := serve(t, "-z", "-s", "chat")
	text(t, "a\nb\n", "dial", "-z", "-s", "chat", s.url+"room?x=1").want(t, exitOK, "a\nb\n", "")
	if l := s.line("+ 1 127.0.0.1:"); !strings.HasSuffix(l, " /room?x=1, subprotocol chat, permessage-deflate; client_max_window_bits=13") {
		t.Errorf("the line of who comes is %q", l)
	}
	if l := s.line("- 1 127.0.0.1:"); !strings.Contains(l, " closed by the client: 1000 normal closure; 2 messages in, 2 out, after ") {
		t.Errorf("the line of who goes is %q", l)
	}
	text(t, "", "dial", "-n", "1", s.url+"\x1b[2J").want(t, exitUsage, "", "*")
}

// A page of another site, and a name that only someone else gave this machine,
// are refused.
func TestServeRefuses(t *testing.T) {
	s := serve(t, "-o", "https://good.example")
	text(t, "", "dial", "-o", "https://good.example", s.url).want(t, exitOK, "", "")
	if l := s.line("+ 1 "); !strings.HasSuffix(l, " / from a page of https://good.example") {
		t.Errorf("the line of who comes is %q", l)
	}
	for _, args := range [][]string{{"-o", "https://evil.example"}, {"--host", "evil.example"}} {
		r := text(t, "", append([]string{"dial", s.url}, args...)...)
		r.want(t, exitNoHandshake, "", "*")
		if !strings.Contains(r.err, "status 403") {
			t.Errorf("%v: %s", args, r.err)
		}
		s.line("! 127.0.0.1:")
	}
}

func TestServeStatic(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte("<p>hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--static", dir, "--path", "/ws")
	base := "http" + strings.TrimSuffix(strings.TrimPrefix(s.url, "ws"), "/ws")
	for path, want := range map[string]int{"/page.html": 200, "/none": 404, "/ws": 404} {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want || want == 200 && string(body) != "<p>hello" {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
	}
	text(t, "a\n", "dial", s.url).want(t, exitOK, "a\n", "")
	text(t, "a\n", "dial", strings.Replace(s.url, "/ws", "/other", 1)).want(t, exitNoHandshake, "", "*")
}

// Without a folder an ordinary request is told what this is.
func TestServeOrdinary(t *testing.T) {
	s := serve(t, "--path", "/ws")
	base := "http" + strings.TrimSuffix(strings.TrimPrefix(s.url, "ws"), "/ws")
	for path, want := range map[string]int{"/ws": 426, "/": 404} {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

// A self-signed certificate can be trusted by its file, and is valid for the
// names of this machine.
func TestServeTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cert.pem")
	s := serve(t, "--tls", "--write-cert", file)
	if !strings.HasPrefix(s.url, "wss://127.0.0.1:") {
		t.Errorf("it listens on %s", s.url)
	}
	text(t, "a\n", "dial", "--cacert", file, s.url).want(t, exitOK, "a\n", "")
	text(t, "a\n", "dial", "--cacert", file, "--server-name", "localhost", s.url).want(t, exitOK, "a\n", "")
	text(t, "a\n", "dial", "-k", s.url).want(t, exitOK, "a\n", "")
	r := text(t, "a\n", "dial", s.url)
	r.want(t, exitNoHandshake, "", "*")
	if !strings.Contains(r.err, "certificate signed by unknown authority") {
		t.Errorf("errors %q", r.err)
	}
	s.line("! http: TLS handshake error")
}

func TestServeOwnCertificate(t *testing.T) {
	_, file := certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "server.example")
	s := serve(t, "--cert", file)
	text(t, "a\n", "dial", "--cacert", file, "--server-name", "server.example", s.url).want(t, exitOK, "a\n", "")
}

// open dials s with package ws.
func (s *served) open() *ws.Conn {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	s.Cleanup(cancel)
	c, err := ws.Dial(ctx, s.url, nil)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.CloseNow() })
	s.line("+ ") // it receives what others send from now on
	return c
}

func wantMessage(t *testing.T, c *ws.Conn, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, p, err := c.Read(ctx); err != nil || string(p) != want {
		t.Errorf("read %q, %v, want %q", p, err, want)
	}
}

func TestServeBroadcast(t *testing.T) {
	s := serve(t, "--broadcast", "-v")
	a, b, c := s.open(), s.open(), s.open()
	send := func(from *ws.Conn, text string) {
		if err := from.Write(t.Context(), ws.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		s.line("* ") // it is on its way
	}
	send(a, "from a")
	wantMessage(t, b, "from a")
	wantMessage(t, c, "from a")
	send(b, "from b")
	wantMessage(t, a, "from b") // and not its own
	wantMessage(t, c, "from b")
	if err := c.Close(ws.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	if l := s.line("- 3 "); !strings.Contains(l, "; 0 messages in, 2 out, after ") {
		t.Errorf("the line of who goes is %q", l)
	}
	send(a, "again")
	wantMessage(t, b, "again")
}

// A server that is interrupted says good bye, and that is no failure.
func TestServeStops(t *testing.T) {
	s := serve(t)
	c := s.open()
	left := make(chan error, 1)
	go func() {
		_, _, err := c.Read(context.Background())
		left <- err
	}()
	if status := s.stop(); status != exitOK {
		t.Errorf("status %d", status)
	}
	if err := <-left; ws.CloseStatus(err) != ws.StatusGoingAway {
		t.Errorf("the client saw %v", err)
	}
	s.line("- 1 ")
}

func TestServeAddressInUse(t *testing.T) {
	s := serve(t)
	addr := strings.TrimSuffix(strings.TrimPrefix(s.url, "ws://"), "/")
	r := text(t, "", "serve", "--addr", addr)
	r.want(t, exitOther, "", "*")
	if !strings.Contains(r.err, "address already in use: choose another --addr") {
		t.Errorf("errors %q", r.err)
	}
}

// A client that does not read keeps nobody waiting: it is disconnected.
func TestRoomSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, slow := connected(t) // whose peer reads nothing
		_, fast := connected(t)
		defer fast.CloseNow()
		r := newRoom()
		from, g := &guest{conn: fast}, &guest{conn: slow}
		leave := r.enter(g)
		for range backlog + 2 { // one is being written
			if err := r.send(from, ws.MessageText, []byte("x")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if err := context.Cause(slow.Context()); err == nil {
			t.Error("a client that does not read is still connected")
		}
		leave()
		if g.out.count() > 1 {
			t.Errorf("%d messages went to a client that does not read", g.out.count())
		}
		_, _, err := slow.Read(t.Context())
		if err == nil {
			t.Error("a read succeeds")
		}
	})
}
