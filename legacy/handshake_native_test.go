//go:build !js

package legacy_test

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/legacy"
)

// request76 is the request of draft-hixie-thewebsocketprotocol-76 section 1.2,
// response76 its response.
const (
	request76 = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n" +
		"Sec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n" +
		"Origin: http://example.com\r\n\r\n^n:ds[4U"
	response76 = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Location: ws://example.com/demo\r\n" +
		"Sec-WebSocket-Protocol: sample\r\n\r\n8jKS'y:G*Co,Wxa-"
)

// requests are a request of each draft and its response, byte for byte.
var requests = map[legacy.Draft]struct{ request, response string }{
	legacy.Hixie75: {
		// draft-hixie-thewebsocketprotocol-75 section 1.2
		"GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\nOrigin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n",
		"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
			"WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/demo\r\nWebSocket-Protocol: sample\r\n\r\n",
	},
	legacy.Hixie76: {request76, response76},
	legacy.Hybi07: {
		// draft-ietf-hybi-thewebsocketprotocol-07 section 1.2
		hybiRequest("7"), hybiResponse,
	},
	legacy.Hybi10:  {hybiRequest("8"), hybiResponse},
	legacy.RFC6455: {strings.Replace(hybiRequest("13"), "Sec-WebSocket-Origin", "Origin", 1), hybiResponse},
}

func hybiRequest(version string) string {
	return "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Protocol: sample, other\r\nSec-WebSocket-Extensions: deflate-stream\r\nSec-WebSocket-Version: " + version + "\r\n\r\n"
}

const hybiResponse = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sample\r\n\r\n"

// counted counts the writes to a connection.
type counted struct {
	net.Conn
	writes int
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// upgrade has Upgrade answer what is sent in pieces, and returns the answer's
// first n bytes, its head if n is 0, or all of it if it is a refusal, with what
// Upgrade returned.
func upgrade(t *testing.T, opts *legacy.AcceptOptions, n int, pieces ...string) (answer string, got accepted, writes int) {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	nc := &counted{Conn: theirs}
	done := make(chan accepted, 1)
	go func() {
		c, err := legacy.Upgrade(limited(t), nc, opts)
		done <- accepted{c, err}
	}()
	ours.SetDeadline(time.Now().Add(30 * time.Second))
	go func() {
		for _, p := range pieces {
			if _, err := io.WriteString(ours, p); err != nil {
				return // it was refused before
			}
		}
	}()
	in := bufio.NewReader(ours)
	p := make([]byte, n)
	k, _ := io.ReadFull(in, p)
	for n == 0 && !strings.HasSuffix(string(p), "\r\n\r\n") {
		b, err := in.ReadByte()
		if err != nil {
			break
		}
		p, k = append(p, b), k+1
	}
	go io.Copy(io.Discard, in)
	got = <-done
	if got.err == nil {
		writes = nc.writes
		got.c.CloseNow()
	}
	return string(p[:k]), got, writes
}

// Each draft's own example is answered byte for byte, in one write, however the
// request is cut: the gem websocket (1.2.9) takes the end of the head for that
// of the handshake.
func TestGoldenHandshakes(t *testing.T) {
	opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Subprotocols: []string{"sample"}}}
	each(t, all, func(t *testing.T, d legacy.Draft) {
		g := requests[d]
		for cut := range len(g.request) + 1 {
			answer, got, writes := upgrade(t, opts, len(g.response), g.request[:cut], g.request[cut:])
			if got.err != nil || answer != g.response || writes != 1 {
				t.Fatalf("cut at %d: %q in %d writes, %v; want %q", cut, answer, writes, got.err, g.response)
			}
			if s := got.c.Subprotocol(); s != "sample" {
				t.Errorf("the subprotocol is %q", s)
			}
		}
	})
}

// A request that ends early is never accepted.
func TestTruncatedRequests(t *testing.T) {
	each(t, old, func(t *testing.T, d legacy.Draft) {
		g := requests[d]
		for cut := range len(g.request) {
			ours, theirs := net.Pipe()
			go func() {
				io.WriteString(ours, g.request[:cut])
				ours.Close()
			}()
			if c, err := legacy.Upgrade(limited(t), theirs, nil); err == nil {
				c.CloseNow()
				t.Errorf("%q was accepted", g.request[:cut])
			} else if _, ok := errors.AsType[*api.HandshakeError](err); !ok {
				t.Errorf("cut at %d: %v, want a *HandshakeError", cut, err)
			}
		}
	})
}

// drafted are fields of a request that decide.
func without(request, line string) string { return strings.Replace(request, line+"\r\n", "", 1) }

// What is wrong with a request is answered, with the status and the reason.
func TestRefusals(t *testing.T) {
	r75, r76, r7, r8 := requests[legacy.Hixie75].request, request76, hybiRequest("7"), hybiRequest("8")
	key1 := "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5"
	evil := func(r string) string {
		return strings.Replace(r, "rigin: http://example.com", "rigin: http://evil.example", 1)
	}
	swap := func(r, from, to string) string { return strings.Replace(r, from, to, 1) }
	for _, tt := range []struct {
		name, request string
		opts          legacy.AcceptOptions
		status        int
		problem       string
	}{
		{name: "hixie-75, another origin", request: evil(r75), status: 403, problem: "http://evil.example"},
		{name: "hixie-76, another origin", request: evil(r76), status: 403, problem: "http://evil.example"},
		{name: "hybi-07, another origin", request: evil(r7), status: 403, problem: "http://evil.example"},
		{name: "hybi-10, another origin", request: evil(r8), status: 403, problem: "http://evil.example"},
		{name: "hybi-10, another origin in today's field", request: swap(r8, "Sec-WebSocket-Version", "Origin: http://evil.example\r\nSec-WebSocket-Version"), status: 403, problem: "http://evil.example"},
		{name: "hybi-07, two origins", request: swap(r7, "Sec-WebSocket-Version", "Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Version"), status: 403, problem: "Sec-WebSocket-Origin"},
		{name: "hixie-76, two origins", request: swap(r76, "Upgrade:", "Origin: http://example.com\r\nUpgrade:"), status: 403, problem: "Origin"},
		{name: "hixie-75, no such host", request: r75, opts: legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{AllowedHosts: []string{"localhost"}}}, status: 403, problem: "AllowedHosts"},
		{name: "hixie-76, no such host", request: r76, opts: legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{AllowedHosts: []string{"localhost"}}}, status: 403, problem: "AllowedHosts"},
		{name: "hixie-76, Check", request: r76, opts: legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Check: func(*handshake.Request) error { return errors.New("no") }}}, status: 403, problem: "AcceptOptions.Check"},
		{name: "hixie-76, one key", request: without(r76, key1), status: 400, problem: "Sec-WebSocket-Key1"},
		{name: "hixie-76, two first keys", request: swap(r76, key1, key1+"\r\n"+key1), status: 400, problem: "exactly once"},
		{name: "hixie-76, a key without spaces", request: swap(r76, "4 @1  46546xW%0l 1 5", "4@146546xW%0l15"), status: 400, problem: "no space"},
		{name: "hixie-76, a key without digits", request: swap(r76, "4 @1  46546xW%0l 1 5", "a b"), status: 400, problem: "no digit"},
		{name: "hixie-76, too many digits", request: swap(r76, "4 @1  46546xW%0l 1 5", "4 "+strings.Repeat("9", 5000)), status: 400, problem: "over 4,294,967,295"},
		{name: "hixie-76, not a multiple", request: swap(r76, "4 @1  46546xW%0l 1 5", "4 @1  46546xW%0l 1 6"), status: 400, problem: "not a multiple"},
		{name: "hixie-75, not a GET", request: swap(r75, "GET", "POST"), status: 405, problem: "POST"},
		{name: "hixie-75, HTTP/1.0", request: swap(r75, "HTTP/1.1", "HTTP/1.0"), status: 426, problem: "HTTP/1.1"},
		{name: "hixie-75, no Host", request: without(r75, "Host: example.com"), status: 400, problem: "Host"},
		{name: "hixie-75, a body", request: swap(r75, "Host", "Content-Length: 8\r\nHost"), status: 400, problem: "body"},
		{name: "hixie-76, a chunked body", request: swap(r76, "Host", "Transfer-Encoding: chunked\r\nHost"), status: 400, problem: "body"},
		{name: "hixie-76, another length", request: swap(r76, "Host", "Content-Length: 9\r\nHost"), status: 400, problem: "body"},
		{name: "hybi-07, no key", request: without(r7, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), status: 400, problem: "Sec-WebSocket-Key"},
		{name: "version 6", request: hybiRequest("6"), status: 426, problem: `"6"`},
		{name: "hixie-75 is not let in", request: r75, opts: legacy.AcceptOptions{Drafts: []legacy.Draft{legacy.Hybi10}}, status: 426, problem: "hixie-75"},
		{name: "hixie-76 is not let in", request: r76, opts: legacy.AcceptOptions{Drafts: []legacy.Draft{}}, status: 426, problem: "hixie-76"},
		{name: "hybi-07 is not let in", request: r7, opts: legacy.AcceptOptions{Drafts: []legacy.Draft{legacy.Hixie75, legacy.Hybi10}}, status: 426, problem: "AcceptOptions.Drafts"},
		{name: "an invalid option", request: r76, opts: legacy.AcceptOptions{Drafts: []legacy.Draft{9}}, status: 500, problem: "Draft(9)"},
	} {
		answer, got, _ := upgrade(t, &tt.opts, 1<<16, tt.request)
		e, ok := errors.AsType[*api.HandshakeError](got.err)
		if !ok || e.Status != tt.status || !strings.Contains(got.err.Error(), tt.problem) {
			t.Errorf("%s: %v, want %d and %q", tt.name, got.err, tt.status, tt.problem)
		}
		if !strings.HasPrefix(answer, "HTTP/1.1 "+strconv.Itoa(tt.status)) {
			t.Errorf("%s: the answer is %.60q", tt.name, answer)
		}
		if tt.status == 426 && tt.opts.Drafts == nil && strings.HasPrefix(tt.name, "version") && !strings.Contains(answer, "Sec-WebSocket-Version: 13, 8, 7\r\n") {
			t.Errorf("%s: the answer does not list the versions: %q", tt.name, answer)
		}
	}
}

// What is let in: other origins by their pattern, all of them, none at all.
func TestLetIn(t *testing.T) {
	each(t, old, func(t *testing.T, d legacy.Draft) {
		g := requests[d]
		evil := strings.Replace(g.request, "rigin: http://example.com", "rigin: https://other.example", 1)
		field := "Origin: http://example.com"
		if strings.Contains(g.request, "Sec-WebSocket-Origin") {
			field = "Sec-WebSocket-Origin: http://example.com"
		}
		checked := ""
		for name, tt := range map[string]struct {
			request string
			opts    ws.AcceptOptions
		}{
			"its origin":   {g.request, ws.AcceptOptions{}},
			"no origin":    {without(g.request, field), ws.AcceptOptions{}},
			"a pattern":    {evil, ws.AcceptOptions{OriginPatterns: []string{"https://other.example"}}},
			"every origin": {evil, ws.AcceptOptions{InsecureSkipOriginCheck: true}},
			"a host":       {g.request, ws.AcceptOptions{AllowedHosts: []string{"example.com"}}},
			"a Check":      {g.request, ws.AcceptOptions{Check: func(r *handshake.Request) error { checked = r.Target; return nil }}},
		} {
			answer, got, _ := upgrade(t, &legacy.AcceptOptions{AcceptOptions: tt.opts, Drafts: []legacy.Draft{d}}, 13, tt.request)
			if got.err != nil || !strings.HasPrefix(answer, "HTTP/1.1 101 ") {
				t.Errorf("%s: %q, %v", name, answer, got.err)
			}
		}
		if checked != strings.Fields(g.request)[1] {
			t.Errorf("Check saw %q", checked)
		}
	})
}

// The location is scheme, host, port unless it is the default one, path and
// query (section 3.2 of both hixie drafts).
func TestLocation(t *testing.T) {
	for _, tt := range []struct {
		target, host string
		behindTLS    bool
		want         string
	}{
		{"/", "example.com", false, "ws://example.com/"},
		{"/a/b?c=d&e", "EXAMPLE.com:80", false, "ws://example.com/a/b?c=d&e"},
		{"/", "example.com:8080", false, "ws://example.com:8080/"},
		{"/", "example.com:443", false, "ws://example.com:443/"},
		{"/", "example.com:443", true, "wss://example.com/"},
		{"/", "example.com:80", true, "wss://example.com:80/"},
		{"/x", "[::1]:80", false, "ws://[::1]/x"},
		{"http://example.com/abs?q", "example.com", false, "ws://example.com/abs?q"},
		{"http://example.com?q", "example.com", false, "ws://example.com/?q"},
		{"http://example.com", "example.com", false, "ws://example.com/"},
	} {
		request := strings.NewReplacer("/demo", tt.target, "Host: example.com", "Host: "+tt.host).Replace(request76)
		opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{InsecureSkipOriginCheck: true}, BehindTLS: tt.behindTLS}
		answer, got, _ := upgrade(t, opts, len(response76)+len(tt.want)-len("ws://example.com/demo")-len("Sec-WebSocket-Protocol: sample\r\n"), request)
		if got.err != nil || !strings.Contains(answer, "Sec-WebSocket-Location: "+tt.want+"\r\n") {
			t.Errorf("%q of %q: %q, %v; want %s", tt.target, tt.host, answer, got.err, tt.want)
		}
		if !strings.HasSuffix(answer, "8jKS'y:G*Co,Wxa-") {
			t.Errorf("%q does not end with the answer", answer)
		}
	}
}

// The server's own fields are added, in all drafts; those of the handshake are
// not the program's.
func TestHeaderOfTheAnswer(t *testing.T) {
	each(t, old, func(t *testing.T, d legacy.Draft) {
		opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Header: map[string][]string{"X-One": {"1", "2"}, "Set-Cookie": {"a=b"}}}}
		answer, got, _ := upgrade(t, opts, 0, requests[d].request)
		if got.err != nil {
			t.Fatal(got.err)
		}
		if !strings.Contains(answer, "\r\nSet-Cookie: a=b\r\nX-One: 1\r\nX-One: 2\r\n\r\n") {
			t.Errorf("the answer is %q", answer)
		}
		opts.Header = map[string][]string{"Upgrade": {"h2c"}}
		if err := opts.Validate(); err == nil {
			t.Error("Validate accepts the field Upgrade")
		}
	})
}

// The gem websocket (1.2.9) offers the subprotocol under hixie-75's name in
// hixie-76 too.
func TestSubprotocolUnderTheOlderName(t *testing.T) {
	opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Subprotocols: []string{"sample"}}}
	answer, got, _ := upgrade(t, opts, len(response76), strings.Replace(request76, "Sec-WebSocket-Protocol", "WebSocket-Protocol", 1))
	if got.err != nil || answer != response76 {
		t.Errorf("%q, %v", answer, got.err)
	}
	opts.Subprotocols = []string{"another"}
	answer, got, _ = upgrade(t, opts, len(response76)-len("Sec-WebSocket-Protocol: sample\r\n"), request76)
	if got.err != nil || strings.Contains(answer, "Protocol: ") {
		t.Errorf("%q, %v; want no subprotocol", answer, got.err)
	}
}

func TestDraftOf(t *testing.T) {
	for d, g := range requests {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(g.request)))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := legacy.DraftOf(r); !ok || got != d {
			t.Errorf("%v: %v, %v", d, got, ok)
		}
	}
	for _, s := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", hybiRequest("6"), hybiRequest("13, 8"), hybiRequest("")} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s)))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := legacy.DraftOf(r); ok {
			t.Errorf("%.30q is %v", s, got)
		}
	}
	names := []string{}
	for _, d := range append(slices.Clone(all), -1, 9) {
		names = append(names, d.String())
	}
	if got := strings.Join(names, " "); got != "RFC 6455 hixie-75 hixie-76 hybi-07 hybi-10 Draft(-1) Draft(9)" {
		t.Error(got)
	}
}

// asked dials url and returns the head of the request, with what is behind it,
// and the connection to answer on. The result of Dial comes on done.
func asked(t *testing.T, url string, d legacy.Draft, opts legacy.DialOptions) (lines []string, behind string, nc net.Conn, done chan accepted) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	opts.NetDial = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	done = make(chan accepted, 1)
	go func() {
		c, err := legacy.Dial(limited(t), url, d, &opts)
		done <- accepted{c, err}
	}()
	theirs.SetDeadline(time.Now().Add(30 * time.Second))
	in := bufio.NewReader(theirs)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err, (<-done).err)
		}
		if line = strings.TrimSuffix(line, "\r\n"); line == "" {
			break
		}
		lines = append(lines, line)
	}
	if d == legacy.Hixie76 {
		p := make([]byte, 8)
		if _, err := io.ReadFull(in, p); err != nil {
			t.Fatal(err)
		}
		behind = string(p)
	}
	if in.Buffered() > 0 {
		t.Errorf("%d more bytes are behind the head", in.Buffered())
	}
	return lines, behind, theirs, done
}

// The requests of a client, line by line: hixie-75 (section 4.1) has an order,
// hixie-76 has none, and the hybi drafts name the origin in another field.
func TestGoldenRequests(t *testing.T) {
	opts := legacy.DialOptions{DialOptions: ws.DialOptions{Subprotocols: []string{"sample"}, Header: map[string][]string{"User-Agent": {""}, "X-Own": {"b", "a"}}}}
	want := map[legacy.Draft][]string{
		legacy.Hixie75: {"GET /demo?a=b HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: example.com", "Origin: http://example.com",
			"WebSocket-Protocol: sample", "X-Own: b", "X-Own: a"},
		legacy.Hixie76: {"GET /demo?a=b HTTP/1.1", "Connection: Upgrade", "Host: example.com", "Origin: http://example.com",
			"Sec-WebSocket-Key1: ", "Sec-WebSocket-Key2: ", "Sec-WebSocket-Protocol: sample", "Upgrade: WebSocket", "X-Own: b", "X-Own: a"},
		legacy.Hybi07: {"GET /demo?a=b HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: ",
			"Sec-WebSocket-Version: 7", "Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Protocol: sample", "X-Own: b", "X-Own: a"},
		legacy.Hybi10: {"GET /demo?a=b HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: ",
			"Sec-WebSocket-Version: 8", "Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Protocol: sample", "X-Own: b", "X-Own: a"},
	}
	orders := map[string]bool{}
	for range 20 {
		each(t, old, func(t *testing.T, d legacy.Draft) {
			lines, _, nc, done := asked(t, "ws://EXAMPLE.com:80/demo?a=b", d, opts)
			nc.Close()
			<-done
			if d == legacy.Hixie76 {
				orders[strings.Join(lines[1:len(lines)-2], "\n")] = true
				slices.Sort(lines[1 : len(lines)-2])
			}
			for i, line := range lines {
				if name, _, ok := strings.Cut(line, "-Key"); ok && name == "Sec-WebSocket" {
					colon := strings.Index(line, ": ")
					lines[i] = line[:colon+2]
				}
			}
			if !slices.Equal(lines, want[d]) {
				t.Errorf("got  %q\nwant %q", lines, want[d])
			}
		})
	}
	if len(orders) < 10 {
		t.Errorf("the fields of hixie-76 came in %d orders, want them shuffled", len(orders))
	}
}

// The origin is that of the URL, or the one that is asked for.
func TestOriginOfTheClient(t *testing.T) {
	for _, tt := range []struct{ url, origin, want string }{
		{"ws://example.com:8080/", "", "http://example.com:8080"},
		{"ws://[::1]:80/", "", "http://[::1]"},
		{"ws://example.com/", "https://page.example", "https://page.example"},
		{"ws://example.com/", "null", "null"},
	} {
		each(t, old, func(t *testing.T, d legacy.Draft) {
			lines, _, nc, done := asked(t, tt.url, d, legacy.DialOptions{Origin: tt.origin})
			nc.Close()
			<-done
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, "rigin: "+tt.want) }) {
				t.Errorf("%q has no origin %s", lines, tt.want)
			}
		})
	}
	_, err := legacy.Dial(limited(t), "ws://example.com/", legacy.Hixie76, &legacy.DialOptions{Origin: "http://a\r\nX-Evil: yes"})
	if e, ok := errors.AsType[*api.ArgumentError](err); !ok || e.Name != "Origin" {
		t.Errorf("an origin of two lines: %v", err)
	}
}

// proof is the answer to a request of hixie-76, by the draft's words alone
// (section 5.2).
func proof(lines []string, behind string) string {
	var b []byte
	for _, name := range []string{"Sec-WebSocket-Key1: ", "Sec-WebSocket-Key2: "} {
		for _, l := range lines {
			if key, ok := strings.CutPrefix(l, name); ok {
				n, _ := strconv.ParseUint(strings.Map(func(c rune) rune {
					if c < '0' || c > '9' {
						return -1
					}
					return c
				}, key), 10, 64)
				b = binary.BigEndian.AppendUint32(b, uint32(n/uint64(strings.Count(key, " "))))
			}
		}
	}
	sum := md5.Sum(append(b, behind...))
	return string(sum[:])
}

// An answer whose location or origin is another one is refused, unless the
// option says that proxies change them; the proof of hixie-76 is always
// checked.
func TestAnswerCheck(t *testing.T) {
	for _, d := range []legacy.Draft{legacy.Hixie75, legacy.Hixie76} {
		prefix := map[legacy.Draft]string{legacy.Hixie75: "", legacy.Hixie76: "Sec-"}[d]
		for _, tt := range []struct {
			origin, location string
			right            bool
		}{
			{"http://example.com", "ws://example.com/demo?a=b", true},
			{"HTTP://EXAMPLE.COM", "ws://example.com/demo?a=b", true},
			{"http://example.com", "WS://EXAMPLE.COM:80/demo?a=b", true},
			{"http://other.example", "ws://example.com/demo?a=b", false},
			{"", "ws://example.com/demo?a=b", false},
			{"http://example.com", "wss://example.com/demo?a=b", false},
			{"http://example.com", "ws://user@example.com/demo?a=b", false},
			{"http://example.com", "ws://example.com/demo?a=b#c", false},
			{"http://example.com", "ws://example.com/demo", false},
			{"http://example.com", "ws://example.com/Demo?a=b", false},
			{"http://example.com", "ws://example.com:81/demo?a=b", false},
			{"http://example.com", "/demo?a=b", false},
			{"http://example.com", "", false},
		} {
			for _, skip := range []bool{false, true} {
				for _, proves := range []bool{true, false} {
					lines, behind, nc, done := asked(t, "ws://example.com/demo?a=b", d, legacy.DialOptions{InsecureSkipAnswerCheck: skip})
					answer := "HTTP/1.1 101 Whatever\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" + prefix + "WebSocket-Origin: " + tt.origin + "\r\n" +
						prefix + "WebSocket-Location: " + tt.location + "\r\n\r\n"
					if d == legacy.Hixie76 && proves {
						answer += proof(lines, behind)
					} else if d == legacy.Hixie76 {
						answer += strings.Repeat("x", 16)
					}
					go io.WriteString(nc, answer)
					got := <-done
					want := (tt.right || skip) && (proves || d == legacy.Hixie75)
					if (got.err == nil) != want {
						t.Errorf("%v %q %q, skip %v, proof %v: %v, want accepted %v", d, tt.origin, tt.location, skip, proves, got.err, want)
					}
					if got.err == nil {
						got.c.CloseNow()
					} else if e, ok := errors.AsType[*api.HandshakeError](got.err); !ok || !strings.Contains(e.Problem, d.String()) || e.Status != 101 {
						t.Errorf("%v: %v, which does not name the draft", d, got.err)
					}
					nc.Close()
				}
			}
		}
	}
}

// A draft that does not exist, and what the hixie drafts cannot offer, are
// mistakes of the program, found before anything is sent.
func TestDialArguments(t *testing.T) {
	nowhere := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("dialed") }
	for name, err := range map[string]error{
		"draft":        dialError(legacy.Draft(7), &legacy.DialOptions{NetDial: nowhere}),
		"Subprotocols": dialError(legacy.Hixie76, &legacy.DialOptions{NetDial: nowhere, DialOptions: ws.DialOptions{Subprotocols: []string{"a", "b"}}}),
		"Header":       dialError(legacy.Hixie75, &legacy.DialOptions{NetDial: nowhere, DialOptions: ws.DialOptions{Header: map[string][]string{"Host": {"a"}}}}),
	} {
		if e, ok := errors.AsType[*api.ArgumentError](err); !ok || !strings.HasPrefix(e.Name, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func dialError(d legacy.Draft, o *legacy.DialOptions) error {
	_, err := legacy.Dial(context.Background(), "ws://example.com/", d, o)
	return err
}

// An answer that ends early, at whatever byte, opens no connection.
func TestTruncatedAnswers(t *testing.T) {
	for _, d := range []legacy.Draft{legacy.Hixie75, legacy.Hixie76} {
		prefix := map[legacy.Draft]string{legacy.Hixie75: "", legacy.Hixie76: "Sec-"}[d]
		for cut, more := 0, true; more; cut++ {
			lines, behind, nc, done := asked(t, "ws://example.com/demo", d, legacy.DialOptions{})
			answer := "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
				prefix + "WebSocket-Origin: http://example.com\r\n" + prefix + "WebSocket-Location: ws://example.com/demo\r\n\r\n"
			if d == legacy.Hixie76 {
				answer += proof(lines, behind)
			}
			more = cut < len(answer)
			go func() {
				io.WriteString(nc, answer[:cut])
				nc.Close()
			}()
			got := <-done
			if (got.err == nil) == more {
				t.Errorf("%v, %d of %d bytes: %v", d, cut, len(answer), got.err)
			}
			if _, ok := errors.AsType[*api.HandshakeError](got.err); more && !ok {
				t.Errorf("%v, %d bytes: %v, want a *HandshakeError", d, cut, got.err)
			}
			if got.err == nil {
				got.c.CloseNow()
			}
		}
	}
}
