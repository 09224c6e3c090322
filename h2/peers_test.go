package h2_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// roads skips a test of another server if WS_NO_ROADS=1 asks for that.
func roads(t *testing.T, what string) {
	if os.Getenv("WS_NO_ROADS") == "1" {
		t.Skip("WS_NO_ROADS=1: NOT run against " + what)
	}
}

// certificate writes a certificate for 127.0.0.1, and returns its files.
func certificate(t *testing.T) (key, cert string, trusting *tls.Config) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	for file, block := range map[string]*pem.Block{key: {Type: "PRIVATE KEY", Bytes: pkcs8}, cert: {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return key, cert, &tls.Config{RootCAs: roots}
}

// run starts a program, which ends with the test, and returns its output.
func run(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: see scripts/need.sh roads, or set WS_NO_ROADS=1", err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", cmd.Path, log.String())
		}
	})
	return bufio.NewReader(out)
}

// Node's http2 as a server.
func TestNode(t *testing.T) {
	roads(t, "Node.js")
	key, cert, trusting := certificate(t)
	port, err := run(t, exec.Command("node", "testdata/node.js", key, cert)).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := "wss://127.0.0.1:" + strings.TrimSpace(port)
	tr := &h2.Transport{}
	defer tr.Close()
	d := &ws.Dialer{TLSConfig: trusting, OpenStream: tr.OpenStream}
	exchange(t, d, url)

	_, err = d.Dial(t.Context(), url+"/refuse")
	if e := handshakeError(t, err); e.Status != 403 || string(e.Body) != "not today" || http.Header(e.Header).Get("X-Reason") != "none" {
		t.Errorf("the refusal is %+v", e)
	}

	c, err := d.Dial(t.Context(), url+"/reset")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = c.Read(t.Context()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after RST_STREAM the error is %v, want ECONNRESET", err)
	}

	away, err := d.Dial(t.Context(), url+"/goaway")
	if err != nil {
		t.Fatal(err)
	}
	says(t, away, "still")
	next, err := d.Dial(t.Context(), url+"/")
	if err != nil {
		t.Fatal(err)
	}
	says(t, next, "new")
	says(t, away, "still")
	away.CloseNow()
	next.CloseNow()
}

// hypercorn, with Python's h2 and wsproto.
func TestHypercorn(t *testing.T) {
	roads(t, "hypercorn")
	key, cert, trusting := certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command("/usr/bin/python3", "-m", "hypercorn", "--bind", "fd://3", "--keyfile", key, "--certfile", cert,
		"--websocket-ping-interval", "1", "echo:app")
	cmd.Dir = "testdata"
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.ExtraFiles = []*os.File{file}
	go io.Copy(io.Discard, run(t, cmd))
	tr := &h2.Transport{}
	defer tr.Close()
	d := &ws.Dialer{TLSConfig: trusting, OpenStream: tr.OpenStream, HandshakeTimeout: 20 * time.Second}
	d.Subprotocols = []string{"chat", "other"}
	url := "wss://" + l.Addr().String()
	exchange(t, d, url)
	_, err = d.Dial(t.Context(), url+"/refuse")
	if e := handshakeError(t, err); e.Status != 403 {
		t.Errorf("the refusal is %+v", e)
	}
}

// exchange sends messages of all sizes on many WebSockets, and closes them.
func exchange(t *testing.T, d *ws.Dialer, url string) {
	t.Helper()
	d.ReadLimit = -1
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			c, err := d.Dial(t.Context(), url+"/")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			if len(d.Subprotocols) > 0 && c.Subprotocol() != d.Subprotocols[0] || c.HTTPVersion() != "HTTP/2.0" {
				t.Errorf("subprotocol %q by %s", c.Subprotocol(), c.HTTPVersion())
			}
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
				if size == 1<<20 && i > 0 {
					break
				}
				says(t, c, strings.Repeat("x", size))
			}
			if err := c.Close(ws.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
	all.Wait()
}

// says sends a message and wants it back, as text and as binary.
func says(t *testing.T, c *ws.Conn, text string) {
	t.Helper()
	for _, typ := range []ws.MessageType{ws.MessageText, ws.MessageBinary} {
		wrote := make(chan error, 1)
		go func() { wrote <- c.Write(t.Context(), typ, []byte(text)) }()
		got, p, err := c.Read(t.Context())
		if err != nil || got != typ || string(p) != text {
			t.Errorf("%d bytes of %v: got %d of %v, %v", len(text), typ, len(p), got, err)
			return
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	}
}
