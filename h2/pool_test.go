package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"golang.org/x/net/http2"
)

// atMost is SETTINGS_MAX_CONCURRENT_STREAMS.
func atMost(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n}
}

// serveAll answers every request on every connection with 200, and returns what
// was asked on which. It ends with the test.
func (r *rig) serveAll() (peers func() int) {
	n := 0
	go func() {
		for p := range r.peers {
			n++
			go func() {
				for {
					select {
					case f := <-p.frames:
						if f.Type == http2.FrameHeaders {
							p.respond(f.StreamID, false, ":status", "200")
						}
					case <-p.gone:
						return
					}
				}
			}()
		}
	}()
	r.t.Cleanup(func() { close(r.peers) })
	return func() int { synctest.Wait(); return n }
}

// Concurrent Dials share one connection; another Dialer, scheme or host has its
// own.
func TestOneDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		peers := rig.serveAll()
		var all []<-chan result
		for range 100 {
			all = append(all, rig.open(t.Context(), "/"))
		}
		for _, got := range all {
			if x := <-got; x.err != nil {
				t.Fatal(x.err)
			}
		}
		if n := peers(); n != 1 {
			t.Errorf("100 Dials at once opened %d connections, want 1", n)
		}
		rig.dialer = new(ws.Dialer)
		<-rig.open(t.Context(), "/")
		if n := peers(); n != 2 {
			t.Errorf("%d connections for two Dialers, want 2", n)
		}
		r := rig.request("/")
		r.Request.URL.Host = "other.example.com"
		rig.tr.OpenStream(t.Context(), r)
		if n := peers(); n != 3 {
			t.Errorf("%d connections, want 3: another host has its own", n)
		}
		if live := len(rig.tr.live); live != 3 {
			t.Errorf("%d connections are open, want 3", live)
		}
	})
}

// No more streams are open than the server allows (RFC 9113 section 5.1.2): a
// further Dial opens another connection.
func TestMaxStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, atMost(10))
		peers := rig.serveAll()
		for range 25 {
			if x := <-rig.open(t.Context(), "/"); x.err != nil {
				t.Fatal(x.err)
			}
		}
		if n := peers(); n != 3 {
			t.Errorf("25 streams of at most 10 each on %d connections, want 3", n)
		}
		var all []<-chan result
		for range 25 {
			all = append(all, rig.open(t.Context(), "/"))
		}
		for _, got := range all {
			if x := <-got; x.err != nil {
				t.Fatal(x.err)
			}
		}
		if n := peers(); n != 5 {
			t.Errorf("50 streams on %d connections, want 5", n)
		}
	})
}

// At MaxConnections a Dial waits, in order, until a stream has ended or its
// context does.
func TestMaxConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{MaxConnections: 1}, connects, atMost(1))
		peers := rig.serveAll()
		first := <-rig.open(t.Context(), "/")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		given := rig.open(ctx, "/")
		synctest.Wait()
		second := rig.open(t.Context(), "/")
		synctest.Wait()
		if x := <-given; x.err != context.DeadlineExceeded {
			t.Errorf("the error is %v, want context.DeadlineExceeded", x.err)
		}
		select {
		case x := <-second:
			t.Fatalf("opened beyond the limit: %v", x.err)
		default:
		}
		first.nc.(*stream).Abort()
		if x := <-second; x.err != nil {
			t.Error(x.err)
		}
		if n := peers(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

// A server may change how many streams it allows, also to none.
func TestLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, atMost(0))
		got := rig.open(t.Context(), "/")
		p := <-rig.peers
		other := rig.open(t.Context(), "/")
		synctest.Wait()
		if len(rig.peers) > 0 {
			t.Error("a server that allows no stream was dialed again")
		}
		p.Write(func(f *http2.Framer) { f.WriteSettings(atMost(2)) })
		for range 2 {
			p.respond(p.expect(http2.FrameHeaders).StreamID, false, ":status", "200")
		}
		for _, c := range []<-chan result{got, other} {
			if x := <-c; x.err != nil {
				t.Error(x.err)
			}
		}
	})
}

// If a dial fails, all who wait for it get its error, each their own; if its
// context ended, the next of them dials.
func TestDialFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		hold := make(chan error)
		dials := 0
		open := func(ctx context.Context) <-chan result {
			r := rig.request("/")
			r.Connect = func(ctx context.Context, _ ...string) (net.Conn, error) {
				dials++
				select {
				case err := <-hold:
					if err == nil {
						return rig.connect(ctx)
					}
					return nil, err
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			got := make(chan result, 1)
			go func() {
				nc, res, err := rig.tr.OpenStream(ctx, r)
				got <- result{nc, res, err}
			}()
			synctest.Wait()
			return got
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, second, third := open(ctx), open(t.Context()), open(t.Context())
		if dials != 1 {
			t.Fatalf("%d dials at a time, want 1", dials)
		}
		cancel()
		if x := <-first; x.err != context.Canceled {
			t.Errorf("the error is %v, want context.Canceled", x.err)
		}
		synctest.Wait()
		if dials != 2 {
			t.Fatalf("%d dials, want 2: the next who waited", dials)
		}
		hold <- &ws.HandshakeError{Problem: "unreachable"}
		a, b := <-second, <-third
		if a.err == b.err || a.err.Error() != b.err.Error() {
			t.Errorf("the errors are %v and %v, want two with one text", a.err, b.err)
		}
		if len(rig.tr.pools) != 0 {
			t.Error("the pool was not forgotten")
		}
		fourth := open(t.Context())
		hold <- nil
		p := <-rig.peers
		p.respond(p.expect(http2.FrameHeaders).StreamID, false, ":status", "200")
		if x := <-fourth; x.err != nil {
			t.Error(x.err)
		}
	})
}

// A panic of the Dialer's own functions leaves the pool usable.
func TestDialPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			r := rig.request("/")
			r.Connect = func(context.Context, ...string) (net.Conn, error) { panic("NetDial") }
			rig.tr.OpenStream(t.Context(), r)
		}()
		rig.connected()
	})
}

// The request is an extended CONNECT (RFC 8441 section 4), sent after the
// server's SETTINGS, with lower-case names and without HTTP/1.1's fields.
func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{})
		r := rig.request("/chat", "Origin", "https://example.com", "Sec-Websocket-Version", "13", "Cookie", "a=b; c=d")
		r.Request.URL.RawQuery = "x=y"
		got := make(chan result, 1)
		go func() {
			nc, res, err := rig.tr.OpenStream(t.Context(), r)
			got <- result{nc, res, err}
		}()
		p := <-rig.peers
		settings := p.expect(http2.FrameSettings)
		synctest.Wait()
		for len(p.frames) > 0 {
			if f := <-p.frames; f.Type == http2.FrameHeaders {
				t.Fatal("the request was sent before the server's SETTINGS came (RFC 8441 section 3)")
			}
		}
		for want, setting := range map[string]string{
			"\x00\x02\x00\x00\x00\x00": "SETTINGS_ENABLE_PUSH=0",
			"\x00\x04\x00\x10\x00\x00": "SETTINGS_INITIAL_WINDOW_SIZE=1 MiB",
			"\x00\x06\x00\x01\x00\x00": "SETTINGS_MAX_HEADER_LIST_SIZE=64 KiB",
		} {
			if !strings.Contains(string(settings.payload), want) {
				t.Errorf("the client's SETTINGS lack %s", setting)
			}
		}
		p.Write(func(f *http2.Framer) { f.WriteSettings(connects) })
		h := p.expect(http2.FrameHeaders)
		want := map[string]string{
			":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/chat?x=y", ":authority": "example.com",
			"origin": "https://example.com", "sec-websocket-version": "13", "cookie": "a=b; c=d",
		}
		if fields := p.fields(h); fmt.Sprint(fields) != fmt.Sprint(want) {
			t.Errorf("the request is %v, want %v", fields, want)
		}
		if h.Flags.Has(http2.FlagHeadersEndStream) || h.StreamID != 1 {
			t.Errorf("HEADERS of stream %d, flags %v, want stream 1 without END_STREAM", h.StreamID, h.Flags)
		}
		for range maxInterim {
			p.respond(h.StreamID, false, ":status", "103", "link", "</style.css>")
		}
		p.respond(h.StreamID, false, ":status", "200", "sec-websocket-protocol", "chat", "x", "1", "x", "2")
		x := <-got
		if x.err != nil || x.res.StatusCode != 200 || x.res.Header.Get("Sec-WebSocket-Protocol") != "chat" ||
			len(x.res.Header["X"]) != 2 || x.res.ProtoMajor != 2 || x.res.Header.Get("Link") != "" {
			t.Errorf("the response is %+v, %v", x.res, x.err)
		}
	})
}

// Nine interim responses are too many.
func TestInterim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		got := rig.open(t.Context(), "/")
		p := <-rig.peers
		id := p.expect(http2.FrameHeaders).StreamID
		for range maxInterim + 1 {
			p.respond(id, false, ":status", "100")
		}
		if x := <-got; x.err == nil || !strings.Contains(x.err.Error(), "interim") {
			t.Errorf("the error is %v, want one that names the interim responses", x.err)
		}
	})
}

// A header that fits no frame is continued (RFC 9113 section 6.10), one over
// the server's SETTINGS_MAX_HEADER_LIST_SIZE is not sent, nor is a field that
// HTTP/2 does not have (section 8.2.2).
func TestLargeRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: 100_000})
		rig.serveAll()
		large := strings.Repeat("\x7f", 0) + strings.Repeat("~!", 20_000)
		if _, res, err := rig.tr.OpenStream(t.Context(), rig.request("/", "Large", large)); err != nil || res.StatusCode != 200 {
			t.Errorf("a field of 40,000 bytes: %v", err)
		}
		_, _, err := rig.tr.OpenStream(t.Context(), rig.request("/", "Large", large, "Large", large, "Large", large))
		if e, ok := err.(*ws.HandshakeError); !ok || !strings.Contains(e.Problem, "100000") {
			t.Errorf("the error is %v, want a *HandshakeError that names the limit", err)
		}
		for _, field := range [][2]string{{"Connection", "x"}, {"Transfer-Encoding", "x"}, {"A b", "x"}, {"A", "x\ny"}} {
			if _, _, err := rig.tr.OpenStream(t.Context(), rig.request("/", field[0], field[1])); err == nil {
				t.Errorf("%q was sent", field)
			}
		}
		if x := <-rig.open(t.Context(), "/"); x.err != nil || x.nc.(*stream).id != 3 {
			t.Errorf("the next stream: %v", x.err)
		}
	})
}

// Another status than 2xx is returned with its body, and ends its stream.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		send func(p *peer, id uint32)
		want string // the body
		err  bool
		end  bool // END_STREAM ends it
	}{
		"with a body": {func(p *peer, id uint32) {
			p.respond(id, false, ":status", "403", "content-length", "3")
			p.data(id, true, "why")
		}, "why", false, true},
		"without": {func(p *peer, id uint32) {
			p.respond(id, true, ":status", "403")
		}, "", false, true},
		"with trailers": {func(p *peer, id uint32) {
			p.respond(id, false, ":status", "403")
			p.data(id, false, "why")
			p.respond(id, true, "x", "y")
		}, "why", false, true},
		"shorter than its length (8.1.1)": {func(p *peer, id uint32) {
			p.respond(id, false, ":status", "403", "content-length", "4")
			p.data(id, true, "why")
		}, "why", true, true},
		"longer than its length (8.1.1)": {func(p *peer, id uint32) {
			p.respond(id, false, ":status", "403", "content-length", "2")
			p.data(id, true, "why")
		}, "why", true, true},
		"then reset": {func(p *peer, id uint32) {
			p.respond(id, false, ":status", "403")
			p.data(id, false, "why")
			p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeInternal) })
		}, "why", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, &Transport{}, connects)
				got := rig.open(t.Context(), "/")
				p := <-rig.peers
				c.send(p, p.expect(http2.FrameHeaders).StreamID)
				x := <-got
				if x.err != nil || x.nc != nil || x.res.StatusCode != 403 {
					t.Fatalf("got %v, %+v, %v", x.nc, x.res, x.err)
				}
				body, err := io.ReadAll(x.res.Body)
				if string(body) != c.want || (err != nil) != c.err {
					t.Errorf("the body is %q, %v", body, err)
				}
				x.res.Body.Close()
				if c.end && !p.expect(http2.FrameData).Flags.Has(http2.FlagDataEndStream) {
					t.Error("DATA without END_STREAM")
				}
				rig.next(p)
			})
		})
	}
	t.Run("and it goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			got := rig.open(t.Context(), "/")
			p := <-rig.peers
			p.respond(p.expect(http2.FrameHeaders).StreamID, false, ":status", "403")
			x := <-got
			x.res.Body.Close()
			if code := p.expect(http2.FrameRSTStream).code(); code != http2.ErrCodeCancel {
				t.Errorf("RST_STREAM with %v, want CANCEL", code)
			}
		})
	})
}

// GOAWAY: streams above its last go to another connection, the others go on,
// and the connection is closed after them (RFC 9113 section 6.8).
func TestGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		old, p, id := rig.connected()
		got := rig.open(t.Context(), "/")
		p.expect(http2.FrameHeaders)
		p.Write(func(f *http2.Framer) { f.WriteGoAway(id, http2.ErrCodeNo, []byte("restart")) })
		again := <-rig.peers
		again.respond(again.expect(http2.FrameHeaders).StreamID, false, ":status", "200")
		if x := <-got; x.err != nil {
			t.Fatal(x.err)
		}
		rig.next(again) // so do later ones
		p.data(id, false, "still")
		mustRead(t, old, "still")
		old.Write([]byte("here"))
		if got := string(p.expect(http2.FrameData).payload); got != "here" {
			t.Errorf("the peer got %q, want here", got)
		}
		p.Write(func(f *http2.Framer) { f.WriteGoAway(0, http2.ErrCodeInternal, []byte("panic")) })
		_, err := old.Read(make([]byte, 1))
		if e, ok := errors.AsType[*GoAwayError](err); !ok || e.Code != http2.ErrCodeInternal || e.DebugData != "panic" || e.LastStreamID != 0 {
			t.Errorf("the error is %v, want a *GoAwayError with the server's text", err)
		}
		p.expect(http2.FrameGoAway)
		<-p.gone
	})
}

// A connection that is lost after GOAWAY says why.
func TestGoAwayThenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		nc, p, _ := rig.connected()
		p.Write(func(f *http2.Framer) {
			f.WriteGoAway(maxStreamID, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
		})
		synctest.Wait()
		p.nc.Close()
		_, err := nc.Read(make([]byte, 1))
		if e, ok := errors.AsType[*GoAwayError](err); !ok || e.DebugData != "too_many_pings" {
			t.Errorf("the error is %v, want one that has the server's GOAWAY", err)
		}
	})
}

// REFUSED_STREAM: the request was not processed, and is sent again, four times
// at most (RFC 9113 section 8.7).
func TestRefusedStream(t *testing.T) {
	for _, refusals := range []int{1, 3, 4} {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			got := rig.open(t.Context(), "/")
			p := <-rig.peers
			for range refusals {
				id := p.expect(http2.FrameHeaders).StreamID
				p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeRefusedStream) })
			}
			if refusals < maxAttempts {
				p.respond(p.expect(http2.FrameHeaders).StreamID, false, ":status", "200")
			}
			x := <-got
			if _, refused := errors.AsType[*StreamError](x.err); refused != (refusals == maxAttempts) || !refused && x.err != nil {
				t.Errorf("after %d refusals: %v", refusals, x.err)
			}
		})
	}
}

// Another reset is not retried: the server may have processed the request.
func TestResetRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		got := rig.open(t.Context(), "/")
		p := <-rig.peers
		id := p.expect(http2.FrameHeaders).StreamID
		p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeInternal) })
		if e, ok := errors.AsType[*StreamError]((<-got).err); !ok || e.Code != http2.ErrCodeInternal {
			t.Errorf("the error is %v, want a *StreamError with INTERNAL_ERROR", e)
		}
	})
}

// A server that restarts: a connection that was used before and ends without a
// response is replaced, once; a new one is not.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		nc, p, _ := rig.connected()
		nc.(*stream).Abort()
		p.expect(http2.FrameRSTStream)
		got := rig.open(t.Context(), "/")
		p.expect(http2.FrameHeaders)
		p.nc.Close()
		again := <-rig.peers
		again.expect(http2.FrameHeaders)
		again.nc.Close()
		x := <-got
		e, ok := x.err.(*ws.HandshakeError)
		if !ok || !errors.Is(e, io.ErrUnexpectedEOF) {
			t.Errorf("the error is %v, want a *HandshakeError whose cause is io.ErrUnexpectedEOF", x.err)
		}
		if len(rig.peers) > 0 {
			t.Error("a new connection that ended was replaced")
		}
	})
}

// A connection without streams is closed after IdleTimeout, with GOAWAY.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{IdleTimeout: time.Minute, PingAfter: -1}, connects)
		nc, p, _ := rig.connected()
		time.Sleep(10 * time.Minute)
		nc.(*stream).Abort()
		p.expect(http2.FrameRSTStream)
		time.Sleep(59 * time.Second)
		nc, _ = rig.next(p)
		time.Sleep(10 * time.Minute)
		nc.(*stream).Abort()
		p.expect(http2.FrameRSTStream)
		start := time.Now()
		<-p.gone
		if got := time.Since(start); got != time.Minute {
			t.Errorf("closed after %v, want 1m", got)
		}
		p.expect(http2.FrameGoAway)
		synctest.Wait()
		rig.tr.mu.Lock()
		defer rig.tr.mu.Unlock()
		if len(rig.tr.pools)+len(rig.tr.live) != 0 {
			t.Error("the connection is still in the pool")
		}
	})
}

// A silent server is sent a PING (RFC 9113 section 6.7); if nothing comes, the
// connection has ended.
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{PingAfter: time.Minute, PingTimeout: 10 * time.Second}, connects)
		nc, p, _ := rig.connected()
		start := time.Now()
		for range 3 {
			ping := p.expect(http2.FramePing)
			p.Write(func(f *http2.Framer) { f.WritePing(true, [8]byte(ping.payload)) })
		}
		if got := time.Since(start).Round(time.Second); got != 3*time.Minute {
			t.Errorf("three pings in %v, want 3m", got)
		}
		start = time.Now()
		_, err := nc.Read(make([]byte, 1))
		if got := time.Since(start).Round(time.Second); got != 70*time.Second {
			t.Errorf("the connection ended after %v, want 1m10s", got)
		}
		if e, ok := errors.AsType[*ConnError](err); !ok || !strings.Contains(e.Problem, "ping") {
			t.Errorf("the error is %v, want a *ConnError that names the ping", err)
		}
	})
}

// The server's PING is answered with its payload (RFC 9113 section 6.7), and
// its SETTINGS are acknowledged (section 6.5.3).
func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		_, p, _ := rig.connected()
		p.Write(func(f *http2.Framer) { f.WritePing(false, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}) })
		if f := p.expect(http2.FramePing); !f.Flags.Has(http2.FlagPingAck) || string(f.payload) != "\x01\x02\x03\x04\x05\x06\x07\x08" {
			t.Errorf("got %s, want the acknowledgment of the ping", describe(f))
		}
		p.Write(func(f *http2.Framer) { f.WriteSettings() })
		if f := p.expect(http2.FrameSettings); !f.Flags.Has(http2.FlagSettingsAck) {
			t.Errorf("got %s, want the acknowledgment of SETTINGS", describe(f))
		}
	})
}

// Close ends everything; CloseIdleConnections what has no stream.
func TestCloseTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{MaxConnections: 1}, connects, atMost(1))
		nc, p, _ := rig.connected()
		rig.tr.CloseIdleConnections()
		nc.(*stream).Abort()
		p.expect(http2.FrameRSTStream)
		rig.tr.CloseIdleConnections()
		p.expect(http2.FrameGoAway)
		<-p.gone
		nc, p, _ = rig.connected()
		waits := rig.open(t.Context(), "/")
		synctest.Wait()
		rig.tr.Close()
		if x := <-waits; !errors.Is(x.err, net.ErrClosed) {
			t.Errorf("a Dial that waits: %v, want net.ErrClosed", x.err)
		}
		if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a stream: %v, want net.ErrClosed", err)
		}
		if x := <-rig.open(t.Context(), "/"); !errors.Is(x.err, net.ErrClosed) {
			t.Errorf("a later Dial: %v, want net.ErrClosed", x.err)
		}
		<-p.gone
	})
}

// The last stream's number is used, and then another connection (RFC 9113
// section 5.1.1).
func TestNumbersUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		nc, p, _ := rig.connected()
		c := nc.(*stream).c
		c.mu.Lock()
		c.nextID = maxStreamID
		c.mu.Unlock()
		last, id := rig.next(p)
		if id != maxStreamID {
			t.Fatalf("stream %d, want 2^31-1", id)
		}
		got := rig.open(t.Context(), "/")
		again := <-rig.peers
		again.respond(again.expect(http2.FrameHeaders).StreamID, false, ":status", "200")
		if x := <-got; x.err != nil {
			t.Error(x.err)
		}
		nc.(*stream).Abort()
		last.(*stream).Abort()
		<-p.gone
	})
}

// An option beyond its limits is an error that names it.
func TestOptions(t *testing.T) {
	for name, tr := range map[string]*Transport{
		"StreamWindow":   {StreamWindow: 1},
		"ConnWindow":     {ConnWindow: 1 << 14},
		"MaxHeaderBytes": {MaxHeaderBytes: -1},
		"PingTimeout":    {PingTimeout: -1},
	} {
		rig := newRig(t, tr)
		_, _, err := tr.OpenStream(t.Context(), rig.request("/"))
		if e, ok := err.(*ws.ArgumentError); !ok || e.Name != name {
			t.Errorf("%s: %v, want an *ArgumentError", name, err)
		}
	}
}

// overTLS is a connection over TLS that negotiated a protocol.
type overTLS struct {
	net.Conn
	protocol string
}

func (c overTLS) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{NegotiatedProtocol: c.protocol}
}

// A server without WebSocket over HTTP/2 makes Dial use HTTP/1.1 with Fallback,
// which is remembered; without it the error names the remedy.
func TestFallback(t *testing.T) {
	for name, c := range map[string]struct {
		scheme   string
		protocol string // by ALPN
		server   func(p *peer)
		text     string
	}{
		"no h2 by ALPN":        {"https", "http/1.1", nil, "ALPN"},
		"no ALPN":              {"https", "", nil, "ALPN"},
		"ws without knowledge": {"http", "", nil, "PriorKnowledge"},
		"no SETTINGS_ENABLE_CONNECT_PROTOCOL": {"https", "h2", func(p *peer) {
			p.Write(func(f *http2.Framer) { f.WriteSettings() })
		}, "SETTINGS_ENABLE_CONNECT_PROTOCOL=1"},
		"SETTINGS_ENABLE_CONNECT_PROTOCOL=0": {"https", "h2", func(p *peer) {
			p.Write(func(f *http2.Framer) { f.WriteSettings(http2.Setting{ID: http2.SettingEnableConnectProtocol}) })
		}, "xconnect"},
		"HTTP/1.1": {"https", "h2", func(p *peer) { p.out <- []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, "does not speak HTTP/2"},
		"HTTP_1_1_REQUIRED": {"https", "h2", func(p *peer) {
			p.Write(func(f *http2.Framer) { f.WriteSettings(connects) })
			id := p.expect(http2.FrameHeaders).StreamID
			p.Write(func(f *http2.Framer) { f.WriteRSTStream(id, http2.ErrCodeHTTP11Required) })
		}, "HTTP/1.1"},
	} {
		for _, fallback := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", fallback), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					rig := newRig(t, &Transport{Fallback: fallback})
					rig.tr.PriorKnowledge = false
					dials := 0
					request := func() *ws.StreamRequest {
						r := rig.request("/")
						r.Request.URL = &url.URL{Scheme: c.scheme, Host: "example.com", Path: "/"}
						r.Connect = func(ctx context.Context, protocols ...string) (net.Conn, error) {
							dials++
							nc, err := rig.connect(ctx)
							if p := <-rig.peers; c.server != nil {
								go c.server(p)
							}
							return overTLS{nc, c.protocol}, err
						}
						return r
					}
					_, _, err := rig.tr.OpenStream(t.Context(), request())
					e, ok := err.(*ws.HandshakeError)
					if !ok || errors.Is(err, ws.ErrUseHTTP1) != fallback || !strings.Contains(e.Problem, c.text) {
						t.Errorf("the error is %v, want a *HandshakeError that names %q", err, c.text)
					}
					if !fallback && !strings.Contains(err.Error(), "Fallback") {
						t.Errorf("the error is %v, which does not name the remedy", err)
					}
					if !fallback || name == "HTTP_1_1_REQUIRED" || c.scheme == "http" {
						return
					}
					for range 3 {
						if _, _, err := rig.tr.OpenStream(t.Context(), request()); !errors.Is(err, ws.ErrUseHTTP1) {
							t.Error(err)
						}
					}
					if dials != 1 {
						t.Errorf("%d connections, want 1: the server is remembered", dials)
					}
					time.Sleep(remembered)
					rig.tr.OpenStream(t.Context(), request())
					if dials != 2 {
						t.Errorf("%d connections, want 2 after 10 minutes", dials)
					}
				})
			})
		}
	}
}

// The connection of a NetDialTLS has to tell what it negotiated.
func TestForeignTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{})
		r := rig.request("/")
		r.Request.URL.Scheme = "https"
		_, _, err := rig.tr.OpenStream(t.Context(), r)
		if err == nil || !strings.Contains(err.Error(), "ConnectionState") {
			t.Errorf("the error is %v, want one that names ConnectionState", err)
		}
	})
}
