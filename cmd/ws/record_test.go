package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/cmd/ws/wshar"
)

// recorded reads the one connection of a file.
func recorded(t *testing.T, file string) *wshar.Connection {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := wshar.Read(f)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d connections, %v", len(all), err)
	}
	return all[0]
}

// shortly describes the messages of a recording.
func shortly(c *wshar.Connection) string {
	var all []string
	for _, m := range c.Messages {
		all = append(all, string(m.Kind)+" "+quoted(m.Data))
	}
	return strings.Join(all, ", ")
}

func value(fields []wshar.Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func TestRecord(t *testing.T) {
	base := testServer(t)
	file := filepath.Join(t.TempDir(), "session.har")
	with := strings.Replace(base, "ws://", "ws://user:secret@", 1)
	r := text(t, "one\n", "record", "-s", "chat", "-n", "1", with+"/echo?choose=chat", file)
	r.want(t, exitOK, "one\n", "* recorded 2 messages to "+file+"\n")
	c := recorded(t, file)
	if c.URL != base+"/echo?choose=chat" || c.Status != 101 || c.StatusText != "Switching Protocols" || c.HTTPVersion != "HTTP/1.1" ||
		c.ServerAddr != "127.0.0.1" || c.Duration <= 0 {
		t.Errorf("recorded %+v", c)
	}
	if got := shortly(c); got != `send "one", receive "one"` {
		t.Errorf("recorded %s", got)
	}
	if c.Messages[0].Time.Before(c.Started) || c.Messages[1].Time.Before(c.Messages[0].Time) {
		t.Errorf("the times are not in order: %+v", c)
	}
	if value(c.Request, "Sec-WebSocket-Protocol") != "chat" || value(c.Response, "Sec-WebSocket-Protocol") != "chat" || value(c.Request, "Sec-WebSocket-Key") == "" {
		t.Errorf("recorded the headers %v and %v", c.Request, c.Response)
	}
	if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "secret") || value(c.Request, "Authorization") != "" {
		t.Errorf("the file has the password: %v", err)
	}

	// An existing file is not overwritten by accident.
	text(t, "", "record", base+"/echo", file).want(t, exitUsage, "", "ws: record: "+file+" exists: choose another name, or add --force\n")
	text(t, "two\n", "record", "--force", "--with-secrets", with+"/echo", file).want(t, exitOK, "two\n", "*")
	c = recorded(t, file)
	if shortly(c) != `send "two", receive "two"` || value(c.Request, "Authorization") == "" {
		t.Errorf("recorded %s with %v", shortly(c), c.Request)
	}
}

// What went wrong is recorded too.
func TestRecordFailures(t *testing.T) {
	base := testServer(t)
	for _, c := range []struct {
		path   string
		status int
		http   int
		want   string
	}{
		{"/refuse?status=403", exitNoHandshake, 403, "error"},
		{"/close?send=1&code=4001", exitClosed, 101, `receive "0", error`},
		{"/echo", exitOK, 101, `send "\x00\xff"`},
	} {
		file := filepath.Join(t.TempDir(), "f.har")
		in, args := "", []string{"record", "--stay"}
		if c.status == exitOK {
			in, args = "\x00\xFF", []string{"record", "-b"}
		}
		r := text(t, in, append(args, base+c.path, file)...)
		r.want(t, c.status, "*", "*")
		got := recorded(t, file)
		if c.status == exitOK {
			if len(got.Messages) != 2 || got.Messages[0].Opcode != wshar.OpBinary || string(got.Messages[1].Data) != in {
				t.Errorf("%s: recorded %+v", c.path, got.Messages)
			}
		} else if !strings.HasPrefix(shortly(got), c.want) {
			t.Errorf("%s: recorded %s, want %s", c.path, shortly(got), c.want)
		}
		if got.Status != c.http {
			t.Errorf("%s: recorded the status %d, want %d", c.path, got.Status, c.http)
		}
	}
}

// Another version of HTTP has its own stream and header fields.
func TestOtherVersion(t *testing.T) {
	versions["test"] = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		return (&shown{now: time.Now}).open(ctx, r)
	}
	defer delete(versions, "test")
	base := testServer(t)
	file := filepath.Join(t.TempDir(), "f.har")
	r := text(t, "a\n", "record", "-v", "--http", "test", "-s", "chat", "-H", "X-One: 1", base+"/echo?choose=chat", file)
	r.want(t, exitOK, "a\n", "*")
	for _, want := range []string{"> :method: CONNECT\n", "> :protocol: websocket\n", "> x-one: 1\n", "< HTTP/1.1 200\n"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("the notes lack %q:\n%s", want, r.err)
		}
	}
	c := recorded(t, file)
	if value(c.Request, ":path") != "/echo?choose=chat" || value(c.Request, "sec-websocket-protocol") != "chat" || c.Status != 200 || c.ServerAddr != "127.0.0.1" {
		t.Errorf("recorded %+v", c)
	}
	text(t, "", "check", "--http", "test", base).want(t, exitUsage, "", "ws: --http: only the handshake of HTTP/1.1 can be checked step by step\n")
}

// "-" is standard output, which then has nothing else.
func TestRecordToOutput(t *testing.T) {
	r := text(t, "a\n", "record", testServer(t)+"/echo", "-")
	all, err := wshar.Read(strings.NewReader(r.out))
	if err != nil || r.status != exitOK || shortly(all[0]) != `send "a", receive "a"` || !strings.HasPrefix(r.err, "a\n") {
		t.Errorf("status %d, %v\n%s\n%s", r.status, err, r.out, r.err)
	}
}

// tape writes a recording: what is sent and received, alternately described as
// "> text" and "< text", a second apart.
func tape(t *testing.T, url string, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tape.har")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := wshar.Write(f, wshar.Creator{Name: "test"}, taped(url, lines...)); err != nil {
		t.Fatal(err)
	}
	return file
}

func taped(url string, lines ...string) *wshar.Connection {
	c := &wshar.Connection{URL: url, Started: then}
	for i, l := range lines {
		m := wshar.Message{Kind: wshar.Receive, Time: then.Add(time.Duration(i) * time.Second), Opcode: wshar.OpText, Data: []byte(l[2:])}
		if l[0] == '>' {
			m.Kind = wshar.Send
		}
		c.Messages = append(c.Messages, m)
	}
	return c
}

func TestReplay(t *testing.T) {
	base := testServer(t)
	for _, c := range []struct {
		name   string
		lines  []string
		args   []string
		path   string
		status int
		out    string
	}{
		{"prints", []string{"> a", "< ?", "> b"}, []string{"--pace", "fast"}, "/echo", exitOK, "a\nb\n"},
		{"compares", []string{"> a", "< a", "> b", "< b"}, []string{"-c", "--pace", "fast"}, "/echo", exitOK, "2 messages as recorded\n"},
		{"in lockstep", []string{"< 0", "< 1", "> a"}, []string{"-c", "--pace", "lockstep"}, "/close?send=2&after=1&code=1000", exitOK, "2 messages as recorded\n"},
		{"as recorded", []string{"> a", "< a", "> b", "< b"}, []string{"-c", "--speed", "1000"}, "/echo", exitOK, "2 messages as recorded\n"},
		{"another text", []string{"> abc", "< abd"}, []string{"-c", "--pace", "fast"}, "/echo", exitDiffers,
			"message 0: want text \"abd\", got text \"abc\", from byte 2 on\n"},
		{"one missing", []string{"> a", "< a", "< b"}, []string{"-c", "--pace", "fast", "--wait", "50ms"}, "/echo", exitDiffers,
			"message 1: missing: text \"b\"\n"},
		{"one more", []string{"> a"}, []string{"-c", "--pace", "fast"}, "/echo", exitDiffers,
			"message 0: not in the recording: text \"a\"\n"},
		{"closed early", []string{"> a", "< 0"}, []string{"-c", "--pace", "lockstep"}, "/close?code=4001&reason=no", exitDiffers,
			"message 0: missing: text \"0\"\nthe connection ended: the peer closed the connection: status 4001 \"no\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := tape(t, base+c.path, c.lines...)
			text(t, "", append([]string{"replay", file}, c.args...)...).want(t, c.status, c.out, "*")
		})
	}
	t.Run("another URL", func(t *testing.T) {
		file := tape(t, "ws://192.0.2.1/", "> a", "< a")
		text(t, "", "replay", "-c", "--pace", "fast", file, base+"/echo").want(t, exitOK, "1 message as recorded\n", "")
	})
	t.Run("what was recorded", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "f.har")
		text(t, "a\nb\n", "record", "-s", "x,chat", base+"/echo?choose=chat", file).want(t, exitOK, "*", "*")
		text(t, "", "replay", "-c", "--pace", "fast", file).want(t, exitOK, "2 messages as recorded\n", "")
		r := text(t, "", "replay", "--wait", "50ms", file, base+"/header?name=Sec-WebSocket-Protocol")
		r.want(t, exitOK, "x, chat\n", "") // the same offer
	})
}

func TestReplayFiles(t *testing.T) {
	dir := t.TempDir()
	two := filepath.Join(dir, "two.har")
	f, err := os.Create(two)
	if err != nil {
		t.Fatal(err)
	}
	base := testServer(t)
	err = wshar.Write(f, wshar.Creator{}, taped(base+"/echo", "> a"), taped(base+"/echo?2", "> b", "< b"))
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none.har")
	if err := os.WriteFile(none, []byte(`{"log": {"entries": []}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	text(t, "", "replay", two).want(t, exitUsage, "", "ws: replay: "+two+" has 2 WebSockets: choose one by --index: 0 is "+base+
		"/echo with 1 message; 1 is "+base+"/echo?2 with 2 messages\n")
	text(t, "", "replay", "--index", "2", two).want(t, exitUsage, "", "ws: --index: "+two+" has 2 WebSockets: use 0 to 1\n")
	text(t, "", "replay", "--index", "1", two).want(t, exitOK, "b\n", "")
	text(t, "", "replay", none).want(t, exitOther, "", "*")
	text(t, "", "replay", filepath.Join(dir, "missing")).want(t, exitOther, "", "*")
}

// Messages are sent as long after each other as they were, or faster by
// --speed.
func TestReplayPace(t *testing.T) {
	for _, c := range []struct {
		speed float64
		want  time.Duration
	}{{1, 3 * time.Second}, {2, 1500 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			client, server := connected(t)
			var at []time.Duration
			begin := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					typ, p, err := server.Read(t.Context())
					if err != nil {
						return
					}
					at = append(at, time.Since(begin))
					server.Write(t.Context(), typ, p)
				}
			}()
			var out buffer
			r := &replay{console: console{out: &out, err: &out, now: time.Now}, pace: "recorded", speed: c.speed, compare: true, wait: time.Minute}
			r.recorded = taped("ws://h/", "> a", "< a", "< b", "> b")
			if err := r.over(t.Context(), client); err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
			<-done
			if len(at) != 2 || at[0] != 0 || at[1] != c.want {
				t.Errorf("with --speed %v sent at %v, want 0 and %v", c.speed, at, c.want)
			}
		})
	}
}

func TestWithoutUser(t *testing.T) {
	for in, want := range map[string]string{
		"ws://u:p@h/a@b": "ws://h/a@b", "ws://h": "ws://h", "wss://h:1/a?b=c@d": "wss://h:1/a?b=c@d", "ws://u@h?x=@": "ws://h?x=@", "ws://h?x=@": "ws://h?x=@", "ws://u:p@q@h/": "ws://h/", "h": "h",
	} {
		if got := withoutUser(in); got != want {
			t.Errorf("withoutUser(%q) = %q, want %q", in, got, want)
		}
	}
}
