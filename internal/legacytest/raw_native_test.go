//go:build !js

package legacytest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// soon bounds what a test of bytes waits for, and never passes by waiting.
const soon = 30 * time.Second

// writes is a connection that remembers each write.
type writes struct {
	net.Conn
	mu  sync.Mutex
	all [][]byte
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.all = append(w.all, bytes.Clone(p))
	w.mu.Unlock()
	return w.Conn.Write(p)
}

// CloseWrite is what TCP can, and a net.Conn need not: hixie-75 ends by it.
func (w *writes) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

func (w *writes) first() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return nil
	}
	return w.all[0]
}

// rawClient is bytes against a server of ours.
type rawClient struct {
	net.Conn
	*bufio.Reader
	server *writes // our side of the connection
}

func (c rawClient) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// sends writes segments one after the other, each in a packet of its own as far
// as TCP promises that.
func (c rawClient) sends(t *testing.T, segments ...string) {
	t.Helper()
	for _, s := range segments {
		if _, err := io.WriteString(c.Conn, s); err != nil {
			t.Error(err)
			return
		}
	}
}

// answer reads a response's head, and n bytes behind it.
func (c rawClient) answer(t *testing.T, n int) (head string, behind string) {
	t.Helper()
	for !strings.HasSuffix(head, "\r\n\r\n") {
		line, err := c.ReadString('\n')
		if err != nil {
			t.Errorf("%v behind %q", err, head+line)
			return head + line, ""
		}
		head += line
	}
	return head, c.reads(t, n)
}

func (c rawClient) reads(t *testing.T, n int) string {
	t.Helper()
	p := make([]byte, n)
	if n, err := io.ReadFull(c.Reader, p); err != nil {
		t.Errorf("%v behind %q", err, p[:n])
	}
	return string(p)
}

// eachServer runs test against Accept and against Upgrade. serve is what the
// server does with its connection.
func eachServer(t *testing.T, o *legacy.AcceptOptions, serve func(ctx context.Context, c api.Conn) error, test func(t *testing.T, c rawClient)) {
	t.Helper()
	result := func(t *testing.T, c api.Conn, err error) {
		if err == nil {
			defer c.CloseNow()
			err = serve(t.Context(), c)
		}
		if err != nil {
			t.Errorf("our server: %v", err)
		}
	}
	client := func(t *testing.T, addr net.Addr, accepted <-chan *writes) rawClient {
		nc, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(soon))
		return rawClient{nc, bufio.NewReader(nc), <-accepted}
	}
	t.Run("Accept", func(t *testing.T) {
		accepted := make(chan *writes, 1)
		over := make(chan struct{})
		h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(over)
			c, err := legacy.Accept(w, r, o)
			result(t, c, err)
		}))
		h.Listener = writesListener{h.Listener, accepted}
		h.Start()
		defer h.Close()
		test(t, client(t, h.Listener.Addr(), accepted))
		<-over
	})
	t.Run("Upgrade", func(t *testing.T) {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		accepted := make(chan *writes, 1)
		var g sync.WaitGroup
		defer g.Wait()
		defer nl.Close()
		g.Go(func() {
			nc, err := writesListener{nl, accepted}.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			c, err := legacy.Upgrade(t.Context(), nc, o)
			result(t, c, err)
		})
		test(t, client(t, nl.Addr(), accepted))
	})
}

type writesListener struct {
	net.Listener
	accepted chan<- *writes
}

func (l writesListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &writes{Conn: nc}
	l.accepted <- w
	return w, nil
}

// rawServer answers one request with what answer makes of it, byte for byte,
// and then gives the connection to more, if that is not nil. The request of
// hixie-76 has its 8 bytes.
func rawServer(t *testing.T, answer func(head, challenge string) string, more func(c rawClient)) (addr string) {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	t.Cleanup(func() { nl.Close(); g.Wait() })
	g.Go(func() {
		nc, err := nl.Accept()
		if err != nil {
			return // the test has not come so far
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(soon))
		c := rawClient{nc, bufio.NewReader(nc), nil}
		head := ""
		for !strings.HasSuffix(head, "\r\n\r\n") {
			line, err := c.ReadString('\n')
			if head += line; err != nil {
				t.Errorf("%v behind %q", err, head)
				return
			}
		}
		var challenge string
		if field(head, "Sec-WebSocket-Key1") != "" {
			challenge = c.reads(t, 8)
		}
		c.sends(t, answer(head, challenge))
		if more != nil {
			more(c)
		}
		io.Copy(io.Discard, c)
	})
	return nl.Addr().String()
}

// field is a field of a head, "" for none.
func field(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimPrefix(value, " ")
		}
	}
	return ""
}

// solved is what hixie-76's section 5.2 makes of a request, counted as it is
// written there.
func solved(key1, key2, challenge string) string {
	part := func(key string) uint32 {
		var number, spaces uint64
		for _, c := range []byte(key) {
			switch {
			case c == ' ':
				spaces++
			case '0' <= c && c <= '9':
				number = number*10 + uint64(c-'0')
			}
		}
		return uint32(number / spaces)
	}
	p := binary.BigEndian.AppendUint32(nil, part(key1))
	p = binary.BigEndian.AppendUint32(p, part(key2))
	sum := md5.Sum(append(p, challenge...))
	return string(sum[:])
}

// answer75 and answer76 are right answers to requests for path.
func answer75(addr, origin, path, more string) string {
	return fmt.Sprintf("HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"+
		"WebSocket-Origin: %s\r\nWebSocket-Location: ws://%s%s\r\n%s\r\n", origin, addr, path, more)
}

func answer76(head, challenge, addr, origin, path, more string) string {
	return fmt.Sprintf("HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Origin: %s\r\nSec-WebSocket-Location: ws://%s%s\r\n%s\r\n%s", origin, addr, path, more,
		solved(field(head, "Sec-WebSocket-Key1"), field(head, "Sec-WebSocket-Key2"), challenge))
}

// answers is the right one of them for a draft, with other values where a test
// wants them.
func answers(d legacy.Draft, location, origin, more string) func(head, challenge string) string {
	return func(head, challenge string) string {
		addr, from := field(head, "Host"), field(head, "Origin")
		if location != "" {
			addr = location
		}
		if origin != "" {
			from = origin
		}
		_, path, _ := strings.Cut(head, " ")
		path, _, _ = strings.Cut(path, " ")
		if d == hixie75 {
			return answer75(addr, from, path, more)
		}
		return answer76(head, challenge, addr, from, path, more)
	}
}
