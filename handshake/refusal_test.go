package handshake

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func TestAppendRefusal(t *testing.T) {
	for _, c := range []struct {
		name string
		err  api.HandshakeError
		want string
	}{
		{"RFC 6455 section 4.4: a version of the past",
			*refuse(426, "only version 13"),
			"HTTP/1.1 426 Upgrade Required\r\n" +
				"Connection: close\r\n" +
				"Connection: Upgrade\r\n" +
				"Content-Length: 16\r\n" +
				"Content-Type: text/plain; charset=utf-8\r\n" +
				"Sec-WebSocket-Version: 13\r\n" +
				"Upgrade: websocket\r\n" +
				"X-Content-Type-Options: nosniff\r\n" +
				"\r\n" +
				"only version 13\n"},
		{"RFC 9110 section 15.5.4: a body of the program's own",
			api.HandshakeError{Status: 403, Problem: "not shown", Body: []byte("{}"),
				Header: map[string][]string{"content-type": {"application/json"}, "Content-Length": {"999"}, "Transfer-Encoding": {"chunked"}}},
			"HTTP/1.1 403 Forbidden\r\n" +
				"Connection: close\r\n" +
				"Content-Length: 2\r\n" +
				"Content-Type: application/json\r\n" +
				"X-Content-Type-Options: nosniff\r\n" +
				"\r\n" +
				"{}"},
		{"RFC 9110 section 5.5: fields that cannot be written, a status that refuses nothing",
			api.HandshakeError{Header: map[string][]string{"A\r\nB": {"c"}, "D": {"e\r\nF: g", "h"}}},
			"HTTP/1.1 500 Internal Server Error\r\n" +
				"Connection: close\r\n" +
				"Content-Length: 0\r\n" +
				"Content-Type: text/plain; charset=utf-8\r\n" +
				"D: h\r\n" +
				"X-Content-Type-Options: nosniff\r\n" +
				"\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := AppendRefusal([]byte("before "), &c.err)
			if string(got) != "before "+c.want {
				t.Fatalf("got\n%s\nwant\n%s", got, c.want)
			}
			r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.want)), nil)
			if err != nil || !r.Close {
				t.Fatalf("net/http reads %+v, %v", r, err)
			}
			if _, err := io.ReadAll(r.Body); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusalStatus(t *testing.T) {
	for _, c := range []struct{ status, want int }{
		{0, 500}, {101, 500}, {200, 500}, {204, 500}, {304, 500}, {600, 500}, {-1, 500},
		{302, 302}, {400, 400}, {431, 431}, {503, 503}, {599, 599},
	} {
		if got, _, _ := Refusal(&api.HandshakeError{Status: c.status}); got != c.want {
			t.Errorf("status %d became %d, want %d", c.status, got, c.want)
		}
	}
}

func TestRefusalLeavesTheErrorAlone(t *testing.T) {
	e := refuse(426, "why")
	_, h, _ := Refusal(e)
	h["Upgrade"][0] = "changed"
	h["Connection"][1] = "changed"
	if e.Header["Upgrade"][0] != "websocket" || e.Header["Connection"][0] != "Upgrade" {
		t.Errorf("the error's header became %v", e.Header)
	}
}

// TestRefusalThroughHTTP holds net/http to closing the connection: what follows
// a refused handshake must not be read as a request (HOSTILE row 14).
func TestRefusalThroughHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, refusal := Check(FromHTTP(r), nil)
		status, h, body := Refusal(refusal)
		for name, values := range h {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		w.Write(body)
	}))
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	if _, err := io.WriteString(c, strings.Replace(sampleRequest, ": 13", ": 777", 1)+smuggled); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c) // ends because the server closes
	if err != nil && !bytes.Contains(got, []byte("\r\n\r\n")) {
		t.Fatal(err)
	}
	if bytes.Count(got, []byte("HTTP/1.1 ")) != 1 || !bytes.HasPrefix(got, []byte("HTTP/1.1 426 ")) {
		t.Fatalf("got\n%s\nwant one response, 426", got)
	}
	for _, field := range []string{"Connection: close\r\n", "Connection: Upgrade\r\n", "Upgrade: websocket\r\n", "Sec-WebSocket-Version: 13\r\n"} {
		if !bytes.Contains(got, []byte(field)) {
			t.Errorf("%q is missing from\n%s", field, got)
		}
	}
}
