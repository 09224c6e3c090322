//go:build !js

package ws_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/twinws/ws"

	"golang.org/x/net/http2"
)

// ConfigureHTTP2 leaves alone what is set, and other servers' settings.
func TestConfigureHTTP2(t *testing.T) {
	var fresh http.Server
	ws.ConfigureHTTP2(&fresh)
	want := &http.HTTP2Config{MaxConcurrentStreams: 1000, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 4<<20 - 1}
	if !reflect.DeepEqual(fresh.HTTP2, want) {
		t.Errorf("%+v, want %+v", fresh.HTTP2, want)
	}
	own := &http.HTTP2Config{MaxConcurrentStreams: 7, PingTimeout: time.Second}
	s := http.Server{HTTP2: own}
	ws.ConfigureHTTP2(&s)
	want.MaxConcurrentStreams, want.PingTimeout = 7, time.Second
	if !reflect.DeepEqual(s.HTTP2, want) {
		t.Errorf("%+v, want %+v", s.HTTP2, want)
	}
	if own.MaxReceiveBufferPerStream != 0 {
		t.Error("the caller's HTTP2Config was changed")
	}
}

// Streams that nobody reads take up what may be received on the connection. By
// default one is enough; with ConfigureHTTP2 it takes 64.
func TestHTTP2Stalled(t *testing.T) {
	for name, tt := range map[string]struct {
		configure func(*http.Server)
		stalled   int
		goesOn    bool
	}{
		"by default":     {nil, 1, false},
		"ConfigureHTTP2": {ws.ConfigureHTTP2, 63, true},
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, start starter) {
				end := make(chan struct{})
				_, c := start(ws.Handler(func(ctx context.Context, c *ws.Conn) {
					_, p, err := c.Read(ctx)
					if err == nil && string(p) == "stall" {
						<-end
						return
					}
					if err == nil {
						c.Write(ctx, ws.MessageText, p)
						echoing(ctx, c)
					}
				}, nil), tt.configure)
				for range tt.stalled {
					stream := c.open(t)
					client := stream.client()
					client.Write(t.Context(), ws.MessageText, []byte("stall"))
					go client.Write(context.Background(), ws.MessageBinary, make([]byte, 2<<20))
					synctest.Wait() // until no more is accepted
				}
				done := make(chan bool, 1)
				go func() {
					client := c.open(t).client()
					if client.Write(context.Background(), ws.MessageText, []byte("hello")) == nil {
						_, p, err := client.ReadAppend(context.Background(), nil)
						done <- err == nil && string(p) == "hello"
						return
					}
					done <- false
				}()
				time.Sleep(time.Second)
				select {
				case ok := <-done:
					if !ok || !tt.goesOn {
						t.Errorf("the other stream goes on: %v", ok)
					}
				default:
					if tt.goesOn {
						t.Error("the other stream has stopped too")
					}
				}
				close(end)
				c.nc.Close()
			})
		})
	}
}

// Chrome opens 255 WebSockets over one connection.
func TestHTTP2Thousand(t *testing.T) {
	const streams = 1000
	n := newCensus(t)
	var open atomic.Int64
	s := n.serve2(t, ws.Handler(func(ctx context.Context, c *ws.Conn) {
		open.Add(1)
		defer open.Add(-1)
		echoing(ctx, c)
	}, nil), ws.ConfigureHTTP2)
	c := n.dial2(t, s)
	if got := c.announced[http2.SettingMaxConcurrentStreams]; got != streams {
		t.Fatalf("the server announces %d streams", got)
	}
	var all sync.WaitGroup
	for range streams {
		client := c.open(t).client()
		all.Go(func() {
			for _, p := range []string{"hello", strings.Repeat("long", 1000)} {
				says2(t, client, ws.MessageText, []byte(p))
			}
		})
	}
	all.Wait()
	if n := open.Load(); n != streams {
		t.Errorf("%d are open", n)
	}
}

// Messages that are written while another is on its way follow in one piece:
// one flush, and one DATA frame as far as it holds them.
func TestHTTP2Gathers(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		const messages = 100
		var written sync.WaitGroup
		_, c := start(serve(nil, func(ctx context.Context, c *ws.Conn) {
			c.Write(ctx, ws.MessageBinary, make([]byte, 70_000)) // more than the client accepts
			for range messages {
				written.Go(func() { c.Write(ctx, ws.MessageBinary, make([]byte, 100)) })
			}
			written.Wait()
		}), nil)
		stream := c.stalled(t)
		synctest.Wait()
		c.mu.Lock()
		before := stream.frames
		stream.stall = false
		c.fr.WriteWindowUpdate(stream.id, 1<<20)
		c.mu.Unlock()
		client := stream.client()
		for i := range messages + 1 {
			if _, _, err := client.ReadAppend(t.Context(), nil); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		// How many depends on the scheduler: between 3 and about 20.
		if got := stream.frames - before; got > messages/2 {
			t.Errorf("%d messages came in %d frames", messages, got)
		}
	})
}

// CheckHTTP2 tells a server that announces extended CONNECT from others.
func TestCheckHTTP2(t *testing.T) {
	n := newCensus(t)
	s := n.serve2(t, http.NotFoundHandler(), nil)
	dial := func(protocol string) net.Conn {
		nc, err := n.dial(within(t), "tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		cfg.NextProtos, cfg.ServerName = []string{protocol}, "example.com"
		return tls.Client(nc, cfg)
	}
	nc := dial("h2")
	if err := ws.CheckHTTP2(within(t), nc); err != nil {
		t.Error(err)
	}
	nc.Close()
	nc = dial("http/1.1")
	if err := ws.CheckHTTP2(within(t), nc); asHandshake(t, err) == nil || !strings.Contains(err.Error(), "does not speak HTTP/2") {
		t.Error(err)
	}
	nc.Close()
	for name, tt := range map[string]struct{ answer, says string }{
		"RFC 8441 section 3: not announced":  {"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", "xconnect"},
		"the value 0":                        {"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00", "xconnect"},
		"no setting at all":                  {"\x00\x00\x00\x04\x00\x00\x00\x00\x00", "xconnect"},
		"RFC 9113 section 3.4: a PING first": {"\x00\x00\x08\x06\x00\x00\x00\x00\x00", "SETTINGS"},
		"RFC 9113 section 6.5: 5 bytes":      {"\x00\x00\x05\x04\x00\x00\x00\x00\x00", "SETTINGS"},
		"the end":                            {"", "answers nothing"},
		"the end within":                     {"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00", "cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				io.ReadFull(far, make([]byte, 33))
				io.WriteString(far, tt.answer)
				far.Close()
			}()
			err := ws.CheckHTTP2(within(t), near)
			if asHandshake(t, err); !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error = %v", err)
			}
			near.Close()
		})
	}
	t.Run("a context that ends", func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ws.CheckHTTP2(ctx, near); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
		near.Close()
	})
}

// Behind middleware: what can be unwrapped is, and sees nothing of the stream.
func TestHTTP2Middleware(t *testing.T) {
	gzip, err := gzhttp.NewWrapper(gzhttp.MinSize(0))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		around func(http.Handler) http.Handler
		status string
	}{
		"with Unwrap": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(unwrapper{wrapper{w}}, r) })
		}, "200"},
		"without Unwrap": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(wrapper{w}, r) })
		}, "500"},
		"gzhttp":              {func(h http.Handler) http.Handler { return gzip(h) }, "200"},
		"GuardConnect":        {ws.GuardConnect, "200"},
		"http.MaxBytes":       {func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 1<<20) }, "200"},
		"http.StripPrefix":    {func(h http.Handler) http.Handler { return http.StripPrefix("/chat", h) }, "200"},
		"http.TimeoutHandler": {func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Minute, "") }, "500"},
		"a context that ends": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithTimeout(r.Context(), time.Nanosecond)
				defer cancel()
				h.ServeHTTP(w, r.WithContext(ctx))
			})
		}, "200"},
	} {
		for kind, h := range kinds(nil, echoing) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				n := newCensus(t)
				c := n.dial2(t, n.serve2(t, tt.around(h), nil))
				stream := c.request(t, false, fields2("accept-encoding", "gzip"))
				status, header := stream.answer(t)
				if status != tt.status {
					t.Fatalf("status %s", status)
				}
				if status == "500" {
					if body, _ := io.ReadAll(stream); !strings.Contains(string(body), "cannot carry a WebSocket") {
						t.Errorf("body %q", body)
					}
					return
				}
				if header.Get("Content-Encoding") != "" {
					t.Errorf("header %v", header)
				}
				client := stream.client()
				for _, size := range []int{0, 5, 100_000} {
					says2(t, client, ws.MessageText, make([]byte, size))
				}
				if err := client.Close(ws.StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
				if how := stream.ended(); how != "END_STREAM" {
					t.Errorf("the server ended the stream by %s", how)
				}
			})
		}
	}
}

// A page is no WebSocket, whatever reaches its handler.
func TestGuardConnect(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /get", ws.Handler(echoing, nil))
	mux.Handle("/chat", ws.Handler(echoing, nil))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "6")
		io.WriteString(w, "a page")
	})
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/flush", func(w http.ResponseWriter, r *http.Request) { http.NewResponseController(w).Flush() })
	mux.HandleFunc("/204", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(103)
		w.WriteHeader(200)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "who are you", 401) })
	n := newCensus(t)
	c := n.dial2(t, n.serve2(t, ws.GuardConnect(mux), nil))
	for path, want := range map[string]struct{ status, body string }{
		"/chat": {"200", ""}, "/get": {"501", "nothing here"}, "/other": {"501", "nothing here"}, "/silent": {"501", "nothing here"},
		"/flush": {"501", "nothing here"}, "/204": {"501", "nothing here"}, "/early": {"501", "nothing here"}, "/login": {"401", "who are you"},
	} {
		stream := c.request(t, false, fields2(":path", path))
		status, header := stream.answer(t)
		if status != want.status {
			t.Errorf("%s: status %s, %v", path, status, header)
		}
		if status == "200" {
			says2(t, stream.client(), ws.MessageText, []byte("hello"))
			continue
		}
		if body, _ := io.ReadAll(stream); !strings.Contains(string(body), want.body) || strings.Contains(string(body), "a page") {
			t.Errorf("%s: body %q", path, body)
		}
	}
	stream := c.request(t, false, fields2(":protocol", "connect-udp", ":path", "/other"))
	if status, _ := stream.answer(t); status != "501" {
		t.Errorf("another protocol: status %s", status)
	}
	// Ordinary requests pass.
	for _, method := range []string{"GET", "POST"} {
		stream := c.request(t, true, fields2(":method", method, ":protocol", "-", ":path", "/other"))
		status, _ := stream.answer(t)
		if body, _ := io.ReadAll(stream); status != "200" || string(body) != "a page" {
			t.Errorf("%s: status %s, %q", method, status, body)
		}
	}
}

// The refusal's text for a handler that has no server of HTTP/2 below it.
func TestAcceptExtendedWithoutStream(t *testing.T) {
	r := httptest.NewRequest("CONNECT", "/chat", nil)
	r.RequestURI, r.Host, r.Proto, r.ProtoMajor, r.ProtoMinor = "/chat", "example.com", "websocket", 3, 0
	r.Header = http.Header{"Sec-Websocket-Version": {"13"}}
	w := httptest.NewRecorder()
	_, err := ws.Accept(w, r, nil)
	if e := asHandshake(t, err); w.Code != 500 || !strings.Contains(e.Error(), "Unwrap") {
		t.Errorf("status %d, %v", w.Code, err)
	}
	if !ws.IsUpgrade(r) {
		t.Error("RFC 9220 section 3: not recognized")
	}
	for _, change := range []func(r *http.Request){
		func(r *http.Request) { r.Method = "GET" },
		func(r *http.Request) { r.Proto = "HTTP/3.0" },
		func(r *http.Request) { r.Proto = "connect-udp" },
		func(r *http.Request) { r.ProtoMajor = 2 },
		func(r *http.Request) { r.ProtoMajor, r.Header = 1, http.Header{":protocol": {"websocket"}} },
	} {
		other := r.Clone(t.Context())
		change(other)
		if ws.IsUpgrade(other) {
			t.Errorf("%s %s %d is an upgrade", other.Method, other.Proto, other.ProtoMajor)
		}
	}
}
