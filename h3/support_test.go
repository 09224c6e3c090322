package h3

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/twinws/ws"
	"github.com/twinws/ws/internal/tunnel"
)

// within is a context that bounds a test.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// identity is a certificate for 127.0.0.1 and localhost, and what trusts it.
var identity = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "h3 test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
})

func serverTLS(protocols ...string) *tls.Config {
	cert, _ := identity()
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: protocols}
}

func clientTLS() *tls.Config {
	_, pool := identity()
	return &tls.Config{RootCAs: pool}
}

// noProxy keeps the environment out of the tests.
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// dialer returns a Dialer over tr, which is closed after the test.
func dialer(t testing.TB, tr *Transport) *ws.Dialer {
	t.Cleanup(func() { tr.Close() })
	return &ws.Dialer{TLSConfig: clientTLS(), Proxy: noProxy, OpenStream: tr.OpenStream}
}

// scripted is a server that does what a test wants, byte by byte.
type scripted struct {
	t        testing.TB
	settings []byte                                    // the SETTINGS frame, or whatever the control stream begins with
	request  func(n int, c *quic.Conn, s *quic.Stream) // called for each request, n from 1, after its HEADERS were read
	mu       sync.Mutex                                // protects request
	quic     *quic.Config
	conns    chan *serverConn
	listener *quic.Listener
	pc       net.PacketConn
	addr     string
}

// serverConn is a connection that scripted has accepted.
type serverConn struct {
	*quic.Conn
	control *quic.SendStream
}

// pairs encodes SETTINGS.
func pairs(values ...uint64) []byte {
	var payload []byte
	for _, v := range values {
		payload = quicvarint.Append(payload, v)
	}
	return append(appendFrame(nil, frameSettings, uint64(len(payload))), payload...)
}

// frame encodes a frame.
func frame(kind uint64, payload string) []byte {
	return append(appendFrame(nil, kind, uint64(len(payload))), payload...)
}

// answer encodes the HEADERS of a response from names and values.
func answer(fields ...string) []byte {
	var b block
	e := qpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(qpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return frame(frameHeaders, string(b))
}

type block []byte

func (b *block) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// start listens; request nil accepts each WebSocket and leaves it open.
func (s *scripted) start(t testing.TB) *scripted {
	s.t = t
	if s.settings == nil {
		s.settings = pairs(settingConnect, 1)
	}
	if s.quic == nil {
		s.quic = &quic.Config{MaxIncomingStreams: 2000}
	}
	if s.request == nil {
		s.request = func(_ int, _ *quic.Conn, q *quic.Stream) { q.Write(answer(":status", "200")) }
	}
	var err error
	if s.pc == nil {
		if s.pc, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	if s.listener, err = quic.Listen(s.pc, serverTLS(alpn), s.quic); err != nil {
		t.Fatal(err)
	}
	s.conns = make(chan *serverConn, 100)
	s.addr = s.pc.LocalAddr().String()
	t.Cleanup(func() { s.listener.Close(); s.pc.Close() })
	go s.accept()
	return s
}

func (s *scripted) url() string { return "wss://" + s.addr + "/chat" }

func (s *scripted) accept() {
	for {
		q, err := s.listener.Accept(context.Background())
		if err != nil {
			return
		}
		control, err := q.OpenUniStream()
		if err != nil {
			continue
		}
		control.Write(append([]byte{streamControl}, s.settings...))
		s.conns <- &serverConn{q, control}
		go s.serve(q)
	}
}

func (s *scripted) serve(c *quic.Conn) {
	for n := 1; ; n++ {
		q, err := c.AcceptStream(context.Background())
		if err != nil {
			return
		}
		var h tunnel.FrameHeader
		kind, length, err := h.Read(q)
		if err != nil {
			continue
		}
		if kind != frameHeaders {
			s.t.Errorf("the request begins with a frame of type %#x", kind)
		}
		io.CopyN(io.Discard, q, int64(length))
		s.mu.Lock()
		request := s.request
		s.mu.Unlock()
		request(n, c, q)
	}
}

// goAway sends GOAWAY: requests on streams from id on are not processed.
func (c *serverConn) goAway(id uint64) {
	c.control.Write(frame(frameGoAway, string(quicvarint.Append(nil, id))))
}

// ended waits for the client to close the connection, and returns its code.
func (c *serverConn) ended(t testing.TB) uint64 {
	t.Helper()
	select {
	case <-c.Context().Done():
	case <-within(t).Done():
		t.Fatal("the connection is still open")
	}
	e, ok := context.Cause(c.Context()).(*quic.ApplicationError)
	if !ok || !e.Remote {
		t.Fatalf("the connection ended with %v", context.Cause(c.Context()))
	}
	return uint64(e.ErrorCode)
}

// pipe returns both ends of a stream.
func pipe(t testing.TB, s *scripted, tr *Transport) (client, server *stream) {
	t.Helper()
	d := &ws.Dialer{TLSConfig: clientTLS(), Proxy: noProxy}
	served := make(chan *stream, 1)
	s.mu.Lock()
	s.request = func(_ int, c *quic.Conn, q *quic.Stream) {
		q.Write(answer(":status", "200"))
		other := newStream(&conn{q: c, users: 1 << 20, beyond: noStream, leaving: context.Background()}, q)
		other.open = true
		served <- other
	}
	s.mu.Unlock()
	opened := make(chan *stream, 1) // not a variable, which would keep the stream
	d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		nc, res, err := tr.OpenStream(ctx, r)
		if err == nil {
			opened <- nc.(*stream)
		}
		return nc, res, err
	}
	if _, err := d.Dial(within(t), s.url()); err != nil {
		t.Fatal(err)
	}
	server = <-served
	t.Cleanup(func() { runtime.KeepAlive(server) }) // a stream that is collected is reset
	return <-opened, server
}
