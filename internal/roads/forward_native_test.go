//go:build !js && unix

package roads_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// inside is a name that only a proxy knows.
const inside = "inside.test"

const insideHosts = "127.0.0.1 localhost\n127.0.0.1 " + inside + "\n"

// refusal is what Dial returns.
type refusal struct {
	status int // of an http proxy
	reply  int // of a SOCKS proxy, -1 for no *SOCKSError
	says   string
}

// forward is a forward proxy.
type forward struct {
	name    string
	schemes []string // of its URL
	user    string   // credentials for it, as user:password@
	start   func(t *testing.T, o *origin) map[string]string

	nobody refusal // nobody listens on the server's port
	barred *refusal
	// Without credentials, and with a wrong password; nil where it wants none.
	without, wrong *refusal
}

// at says that a proxy has one address for all its schemes.
func at(addr string, schemes ...string) map[string]string {
	all := map[string]string{}
	for _, s := range schemes {
		all[s] = addr
	}
	return all
}

var forwards = []forward{
	{
		name: "squid", schemes: []string{"http", "https"},
		start: func(t *testing.T, o *origin) map[string]string {
			plain, secured := squid(t, "squid.conf", insideHosts, o)
			return map[string]string{"http": plain, "https": secured}
		},
		nobody: refusal{503, -1, "503 Service Unavailable"},
		barred: &refusal{403, -1, "403 Forbidden: many proxies allow CONNECT to port 443 only"},
	},
	{
		name: "squid, Basic", schemes: []string{"http"}, user: "user:secret@",
		start: func(t *testing.T, o *origin) map[string]string {
			plain, _ := squid(t, "squid-basic.conf", insideHosts, o)
			return at(plain, "http")
		},
		nobody:  refusal{503, -1, "503 Service Unavailable"},
		barred:  &refusal{403, -1, "403 Forbidden"},
		without: &refusal{407, -1, "407 Proxy Authentication Required: it requires credentials, by Basic authentication: put them into the proxy's URL"},
		wrong:   &refusal{407, -1, "it wants Basic authentication, and rejects the credentials of the proxy's URL"},
	},
	{
		name: "tinyproxy", schemes: []string{"http"},
		start:  func(t *testing.T, o *origin) map[string]string { return at(tinyproxy(t, "tinyproxy.conf", o), "http") },
		nobody: refusal{500, -1, "500 Unable to connect"},
		barred: &refusal{403, -1, "403 Access violation"},
	},
	{
		name: "tinyproxy, Basic", schemes: []string{"http"}, user: "user:secret@",
		start: func(t *testing.T, o *origin) map[string]string {
			return at(tinyproxy(t, "tinyproxy-basic.conf", o), "http")
		},
		nobody:  refusal{500, -1, "500 Unable to connect"},
		barred:  &refusal{403, -1, "403 Access violation"},
		without: &refusal{407, -1, "it requires credentials, by Basic authentication"},
		wrong:   &refusal{401, -1, "401 Unauthorized: it wants Basic authentication, and rejects the credentials of the proxy's URL"},
	},
	{
		name: "microsocks", schemes: []string{"socks5", "socks5h"},
		start: func(t *testing.T, o *origin) map[string]string {
			return at(microsocks(t, "microsocks.sh"), "socks5", "socks5h")
		},
		nobody: refusal{0, 5, "SOCKS reply 5: connection refused"},
	},
	{
		name: "microsocks, password", schemes: []string{"socks5", "socks5h"}, user: "user:secret@",
		start: func(t *testing.T, o *origin) map[string]string {
			return at(microsocks(t, "microsocks-password.sh"), "socks5", "socks5h")
		},
		nobody:  refusal{0, 5, "SOCKS reply 5: connection refused"},
		without: &refusal{0, 0, "requires credentials: put them into the proxy's URL, as user:password@"},
		wrong:   &refusal{0, 0, "rejects the credentials of its URL"},
	},
	{
		name: "ssh -D", schemes: []string{"socks5", "socks5h"},
		start: func(t *testing.T, o *origin) map[string]string {
			return at(ssh(t), "socks5", "socks5h")
		},
		nobody: refusal{0, -1, "ended the connection instead of connecting to"},
	},
}

// Through each forward proxy: messages of all sizes, ws and wss, by address and
// by name, and what it refuses.
func TestForward(t *testing.T) {
	o := newOrigin(t)
	for _, f := range forwards {
		t.Run(f.name, func(t *testing.T) {
			addrs := f.start(t, o)
			for _, scheme := range f.schemes {
				proxy := scheme + "://" + f.user + addrs[scheme]
				t.Run(scheme, func(t *testing.T) {
					for _, host := range []string{"127.0.0.1", "localhost"} {
						for _, server := range []string{"ws", "wss"} {
							t.Run(server+" "+host, func(t *testing.T) { testEcho(t, o.dialer(proxy), o.url(server, host)) })
						}
					}
					t.Run("without deadlines", func(t *testing.T) {
						d := o.dialer(proxy)
						d.NetDial = withoutDeadlines
						testEcho(t, d, o.url("wss", "127.0.0.1"))
					})
					t.Run("refusals", func(t *testing.T) { f.testRefusals(t, o, scheme, addrs[scheme]) })
				})
			}
		})
	}
}

func (f *forward) testRefusals(t *testing.T, o *origin, scheme, addr string) {
	proxy := scheme + "://" + f.user + addr
	f.nobody.check(t, o, proxy, addr, "ws://"+loopback+":"+o.ports[2]+"/")
	f.nobody.check(t, o, proxy, addr, "wss://"+loopback+":"+o.ports[2]+"/")
	if f.barred != nil {
		f.barred.check(t, o, proxy, addr, "ws://127.0.0.1:"+o.other+"/")
	}
	if f.without != nil {
		f.without.check(t, o, scheme+"://"+addr, addr, o.url("ws", "127.0.0.1"))
		f.wrong.check(t, o, scheme+"://user:nosecret@"+addr, addr, o.url("wss", "127.0.0.1"))
	}
	// The server's refusal is not the proxy's.
	_, err := o.dialer(proxy).Dial(within(t), o.url("wss", "127.0.0.1")+"refused")
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || e.Proxy != "" || e.Status != 407 || string(e.Body) != "the server's own\n" {
		t.Errorf("error = %v, want the server's 407", err)
	}
}

// check fails the test unless the proxy refuses to connect to url.
func (r refusal) check(t *testing.T, o *origin, proxy, addr, url string) {
	t.Helper()
	_, err := o.dialer(proxy).Dial(within(t), url)
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || e.Proxy != addr || e.Status != r.status || !strings.Contains(err.Error(), r.says) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%s through %s: %v; want status %d of the proxy and %q", url, proxy, err, r.status, r.says)
		return
	}
	refused, ok := errors.AsType[*ws.SOCKSError](err)
	if ok != (r.reply >= 0) || ok && int(refused.Reply) != r.reply {
		t.Errorf("%s through %s: the cause is %#v, want a *SOCKSError with %d (-1: none)", url, proxy, e.Cause, r.reply)
	}
}

// A proxy that speaks Digest alone: the error says so.
func TestForwardDigest(t *testing.T) {
	o := newOrigin(t)
	addr, _ := squid(t, "squid-digest.conf", insideHosts, o)
	refusal{407, -1, "it wants Digest authentication, and of these Dial speaks none: set a Proxy-Authorization in ProxyHeader"}.
		check(t, o, "http://user:secret@"+addr, addr, o.url("ws", "127.0.0.1"))
}

// A name that only the proxy can resolve; and the proxy comes from the
// environment.
func TestForwardNameOfTheProxy(t *testing.T) {
	for _, v := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
		t.Setenv(v, "")
	}
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no DNS in this test")
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
	o := newOrigin(t)
	test := func(t *testing.T, proxy string) {
		t.Helper()
		testEcho(t, o.dialer(proxy), o.url("ws", inside))
		d := o.dialer("")
		d.Proxy = nil
		t.Setenv("ALL_PROXY", proxy)
		testEcho(t, d, o.url("wss", inside))
		t.Setenv("NO_PROXY", "."+inside+", "+inside)
		_, err := d.Dial(within(t), o.url("wss", inside))
		if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Proxy != "" || !strings.Contains(err.Error(), "no DNS in this test") {
			t.Errorf("with NO_PROXY: %v, want that the name cannot be resolved here", err)
		}
	}
	t.Run("squid", func(t *testing.T) {
		plain, secured := squid(t, "squid.conf", insideHosts, o)
		test(t, "http://"+plain)
		t.Setenv("NO_PROXY", "")
		test(t, "https://"+secured)
	})
	t.Run("microsocks", func(t *testing.T) {
		find(t, "microsocks", "microsocks")
		prefix, why := apart(within(t), t, insideHosts)
		if why != "" {
			t.Skipf("a process with another /etc/hosts cannot be had here, so that socks5h is tested in memory only: %s", why)
		}
		addr := microsocks(t, "microsocks.sh", prefix...)
		test(t, "socks5h://"+addr)
		_, err := o.dialer("socks5://"+addr).Dial(within(t), o.url("ws", inside))
		if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Proxy != "" || !strings.Contains(err.Error(), inside+" cannot be resolved here: with the scheme socks5h") {
			t.Errorf("by socks5: %v, want that the name cannot be resolved here", err)
		}
	})
}

// A proxy that is addressed by another protocol than its own.
func TestForwardMistaken(t *testing.T) {
	o := newOrigin(t)
	addr := tinyproxy(t, "tinyproxy.conf", o)
	d := o.dialer("socks5h://" + addr)
	d.HandshakeTimeout = 500 * time.Millisecond // it waits for the end of a line
	_, err := d.Dial(within(t), o.url("ws", "127.0.0.1"))
	if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Proxy != addr || e.Status != 0 {
		t.Errorf("SOCKS to an http proxy: %v", err)
	}
	addr = microsocks(t, "microsocks.sh")
	_, err = o.dialer("http://"+addr).Dial(within(t), o.url("ws", "127.0.0.1"))
	if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Proxy != addr || e.Status != 0 {
		t.Errorf("HTTP to a SOCKS proxy: %v", err)
	}
}

// testEcho exchanges messages from nothing to 1 MiB, the default limit, and the
// closing handshake.
func testEcho(t *testing.T, d *ws.Dialer, url string) {
	t.Helper()
	ctx := within(t)
	c, err := d.Dial(ctx, url)
	if err != nil {
		t.Errorf("%s: %v", url, err)
		return
	}
	defer c.CloseNow()
	for _, typ := range []ws.MessageType{ws.MessageText, ws.MessageBinary} {
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			msg := bytes.Repeat([]byte("\x00\xffü"), n/4+1)[:n]
			if typ == ws.MessageText {
				msg = bytes.Repeat([]byte("a\x00ü"), n/4+1)[:n/4*4]
				msg = append(msg, "abc"[:n-len(msg)]...)
			}
			sent := make(chan error, 1)
			go func() { sent <- c.Write(ctx, typ, msg) }()
			got, p, err := c.Read(ctx)
			if err != nil || got != typ || !bytes.Equal(p, msg) {
				t.Errorf("%s: %v of %d bytes came back as %v of %d bytes: %v", url, typ, n, got, len(p), err)
				return
			}
			if err := <-sent; err != nil {
				t.Errorf("%s: Write of %d bytes: %v", url, n, err)
			}
		}
	}
	if err := c.Close(ws.StatusNormalClosure, "done"); err != nil {
		t.Errorf("%s: Close: %v", url, err)
	}
}

// withoutDeadlines is a NetDial whose connections have none, as those of an SSH
// library.
func withoutDeadlines(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return bare{nc, nc}, nil
}

var errNoDeadlines = errors.New("deadlines are not supported")

// bare is a connection that reads, writes and closes.
type bare struct {
	io.ReadWriteCloser
	nc net.Conn
}

func (b bare) LocalAddr() net.Addr            { return b.nc.LocalAddr() }
func (b bare) RemoteAddr() net.Addr           { return b.nc.RemoteAddr() }
func (bare) SetDeadline(time.Time) error      { return errNoDeadlines }
func (bare) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (bare) SetWriteDeadline(time.Time) error { return errNoDeadlines }
