package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

func TestPipe(t *testing.T) {
	url := testServer(t)
	binary := "\x00\x01\xFE\xFF"
	for _, c := range []struct {
		name, in string
		args     []string
		out      string
	}{
		{"each line is a message", "a\nb\r\n\nc", []string{url + "/echo"}, "a\nb\n\nc\n"},
		{"nothing", "", []string{url + "/echo"}, ""},
		{"all of it as one", "a\nb\n", []string{"-1", url + "/echo"}, "a\nb\n\n"},
		{"a long line", strings.Repeat("x", 300_000), []string{url + "/echo"}, strings.Repeat("x", 300_000) + "\n"},
		{"binary as a hexdump", binary, []string{"-b", url + "/echo"}, "00000000  00 01 fe ff                                       |....|\n"},
		{"binary as base64", binary, []string{"-b", "--binary-out", "base64", url + "/echo"}, base64.StdEncoding.EncodeToString([]byte(binary)) + "\n"},
		{"binary as it is", binary, []string{"-b", "--binary-out", "raw", url + "/echo"}, binary},
		{"JSON", `{"b":1.50,"a":[true,"<"]}` + "\nno JSON\n", []string{"-j", url + "/echo"},
			"{\n  \"b\": 1.50,\n  \"a\": [\n    true,\n    \"<\"\n  ]\n}\nno JSON\n"},
		{"compressed", strings.Repeat("abc", 1000), []string{"-z", url + "/echo"}, strings.Repeat("abc", 1000) + "\n"},
		{"by the independent peer", "a\n", []string{url + "/echo/nhooyr"}, "a\n"},
		{"until so many have come", "", []string{"-n", "1", "-H", "X-Test: one", "-H", "X-Test: two", url + "/header?name=X-Test"}, "one, two\n"},
		{"an origin", "", []string{"-n", "1", "-o", "https://example.com", url + "/header?name=Origin"}, "https://example.com\n"},
		{"a host", "", []string{"-n", "1", "--host", "h.example", url + "/header?name=Host"}, "\n"}, // net/http takes it out
		{"credentials", "", []string{"-n", "1", "-u", "u:p:q", url + "/header?name=Authorization"}, "Basic dTpwOnE=\n"},
		{"credentials in the URL", "", []string{"-n", "1", strings.Replace(url, "ws://", "ws://u:p@", 1) + "/header?name=Authorization"}, "Basic dTpw\n"},
		{"until the server closes", "", []string{"--stay", url + "/close?send=3&code=1000"}, "0\n1\n2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text(t, c.in, append([]string{"dial"}, c.args...)...).want(t, exitOK, c.out, "")
		})
	}
}

// The exit status says how the connection ended.
func TestPipeEnds(t *testing.T) {
	url := testServer(t)
	for _, c := range []struct {
		name, in, path string
		args           []string
		status         int
		err            string // is contained
	}{
		{"1001 of the peer", "", "/close?code=1001", nil, exitOK, ""},
		{"no code of the peer", "", "/close", nil, exitOK, ""},
		{"another code", "", "/close?code=4001&reason=no", nil, exitClosed, `ws: read: the peer closed the connection: status 4001 "no"`},
		{"lost", "", "/reset", nil, exitLost, "ws: read: the connection was lost without a close frame"},
		{"a protocol error", "", "/raw?hex=8300", nil, exitLost, "ws: read: the peer violated the protocol"},
		{"too big", "", "/flood?n=1&size=2000", []string{"--read-limit", "1K"}, exitLost, "raise ReadLimit"},
		{"refused", "", "/refuse?status=403", nil, exitNoHandshake, "(ws check diagnoses it step by step)"},
		{"time is up", "", "/echo", []string{"--timeout", "50ms"}, exitTimeout, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := text(t, c.in, append([]string{"dial", "--stay", url + c.path}, c.args...)...)
			r.want(t, c.status, "*", "*")
			if !strings.Contains(r.err, c.err) || strings.Count(r.err, "\n") > 1 {
				t.Errorf("errors %q, want %q in one line", r.err, c.err)
			}
		})
	}
}

func TestPipeBadInput(t *testing.T) {
	r := text(t, "good\n\xFF\n", "dial", testServer(t)+"/echo")
	r.want(t, exitOther, "*", "ws: dial: input, line 2 is not UTF-8, as text must be: use --binary, which sends all of the input as one binary message\n")
}

// The server closes while the input goes on: what was not sent is reported.
func TestPipeClosedEarly(t *testing.T) {
	url := testServer(t)
	in, more := io.Pipe()
	done := make(chan struct{})
	go func() { // until the command reads no more
		defer close(done)
		for {
			if _, err := io.WriteString(more, "line\n"); err != nil {
				return
			}
		}
	}()
	r := invoke(t, in, "dial", url+"/close?after=1&code=4002")
	in.Close()
	<-done
	r.want(t, exitClosed, "*", "*")
	if !strings.Contains(r.err, "4002") {
		t.Errorf("errors %q, want the code of the server", r.err)
	}
}

func TestPipeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, more := io.Pipe()
	defer more.Close()
	var out, errs buffer
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"dial", testServer(t) + "/echo"}, console{in: in, out: &out, err: &errs, now: time.Now})
	}()
	io.WriteString(more, "a\n")
	io.WriteString(more, "b\n") // is read when the connection is open
	cancel()
	if got := <-status; got != exitInterrupted || errs.String() != "" {
		t.Errorf("status %d, errors %q", got, errs.String())
	}
}

func TestVerbose(t *testing.T) {
	url := testServer(t)
	r := text(t, "", "dial", "-v", "-n", "1", "-u", "u:secret", "-s", "chat", url+"/ping?n=1&choose=chat")
	r.want(t, exitOK, "0\n", "*")
	for _, want := range []string{
		"* connected to 127.0.0.1:", "> GET /ping?n=1&choose=chat HTTP/1.1\n", "> Authorization: (hidden)\n", "> Sec-WebSocket-Protocol: chat\n",
		"< HTTP/1.1 101 Switching Protocols\n", "< Sec-WebSocket-Protocol: chat\n", "* ping received: \"0\"\n", "* the connection was closed by this side: status 1000 normal closure\n",
	} {
		if !strings.Contains(r.err, want) {
			t.Errorf("the notes lack %q:\n%s", want, r.err)
		}
	}
	if strings.Contains(r.err, "secret") {
		t.Errorf("the notes have the password:\n%s", r.err)
	}
	r = text(t, "", "dial", "-v", url+"/refuse?status=418&body=tea")
	r.want(t, exitNoHandshake, "", "*")
	if !strings.Contains(r.err, "< HTTP/1.1 418 ") || !strings.Contains(r.err, "tea") {
		t.Errorf("the notes lack the response:\n%s", r.err)
	}
}

// connected returns both ends of a connection over memory, whose time may be
// that of a bubble.
func connected(t *testing.T) (client, server *ws.Conn) {
	t.Helper()
	near, far := net.Pipe()
	d := &ws.Dialer{
		NetDial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
		Proxy:   noProxy, Keepalive: &ws.Keepalive{Idle: -1},
	}
	accepted := make(chan *ws.Conn, 1)
	go func() {
		c, err := ws.Upgrade(t.Context(), far, &ws.AcceptOptions{Keepalive: &ws.Keepalive{Idle: -1}})
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	client, err := d.Dial(t.Context(), "ws://h/")
	server = <-accepted
	if err != nil || server == nil {
		t.Fatal(err)
	}
	return client, server
}

// --wait goes on while messages come, and --wait after the last one.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := connected(t)
		go func() {
			defer s.CloseNow()
			go func() {
				for range 3 {
					time.Sleep(4 * time.Second)
					s.Write(context.Background(), ws.MessageText, []byte("late"))
				}
				time.Sleep(6 * time.Second)
				s.Write(context.Background(), ws.MessageText, []byte("too late"))
			}()
			for {
				if _, _, err := s.Read(context.Background()); err != nil {
					return
				}
			}
		}()
		var out buffer
		d := &dialing{console: console{in: strings.NewReader(""), out: &out, err: io.Discard, now: time.Now}}
		d.wait = 5 * time.Second
		begin := time.Now()
		if err := d.pipe(t.Context(), c); err != nil {
			t.Error(err)
		}
		if got := out.String(); got != "late\nlate\nlate\n" {
			t.Errorf("output %q", got)
		}
		if took := time.Since(begin); took != 17*time.Second {
			t.Errorf("it took %v, want 17 s", took)
		}
		time.Sleep(10 * time.Second) // for the server's goroutine
	})
}

// failingWriter is an output that is full.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputFails(t *testing.T) {
	var errs buffer
	status := run(t.Context(), []string{"dial", testServer(t) + "/echo"},
		console{in: strings.NewReader("a\n"), out: failingWriter{}, err: &errs, now: time.Now})
	if status != exitOther || errs.String() != "ws: output: no space left\n" {
		t.Errorf("status %d, errors %q", status, errs.String())
	}
}
