package h3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
)

// refused dials and wants a *ws.HandshakeError that says what it should.
func refused(t *testing.T, d *ws.Dialer, url, says string) *ws.HandshakeError {
	t.Helper()
	_, err := d.Dial(within(t), url)
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || !strings.Contains(err.Error(), says) || e.URL == "" {
		t.Fatalf("Dial: %v, want one that says %q", err, says)
	}
	return e
}

func dialed1(t testing.TB, d *ws.Dialer, url string) *ws.Conn {
	t.Helper()
	c, err := d.Dial(within(t), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// http1 is a server of HTTP/1.1 over TLS, and where its port number is free for
// UDP too.
func http1(t *testing.T) (s *httptest.Server, pc net.PacketConn) {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if pc, err = net.ListenPacket("udp", l.Addr().String()); err != nil {
			l.Close()
			continue
		}
		s = httptest.NewUnstartedServer(ws.Handler(func(ctx context.Context, c *ws.Conn) {
			c.CloseRead(ctx)
			<-ctx.Done()
		}, nil))
		s.Listener.Close()
		s.Listener, s.TLS = l, serverTLS("http/1.1")
		s.StartTLS()
		t.Cleanup(func() { s.Close(); pc.Close() })
		return s, pc
	}
	t.Fatal("no port is free for both TCP and UDP")
	return nil, nil
}

func wss(s *httptest.Server) string { return "wss" + strings.TrimPrefix(s.URL, "https") }

// RFC 9220 section 3: the setting must have been received before the request.
func TestNotAnnounced(t *testing.T) {
	for name, settings := range map[string][]byte{"absent": pairs(), "0": pairs(settingConnect, 0)} {
		t.Run(name, func(t *testing.T) {
			h1, pc := http1(t)
			s := &scripted{pc: pc, settings: settings, request: func(int, *quic.Conn, *quic.Stream) { t.Error("a request came") }}
			s.start(t)
			refused(t, dialer(t, &Transport{}), s.url(), "RFC 9220): use a Dialer without OpenStream, or set Fallback")
			c := dialed1(t, dialer(t, &Transport{Fallback: true}), wss(h1))
			if v := c.HTTPVersion(); v != "HTTP/1.1" {
				t.Errorf("HTTPVersion = %s", v)
			}
		})
	}
}

// Where nothing comes back over UDP, Dial says so, or uses HTTP/1.1, and then
// does not try again for a while.
func TestNoAnswer(t *testing.T) {
	h1, pc := http1(t)
	var packets atomic.Int32
	go func() {
		p := make([]byte, 2000)
		for {
			if _, _, err := pc.ReadFrom(p); err != nil {
				return
			}
			packets.Add(1)
		}
	}()
	const limit = 100 * time.Millisecond
	e := refused(t, dialer(t, &Transport{ConnectTimeout: limit}), wss(h1), "over UDP within 100ms")
	if !e.Timeout() {
		t.Errorf("%#v is no timeout", e.Cause)
	}
	tr := &Transport{ConnectTimeout: limit, Fallback: true}
	d := dialer(t, tr)
	dialed1(t, d, wss(h1))
	sent := packets.Load()
	for range 3 {
		if c := dialed1(t, d, wss(h1)); c.HTTPVersion() != "HTTP/1.1" {
			t.Errorf("HTTPVersion = %s", c.HTTPVersion())
		}
	}
	if now := packets.Load(); now != sent {
		t.Errorf("%d packets more for a host that UDP does not reach", now-sent)
	}
	tr.mu.Lock()
	tr.blocked[h1.Listener.Addr().String()] = time.Now().Add(-blockedTime)
	tr.mu.Unlock()
	dialed1(t, d, wss(h1))
	if now := packets.Load(); now == sent {
		t.Error("UDP is not tried again after blockedTime")
	}
}

// QUIC does not go through a proxy, nor past one; nor past NetDial, which may
// restrict where a program connects to.
func TestNotAroundProxy(t *testing.T) {
	h1, pc := http1(t)
	quic := (&scripted{pc: pc}).start(t)
	proxied := errors.New("the proxy was asked")
	for name, tt := range map[string]struct {
		set  func(*ws.Dialer)
		says string
	}{
		"proxy": {func(d *ws.Dialer) {
			d.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://user:secret@proxy.example:3128") }
			d.NetDial = nil
		}, "the proxy proxy.example:3128 cannot carry QUIC, which is over UDP: set Fallback"},
		"environment": {func(d *ws.Dialer) { d.Proxy = nil }, "the proxy proxy.example:3129 cannot carry QUIC"},
		"NetDial": {func(d *ws.Dialer) {
			d.NetDial = func(context.Context, string, string) (net.Conn, error) { return nil, proxied }
		}, "NetDial cannot carry QUIC"},
		"NetDialTLS": {func(d *ws.Dialer) {
			d.NetDialTLS = func(context.Context, string, string) (net.Conn, error) { return nil, proxied }
		}, "NetDial cannot carry QUIC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", "http://proxy.example:3129")
			t.Setenv("NO_PROXY", "")
			d := dialer(t, &Transport{})
			tt.set(d)
			target := wss(h1)
			if name == "environment" { // which excepts loopback addresses
				target = "wss://www.example.com/"
			}
			e := refused(t, d, target, tt.says)
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("%v tells the password", e)
			}
			d = dialer(t, &Transport{Fallback: true})
			tt.set(d)
			dial := d.NetDial
			d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dial != nil {
					return dial(ctx, network, addr)
				}
				return nil, proxied
			}
			if _, err := d.Dial(within(t), target); !errors.Is(err, proxied) {
				t.Errorf("with Fallback: %v, want HTTP/1.1 through it", err)
			}
		})
	}
	select {
	case <-quic.conns:
		t.Error("a QUIC connection was opened")
	default:
	}
}

// HTTP/3 is always over TLS (RFC 9114 section 3.1).
func TestPlainURL(t *testing.T) {
	plain := httptest.NewServer(ws.Handler(func(ctx context.Context, c *ws.Conn) { c.Read(ctx) }, nil))
	defer plain.Close()
	target := "ws" + strings.TrimPrefix(plain.URL, "http")
	refused(t, dialer(t, &Transport{}), target, "HTTP/3 is always over TLS: dial wss")
	dialed1(t, dialer(t, &Transport{Fallback: true}), target)
}

// A certificate that is not trusted is an error in every version of HTTP, and
// no reason for another one.
func TestCertificate(t *testing.T) {
	s := (&scripted{}).start(t)
	d := dialer(t, &Transport{Fallback: true})
	d.TLSConfig = nil
	e := refused(t, d, s.url(), "TLS failed")
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e); !ok {
		t.Errorf("the cause is %v", e.Cause)
	}
}

// A QUIC server that does not speak h3.
func TestOtherProtocol(t *testing.T) {
	l, err := quic.ListenAddr("127.0.0.1:0", serverTLS("doq"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	refused(t, dialer(t, &Transport{}), "wss://"+l.Addr().String(), "does not offer h3 by ALPN")
}

// The WebSockets of a Dialer share a connection; those of another Dialer, whose
// certificates may differ, have another.
func TestPool(t *testing.T) {
	s := (&scripted{}).start(t)
	tr := &Transport{}
	one, other := dialer(t, tr), dialer(t, tr)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := one.Dial(within(t), s.url()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(s.conns); n != 1 {
		t.Errorf("%d connections for one Dialer", n)
	}
	c := dialed1(t, other, s.url())
	if n := len(s.conns); n != 2 {
		t.Errorf("%d connections for two Dialers", n)
	}
	if c.HTTPVersion() != "HTTP/3.0" || c.RemoteAddr().String() != s.addr || c.RemoteAddr().Network() != "udp" || c.LocalAddr() == nil {
		t.Errorf("%s from %v to %v", c.HTTPVersion(), c.LocalAddr(), c.RemoteAddr())
	}
}

// A Dial that gives up while a connection is opened does not take it from those
// who still wait, and is not held up by it.
func TestDialGivesUp(t *testing.T) {
	s := (&scripted{}).start(t)
	asked, proceed := make(chan struct{}), make(chan struct{})
	tr := &Transport{Dial: func(ctx context.Context, addr string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
		close(asked)
		<-proceed
		return quic.DialAddr(ctx, addr, c, q)
	}}
	d := dialer(t, tr)
	ctx, cancel := context.WithCancel(within(t))
	first, second := make(chan error), make(chan error)
	go func() { _, err := d.Dial(ctx, s.url()); first <- err }()
	<-asked
	go func() { _, err := d.Dial(within(t), s.url()); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	close(proceed)
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
}

// RFC 9000 section 4.6: while the server allows no further stream, Dial waits,
// within its context.
func TestStreamLimit(t *testing.T) {
	s := (&scripted{quic: &quic.Config{MaxIncomingStreams: 2}, request: func(_ int, _ *quic.Conn, q *quic.Stream) {
		q.Write(answer(":status", "200"))
		go func() {
			io.Copy(io.Discard, q)
			q.Close()
		}()
	}}).start(t)
	d := dialer(t, &Transport{})
	first := dialed1(t, d, s.url())
	dialed1(t, d, s.url())
	ctx, cancel := context.WithTimeout(within(t), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Dial(ctx, s.url()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Dial over the limit: %v", err)
	}
	third := make(chan error)
	go func() { _, err := d.Dial(within(t), s.url()); third <- err }()
	first.CloseNow()
	if err := <-third; err != nil {
		t.Errorf("Dial once there is room: %v", err)
	}
	if len(s.conns) != 1 {
		t.Errorf("%d connections", len(s.conns))
	}
}

// RFC 9114 section 5.2: after GOAWAY no request is sent on the connection,
// those that were not processed are sent on another one, and open ones go on.
func TestGoAway(t *testing.T) {
	echo := make(chan *quic.Stream, 1)
	s := &scripted{}
	answers := make(chan *serverConn, 1)
	s.request = func(n int, c *quic.Conn, q *quic.Stream) {
		if n == 1 {
			echo <- q
		}
		if n == 2 { // never answered: GOAWAY says that it is not processed
			(<-answers).goAway(uint64(q.StreamID()))
			return
		}
		q.Write(answer(":status", "200"))
	}
	s.start(t)
	d := dialer(t, &Transport{})
	open := dialed1(t, d, s.url())
	first, stream := <-s.conns, <-echo
	answers <- first
	dialed1(t, d, s.url())
	<-s.conns
	stream.Write(frame(frameData, "\x81\x02hi"))
	if _, p, err := open.Read(within(t)); err != nil || string(p) != "hi" {
		t.Errorf("Read after GOAWAY = %q, %v", p, err)
	}
	if first.Context().Err() != nil {
		t.Error("GOAWAY has ended an open WebSocket")
	}
	open.CloseNow()
	if code := first.ended(t); code != uint64(http3.ErrCodeNoError) {
		t.Errorf("the connection ends with %s", code1(code))
	}
}

func code1(c uint64) string { return http3.ErrCode(c).String() }

// RFC 9114 section 4.1.1: H3_REQUEST_REJECTED means that the request was not
// processed.
func TestRejectedIsSentAgain(t *testing.T) {
	var requests atomic.Int32
	s := &scripted{request: func(n int, _ *quic.Conn, q *quic.Stream) {
		if requests.Add(1) < maxTries {
			q.CancelRead(quic.StreamErrorCode(http3.ErrCodeRequestRejected))
			q.CancelWrite(quic.StreamErrorCode(http3.ErrCodeRequestRejected))
			return
		}
		q.Write(answer(":status", "200"))
	}}
	s.start(t)
	d := dialer(t, &Transport{})
	dialed1(t, d, s.url())
	if len(s.conns) != maxTries {
		t.Errorf("%d connections", len(s.conns))
	}
	requests.Store(-10)
	refused(t, dialer(t, &Transport{}), s.url(), "H3_REQUEST_REJECTED")
}

// A server that has restarted does not know the connection, and says so in a
// stateless reset (RFC 9000 section 10.3): the Dial that learns that uses
// another connection.
func TestServerRestarts(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	filter := &deaf{PacketConn: pc}
	serve := func() (s *scripted, stop func()) {
		tr := &quic.Transport{Conn: filter, StatelessResetKey: &quic.StatelessResetKey{1, 2, 3}}
		l, err := tr.Listen(serverTLS(alpn), &quic.Config{MaxIncomingStreams: 10})
		if err != nil {
			t.Fatal(err)
		}
		s = &scripted{t: t, listener: l, settings: pairs(settingConnect, 1), conns: make(chan *serverConn, 10)}
		s.request = func(_ int, _ *quic.Conn, q *quic.Stream) { q.Write(answer(":status", "200")) }
		go s.accept()
		return s, func() { l.Close(); tr.Close() }
	}
	d := dialer(t, &Transport{KeepalivePeriod: -1})
	target := "wss://" + pc.LocalAddr().String()
	_, stop := serve()
	dialed1(t, d, target)
	filter.mute.Store(true) // the first server ends without telling
	stop()
	filter.mute.Store(false)
	second, stop := serve()
	defer stop()
	dialed1(t, d, target)
	if len(second.conns) != 1 {
		t.Errorf("%d connections to the second server", len(second.conns))
	}
}

// deaf is a PacketConn that sends nothing while it is muted.
type deaf struct {
	net.PacketConn
	mute atomic.Bool
}

func (d *deaf) WriteTo(p []byte, a net.Addr) (int, error) {
	if d.mute.Load() {
		return len(p), nil
	}
	return d.PacketConn.WriteTo(p, a)
}

// A Dial that gets no answer on a connection which was there before uses up its
// time; the next one does not use that connection again.
func TestUnansweredIsNotUsedAgain(t *testing.T) {
	s := &scripted{request: func(n int, _ *quic.Conn, q *quic.Stream) {
		if n == 1 {
			q.Write(answer(":status", "200"))
		}
	}}
	s.start(t)
	const patience = time.Second
	tr := &Transport{ConnectTimeout: patience}
	d := dialer(t, tr)
	dialed1(t, d, s.url())
	returned := make(chan struct{})
	d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		defer close(returned) // after Dial, which does not wait for it
		return tr.OpenStream(ctx, r)
	}
	ctx, cancel := context.WithTimeout(within(t), patience+100*time.Millisecond)
	defer cancel()
	if _, err := d.Dial(ctx, s.url()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Dial: %v", err)
	}
	<-returned
	d.OpenStream = tr.OpenStream
	dialed1(t, d, s.url())
	if len(s.conns) != 2 {
		t.Errorf("%d connections", len(s.conns))
	}
}

// A connection without WebSockets is closed after the time.
func TestIdleConnection(t *testing.T) {
	s := (&scripted{}).start(t)
	tr := &Transport{IdleTimeout: -1}
	c := dialed1(t, dialer(t, tr), s.url())
	first := <-s.conns
	c.CloseNow()
	if code := first.ended(t); code != uint64(http3.ErrCodeNoError) {
		t.Errorf("it ends with %s", code1(code))
	}
	tr = &Transport{}
	d := dialer(t, tr)
	dialed1(t, d, s.url()).CloseNow()
	dialed1(t, d, s.url()).CloseNow() // the connection was kept
	second := <-s.conns
	if len(s.conns) != 0 || second.Context().Err() != nil {
		t.Error("a connection was not kept for the next Dial")
	}
	tr.CloseIdleConnections()
	second.ended(t)
	dialed1(t, d, s.url())
	(<-s.conns).goAway(0)
}

// Close ends the WebSockets.
func TestTransportClose(t *testing.T) {
	s := (&scripted{}).start(t)
	tr := &Transport{}
	d := dialer(t, tr)
	c := dialed1(t, d, s.url())
	tr.Close()
	_, _, err := c.Read(within(t))
	if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != ws.StatusAbnormalClosure {
		t.Errorf("Read = %v, want 1006", err)
	}
	dialed1(t, d, s.url())
}

// What is 0 has the defaults that the comments state.
func TestConfig(t *testing.T) {
	c := new(Transport).config()
	if c.KeepAlivePeriod != 15*time.Second || c.HandshakeIdleTimeout != 3*time.Second || c.MaxIncomingStreams != -1 ||
		c.InitialStreamReceiveWindow != 1<<20 || c.MaxStreamReceiveWindow != 4<<20 || c.InitialConnectionReceiveWindow != 64<<20 || c.MaxConnectionReceiveWindow != 64<<20 {
		t.Errorf("the defaults are %+v", c)
	}
	given := &quic.Config{KeepAlivePeriod: time.Minute, InitialStreamReceiveWindow: 5 << 20, MaxConnectionReceiveWindow: 8 << 20, MaxIdleTimeout: time.Hour}
	c = (&Transport{QUICConfig: given}).config()
	if c.KeepAlivePeriod != time.Minute || c.InitialStreamReceiveWindow != 5<<20 || c.MaxStreamReceiveWindow != 5<<20 ||
		c.InitialConnectionReceiveWindow != 8<<20 || c.MaxConnectionReceiveWindow != 8<<20 || c.MaxIdleTimeout != time.Hour {
		t.Errorf("with a QUICConfig: %+v", c)
	}
	if given.MaxIncomingStreams != 0 {
		t.Error("the caller's QUICConfig was changed")
	}
	if c = (&Transport{KeepalivePeriod: -1, QUICConfig: given}).config(); c.KeepAlivePeriod != 0 {
		t.Errorf("a negative KeepalivePeriod is %v", c.KeepAlivePeriod)
	}
	if c = ServerConfig(255); c.MaxIncomingStreams != 255 || c.Allow0RTT || c.InitialConnectionReceiveWindow != 64<<20 {
		t.Errorf("ServerConfig = %+v", c)
	}
}

// 0-RTT data can be replayed (RFC 8446 section 8): a session that would allow
// it is resumed without.
func TestNoEarlyData(t *testing.T) {
	s := (&scripted{quic: &quic.Config{Allow0RTT: true}}).start(t)
	d := dialer(t, &Transport{})
	d.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(10)
	for i := range 2 {
		tr := &Transport{}
		d.OpenStream = tr.OpenStream
		c := dialed1(t, d, s.url())
		conn := <-s.conns
		if state := conn.ConnectionState(); state.Used0RTT || state.TLS.DidResume != (i == 1) {
			t.Errorf("0-RTT %t, resumed %t", state.Used0RTT, state.TLS.DidResume)
		}
		c.CloseNow()
		tr.Close()
	}
}

// An open WebSocket has no goroutine.
func TestNoGoroutines(t *testing.T) {
	s := (&scripted{}).start(t)
	d := dialer(t, &Transport{})
	var all []*ws.Conn
	open := func(n int) {
		for range n {
			all = append(all, dialed1(t, d, s.url()))
		}
	}
	open(1)
	before := runtime.NumGoroutine()
	open(200)
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before+20 && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before+20 {
		t.Errorf("%d goroutines for 200 WebSockets more", n-before)
	}
	runtime.KeepAlive(all)
}

// A stream that nobody refers to any longer is reset.
func TestDroppedStream(t *testing.T) {
	client, server := pipe(t, (&scripted{}).start(t), &Transport{})
	q := client.q
	client = nil
	for i := 0; q.Context().Err() == nil && i < 1000; i++ {
		runtime.GC()
	}
	_, err := server.Read(make([]byte, 1))
	if e, ok := errors.AsType[*quic.StreamError](err); !ok || e.ErrorCode != quic.StreamErrorCode(http3.ErrCodeRequestCanceled) {
		t.Errorf("the server reads %v", err)
	}
}
