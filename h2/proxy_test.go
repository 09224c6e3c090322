package h2_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// The Dialer's Proxy leads to the server: one tunnel for all WebSockets.
func TestProxy(t *testing.T) {
	s := serve(t, ws.Handler(echo, nil))
	var tunnels atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != s.Listener.Addr().String() {
			t.Errorf("the proxy got %s %s", r.Method, r.Host)
		}
		tunnels.Add(1)
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(there, here)
			there.Close()
		}()
		io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := s.dialer(t, &h2.Transport{})
	d.Proxy = http.ProxyURL(address)
	for range 3 {
		c, err := d.Dial(t.Context(), s.url("/"))
		if err != nil {
			t.Fatal(err)
		}
		says(t, c, "through the proxy")
		if v := c.HTTPVersion(); v != "HTTP/2.0" {
			t.Errorf("HTTPVersion is %q", v)
		}
		c.CloseNow()
	}
	if n := tunnels.Load(); n != 1 {
		t.Errorf("%d tunnels, want 1", n)
	}
}
