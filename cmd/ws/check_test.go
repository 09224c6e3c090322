package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/testserver/server"
)

// then is the time of every diagnosis, so that its text is always the same.
var then = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// diagnose runs ws check at that time, with names that need no network.
func diagnose(t *testing.T, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return diagnoseIn(ctx, args...)
}

func diagnoseIn(ctx context.Context, args ...string) ran {
	var out, errs buffer
	k := &checker{console: console{out: &out, err: &errs, now: func() time.Time { return then }}}
	k.lookup = func(_ context.Context, host string) ([]string, error) {
		if strings.HasPrefix(host, "missing.") {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return []string{"127.0.0.1"}, nil
	}
	cmd := k.command()
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	status := exitOK
	if err := cmd.ExecuteContext(ctx); err != nil {
		status = explain(ctx, err).status
	}
	return ran{status, out.String(), errs.String()}
}

// golden compares a diagnosis with its file. What differs from run to run is
// replaced: ports, keys.
func (r ran) golden(t *testing.T, name string) {
	t.Helper()
	got := r.out
	for _, c := range []struct{ old, new string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"}, {`\.example:\d+`, ".example:PORT"}, {`port \d{4,5}\b`, "port PORT"},
		{`1006 abnormal closure: .*`, "1006 abnormal closure: CAUSE"}, {`instead of responding \(.*?\)`, "instead of responding (CAUSE)"},
		{`"[A-Za-z0-9+/]{27}="`, `"ACCEPT"`}, {`"[A-Za-z0-9+/]{22}=="`, `"KEY"`},
	} {
		got = regexp.MustCompile(c.old).ReplaceAllString(got, c.new)
	}
	file := filepath.Join("testdata", "check", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCheckResponses(t *testing.T) {
	base := testServer(t)
	// respond is the path of a response of these lines.
	respond := func(lines ...string) string { return "/handshake?" + url.Values{"line": lines}.Encode() }
	const status, upgrade, connection, accept = "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: ACCEPT"
	for _, c := range []struct {
		name, path string
		args       []string
		status     int
	}{
		{"good", "/echo", nil, exitOK},
		{"compressed", "/echo", []string{"-z"}, exitOK},
		{"independent", "/echo/nhooyr", nil, exitOK},
		{"subprotocol", "/echo?choose=b", []string{"-s", "a,b"}, exitOK},
		{"subprotocol-none", "/echo", []string{"-s", "a"}, exitOK},
		{"subprotocol-uninvited", "/subprotocol?choose=b", nil, exitDiffers},
		{"subprotocol-other", "/subprotocol?choose=b", []string{"-s", "a"}, exitDiffers},
		{"extension-uninvited", respond(status, upgrade, connection, accept, "Sec-WebSocket-Extensions: permessage-deflate"), nil, exitDiffers},
		{"extension-other", respond(status, upgrade, connection, accept, "Sec-WebSocket-Extensions: x-webkit-deflate-frame"), []string{"-z"}, exitDiffers},
		{"extension-malformed", respond(status, upgrade, connection, accept, "Sec-WebSocket-Extensions: a;;b"), []string{"-z"}, exitDiffers},
		{"extension-window", respond(status, upgrade, connection, accept, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7"), []string{"-z"}, exitDiffers},
		{"upgrade-other", respond(status, "Upgrade: h2c", connection, accept), nil, exitDiffers},
		{"upgrade-twice", respond(status, upgrade, upgrade, connection, accept), nil, exitDiffers},
		{"all-missing", respond(status), nil, exitDiffers},
		{"accept-wrong", respond(status, upgrade, connection, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), nil, exitDiffers},
		{"status-200", "/refuse?status=200&body=Welcome", nil, exitDiffers},
		{"status-301", "/refuse?status=301&location=wss://other.example/", nil, exitDiffers},
		{"status-400", "/refuse?status=400", nil, exitDiffers},
		{"status-401", respond("HTTP/1.1 401 Who are you", `WWW-Authenticate: Bearer realm="x"`, "Content-Length: 0"), nil, exitDiffers},
		{"status-403", "/refuse?status=403&body=origin+not+allowed", nil, exitDiffers},
		{"status-404", "/nowhere", nil, exitDiffers},
		{"status-426", respond("HTTP/1.1 426 Upgrade Required", "Sec-WebSocket-Version: 8", "Content-Length: 0"), nil, exitDiffers},
		{"status-429", respond("HTTP/1.1 429 Too Many Requests", "Retry-After: 30", "Content-Length: 0"), nil, exitDiffers},
		{"status-502", "/refuse?status=502", nil, exitDiffers},
		{"status-500", "/refuse?status=500", nil, exitDiffers},
		{"closes", "/close?code=1013&reason=full", nil, exitDiffers},
		{"no-pong", "/never-reads", []string{"--answer-timeout", "50ms"}, exitDiffers},
		{"lost", "/raw?end=eof", nil, exitDiffers},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := diagnose(t, append(c.args, base+c.path)...)
			r.golden(t, c.name)
			r.want(t, c.status, "*", "")
		})
	}
}

// A server that answers the ping and not the close.
func TestCheckSilentClose(t *testing.T) {
	base := testServer(t)
	r := diagnose(t, "--answer-timeout", "50ms", base+"/silent-close")
	// It does not answer pings either: that is where the diagnosis ends.
	if !strings.Contains(r.out, "FAULT    ping          not answered within 50ms") || r.status != exitDiffers {
		t.Errorf("status %d\n%s", r.status, r.out)
	}
	ctx := deadlined{t.Context(), make(chan struct{})}
	pongs := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pongOnly(w, r, ctx.late) }))
	r = diagnoseIn(ctx, "--answer-timeout", "1m", pongs)
	r.golden(t, "silent-close")
	r.want(t, exitDiffers, "*", "")
}

// pongOnly shakes hands and answers one ping, by hand. It closes asked when the
// client closes, which it does not answer.
func pongOnly(w http.ResponseWriter, r *http.Request, asked chan struct{}) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer nc.Close()
	io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
	frame := make([]byte, 6) // the header of a masked frame of up to 125 bytes
	if _, err := io.ReadFull(rw, frame); err != nil {
		return
	}
	payload := make([]byte, frame[1]&0x7F)
	if _, err := io.ReadFull(rw, payload); err != nil {
		return
	}
	for i := range payload {
		payload[i] ^= frame[2+i%4]
	}
	nc.Write(append([]byte{0x8A, byte(len(payload))}, payload...))
	if _, err := io.ReadFull(rw, frame); err == nil && frame[0] == 0x88 {
		close(asked)
	}
	io.Copy(io.Discard, rw) // until the client disconnects
}

// deadlined is a context whose deadline passes when late is closed.
type deadlined struct {
	context.Context
	late chan struct{}
}

func (d deadlined) Done() <-chan struct{} { return d.late }
func (d deadlined) Err() error {
	select {
	case <-d.late:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// The server accepts the connection and never responds.
func TestCheckHangs(t *testing.T) {
	s := server.New(server.Options{})
	t.Cleanup(s.Close)
	ctx := deadlined{t.Context(), make(chan struct{})}
	base := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(ctx.late)
		s.ServeHTTP(w, r)
	}))
	r := diagnoseIn(ctx, base+"/hang")
	r.golden(t, "hangs")
	r.want(t, exitDiffers, "*", "")
}

func TestCheckJSON(t *testing.T) {
	r := diagnose(t, "--json", testServer(t)+"/refuse")
	var steps []step
	if err := json.Unmarshal([]byte(r.out), &steps); err != nil || r.status != exitDiffers || len(steps) != 5 || steps[4].Verdict != fault {
		t.Errorf("status %d, %v, %+v", r.status, err, steps)
	}
}

// No diagnosis shows a password.
func TestCheckHidesSecrets(t *testing.T) {
	files, err := filepath.Glob("testdata/check/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err != nil || strings.Contains(string(data), "secret") {
			t.Errorf("%s: %v\n%s", f, err, data)
		}
	}
}
