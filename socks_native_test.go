//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/twinws/ws"
)

// turn is what a SOCKS proxy of a test waits for, and then says.
type turn struct{ hears, says string }

const (
	greeting     = "\x05\x01\x00"
	greetingUser = "\x05\x02\x00\x02"
	password     = "\x01\x04user\x06secret"
	connectName  = "\x05\x01\x00\x03\x0bexample.com\x00\x50"
	connected    = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
)

// socksProxy is a SOCKS proxy in memory, over a transport: it plays turns, and
// is then the server. What it hears otherwise is an error of the test.
func socksProxy(t *testing.T, transport func(net.Conn) net.Conn, turns []turn, server func(nc net.Conn, r *http.Request)) *ws.Dialer {
	return &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			for _, turn := range turns {
				heard := make([]byte, len(turn.hears))
				if _, err := io.ReadFull(far, heard); err != nil {
					return
				}
				if string(heard) != turn.hears {
					t.Errorf("the proxy heard %q, want %q", heard, turn.hears)
				}
				if _, err := io.WriteString(far, turn.says); err != nil {
					return
				}
			}
			if server == nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
				server(far, r)
			}
		}()
		return transport(near), nil
	}}
}

// RFC 1928 and RFC 1929, byte for byte, over every kind of connection.
func TestDialSOCKS(t *testing.T) {
	for name, tt := range map[string]struct {
		proxy, url string
		turns      []turn
	}{
		"a name": {"socks5h://proxy.test", "ws://example.com/", []turn{{greeting, "\x05\x00"}, {connectName, connected}}},
		"a password": {"socks5h://user:secret@proxy.test", "ws://example.com/",
			[]turn{{greetingUser, "\x05\x02"}, {password, "\x01\x00"}, {connectName, connected}}},
		"a password that is not wanted": {"socks5h://user:secret@proxy.test", "ws://example.com/",
			[]turn{{greetingUser, "\x05\x00"}, {connectName, connected}}},
		"a user name alone": {"socks5h://user@proxy.test", "ws://example.com/",
			[]turn{{greetingUser, "\x05\x02"}, {"\x01\x04user\x00", "\x01\x00"}, {connectName, connected}}},
		"no user name": {"socks5h://@proxy.test", "ws://example.com/", []turn{{greeting, "\x05\x00"}, {connectName, connected}}},
		"an address": {"socks5://proxy.test", "ws://192.0.2.1:8080/",
			[]turn{{greeting, "\x05\x00"}, {"\x05\x01\x00\x01\xc0\x00\x02\x01\x1f\x90", connected}}},
		"a zone, which means nothing to the proxy": {"socks5h://proxy.test", "ws://[fe80::1%25eth0]/",
			[]turn{{greeting, "\x05\x00"}, {"\x05\x01\x00\x04\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50", connected}}},
		"an IDN": {"socks5h://proxy.test", "ws://bücher.example/",
			[]turn{{greeting, "\x05\x00"}, {"\x05\x01\x00\x03\x15xn--bcher-kva.example\x00\x50", connected}}},
		"a reply with a name": {"socks5h://proxy.test", "ws://example.com/",
			[]turn{{greeting, "\x05\x00"}, {connectName, "\x05\x00\x00\x03\x05proxy\x00\x50"}}},
		"a reply with IPv6": {"socks5h://proxy.test", "ws://example.com/",
			[]turn{{greeting, "\x05\x00"}, {connectName, "\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x50"}}},
	} {
		for transport, disguise := range transports {
			t.Run(name+", "+transport, func(t *testing.T) {
				newCensus(t)
				d := socksProxy(t, disguise, tt.turns, func(nc net.Conn, r *http.Request) {
					io.WriteString(nc, switching(r)+"\x81\x05hello")
					io.Copy(io.Discard, nc)
				})
				c, err := throughProxy(t, d, tt.proxy).Dial(within(t), tt.url)
				if err != nil {
					t.Fatal(err)
				}
				hears(t, c, "hello")
				c.CloseNow()
			})
		}
	}
}

// What the proxy refuses, and how it fails.
func TestDialSOCKSRefused(t *testing.T) {
	const none = -1 // no *SOCKSError
	method := turn{greeting, "\x05\x00"}
	for name, tt := range map[string]struct {
		proxy string
		turns []turn
		reply int
		says  string
	}{
		"RFC 1928 section 3: credentials missing": {"", []turn{{greeting, "\x05\xff"}}, 0, "requires credentials: put them into the proxy's URL, as user:password@"},
		"RFC 1928 section 3: no method":           {"user:secret@", []turn{{greetingUser, "\x05\xff"}}, 0, "neither without authentication nor with user name and password"},
		"RFC 1929 section 2: a wrong password":    {"user:secret@", []turn{{greetingUser, "\x05\x02"}, {password, "\x01\x01"}}, 0, "rejects the credentials of its URL: SOCKS authentication failed"},
		"a method that was not offered":           {"", []turn{{greeting, "\x05\x02"}}, none, "selected the authentication method 2, which was not offered"},
		"GSSAPI":                                  {"user:secret@", []turn{{greetingUser, "\x05\x01"}}, none, "selected the authentication method 1"},
		"1":                                       {"", []turn{method, {connectName, "\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00"}}, 1, "refused to connect to example.com:80: SOCKS reply 1: general SOCKS server failure"},
		"2":                                       {"", []turn{method, {connectName, "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"}}, 2, "SOCKS reply 2: connection not allowed by ruleset"},
		"3":                                       {"", []turn{method, {connectName, "\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00"}}, 3, "network unreachable"},
		"4":                                       {"", []turn{method, {connectName, "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"}}, 4, "host unreachable"},
		"5, and no more":                          {"", []turn{method, {connectName, "\x05\x05"}}, 5, "connection refused"},
		"6":                                       {"", []turn{method, {connectName, "\x05\x06\x00\x01"}}, 6, "TTL expired"},
		"7":                                       {"", []turn{method, {connectName, "\x05\x07\x00\x01"}}, 7, "command not supported"},
		"8":                                       {"", []turn{method, {connectName, "\x05\x08\x00\x01"}}, 8, "address type not supported"},
		"255":                                     {"", []turn{method, {connectName, "\x05\xff\x00\x01"}}, 255, "SOCKS reply 255: an unassigned code"},
		"nothing":                                 {"", nil, none, "no valid response to the greeting"},
		"an end instead of a reply, as ssh -D":    {"", []turn{method, {connectName, ""}}, none, "ended the connection instead of connecting to example.com:80: ssh -D does so"},
		"an end instead of a status":              {"user:secret@", []turn{{greetingUser, "\x05\x02"}, {password, ""}}, none, "no response to user name and password"},
		"HTTP":                                    {"", []turn{{greeting, "HTTP/1.1 400 Bad Request\r\n\r\n"}}, none, "give the proxy's URL the scheme http"},
		"SOCKS 4":                                 {"", []turn{{greeting, "\x00\x5b"}}, none, "SOCKS 4"},
		"an address of no type":                   {"", []turn{method, {connectName, "\x05\x00\x00\x09\x00"}}, none, "the type of an address is 9"},
	} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			d := socksProxy(t, transports["a pipe"], tt.turns, nil)
			_, err := throughProxy(t, d, "socks5h://"+tt.proxy+"proxy.test:1").Dial(within(t), "ws://example.com/")
			e := asHandshake(t, err)
			if e.Proxy != "proxy.test:1" || e.Status != 0 {
				t.Errorf("proxy %q, status %d; want the proxy's refusal", e.Proxy, e.Status)
			}
			refusal, ok := errors.AsType[*ws.SOCKSError](err)
			if ok != (tt.reply != none) || ok && int(refusal.Reply) != tt.reply {
				t.Errorf("the cause is %#v, want a *SOCKSError with %d (-1: none)", e.Cause, tt.reply)
			}
			if s := err.Error(); !strings.Contains(s, tt.says) || !strings.Contains(s, "the proxy proxy.test:1") || strings.Contains(s, "secret") {
				t.Errorf("the error is %q, which does not say %q and name the proxy", s, tt.says)
			}
		})
	}
}

// The proxy's part of the conversation may end after every byte, and arrive in
// pieces of one byte.
func TestDialSOCKSTruncated(t *testing.T) {
	turns := []turn{{greetingUser, "\x05\x02"}, {password, "\x01\x00"}, {connectName, "\x05\x00\x00\x03\x05proxy\x00\x50"}}
	all := 0
	for _, turn := range turns {
		all += len(turn.says)
	}
	for cut := range all + 1 {
		newCensus(t)
		var short []turn
		for left, i := cut, 0; i < len(turns); i++ {
			n := min(left, len(turns[i].says))
			short = append(short, turn{turns[i].hears, turns[i].says[:n]})
			if left -= n; n < len(turns[i].says) {
				break
			}
		}
		d := socksProxy(t, func(nc net.Conn) net.Conn { return dripping{nc} }, short, nil)
		_, err := throughProxy(t, d, "socks5h://user:secret@proxy.test").Dial(within(t), "ws://example.com/")
		if e := asHandshake(t, err); (e.Proxy == "") != (cut == all) {
			t.Errorf("%d of %d bytes: the proxy that failed is %q: %v", cut, all, e.Proxy, err)
		}
	}
}

// dripping is a connection that delivers one byte at a time.
type dripping struct{ net.Conn }

func (d dripping) Read(p []byte) (int, error) { return d.Conn.Read(p[:min(1, len(p))]) }

// still is a connection whose Read returns neither bytes nor an error.
type still struct{ net.Conn }

func (still) Read([]byte) (int, error) { return 0, nil }

func TestDialSOCKSNoProgress(t *testing.T) {
	newCensus(t)
	d := socksProxy(t, func(nc net.Conn) net.Conn { return still{nc} }, []turn{{greeting, ""}}, nil)
	_, err := throughProxy(t, d, "socks5h://proxy.test").Dial(within(t), "ws://example.com/")
	if asHandshake(t, err); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error = %v, want io.ErrNoProgress", err)
	}
}

// At every step the time limit holds, over every kind of connection, and the
// error says that the proxy was waited for.
func TestDialSOCKSBounds(t *testing.T) {
	turns := []turn{{greetingUser, "\x05\x02"}, {password, "\x01\x00"}, {connectName, connected}}
	for step := range turns {
		for transport, disguise := range transports {
			t.Run(fmt.Sprint(step, " ", transport), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stall := append(slices.Clone(turns[:step]), turn{turns[step].hears, turns[step].says[:1]}, turn{"never sent", ""})
					d := socksProxy(t, disguise, stall, nil)
					d.HandshakeTimeout = 3 * time.Second
					begun := time.Now()
					_, err := throughProxy(t, d, "socks5h://user:secret@proxy.test").Dial(context.Background(), "wss://example.com:80/")
					if took := time.Since(begun); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%v after %v, want the time limit of 3 s", err, took)
					}
					if e := asHandshake(t, err); e.Proxy != "proxy.test" || !strings.Contains(err.Error(), "the response of the proxy proxy.test to SOCKS") {
						t.Errorf("the error does not say what was waited for: %v", err)
					}
				})
			})
		}
	}
}

// Cancelling the context ends the waiting for the proxy.
func TestDialSOCKSCancelled(t *testing.T) {
	for transport, disguise := range transports {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := socksProxy(t, disguise, []turn{{greeting, ""}, {"never sent", ""}}, nil)
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(time.Second, cancel)
				begun := time.Now()
				_, err := throughProxy(t, d, "socks5h://proxy.test").Dial(ctx, "ws://example.com/")
				if took := time.Since(begun); took != time.Second || !errors.Is(err, context.Canceled) {
					t.Errorf("%v after %v, want the context's end after 1 s", err, took)
				}
				cancel()
			})
		})
	}
}

// socks5 resolves here: the proxy hears addresses, one after the other, each
// over a connection of its own, until it can connect to one.
func TestDialSOCKSResolvesHere(t *testing.T) {
	withDNS(t, "192.0.2.1", "192.0.2.2", "2001:db8::1")
	addrs, err := net.DefaultResolver.LookupNetIP(within(t), "ip", "many.test")
	if err != nil || len(addrs) != 3 {
		t.Fatal(addrs, err)
	}
	var requests []string
	for _, a := range addrs {
		a = a.Unmap()
		typ := "\x01"
		if a.Is6() {
			typ = "\x04"
		}
		requests = append(requests, "\x05\x01\x00"+typ+string(a.AsSlice())+"\x00\x50")
	}
	const refused, ended = "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", ""
	for name, tt := range map[string]struct {
		says  []string // to each request
		reply int      // of the *SOCKSError, -1 for none
		opens bool
	}{
		"the first":          {[]string{connected}, -1, true},
		"the last":           {[]string{refused, ended, connected}, -1, true},
		"none":               {[]string{refused, ended, ended}, 5, false},
		"none, as by ssh -D": {[]string{ended, ended, ended}, -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			next := 0
			d := &ws.Dialer{NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				turns := []turn{{greeting, "\x05\x00"}, {requests[next], tt.says[next]}}
				var server func(net.Conn, *http.Request)
				if tt.says[next] == connected {
					server = func(nc net.Conn, r *http.Request) {
						io.WriteString(nc, switching(r))
						io.Copy(io.Discard, nc)
					}
				}
				next++
				return socksProxy(t, transports["a pipe"], turns, server).NetDial(ctx, network, addr)
			}}
			c, err := throughProxy(t, d, "socks5://proxy.test").Dial(within(t), "ws://many.test/")
			if next != len(tt.says) {
				t.Errorf("%d addresses were tried, want %d", next, len(tt.says))
			}
			if tt.opens {
				if err != nil {
					t.Fatal(err)
				}
				c.CloseNow()
				return
			}
			refusal, ok := errors.AsType[*ws.SOCKSError](err)
			if e := asHandshake(t, err); e.Proxy != "proxy.test" || ok != (tt.reply > 0) || ok && int(refusal.Reply) != tt.reply {
				t.Errorf("error = %v, want the first address's", err)
			}
		})
	}
	// Another address would not help.
	dials := 0
	d := &ws.Dialer{NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials++
		return socksProxy(t, transports["a pipe"], []turn{{greeting, "\x05\xff"}}, nil).NetDial(ctx, network, addr)
	}}
	_, err = throughProxy(t, d, "socks5://proxy.test").Dial(within(t), "ws://many.test/")
	if asHandshake(t, err); dials != 1 {
		t.Errorf("%d connections, want 1: %v", dials, err)
	}
}

// A name that cannot be resolved here is not the proxy's fault, and the error
// knows who may resolve it.
func TestDialSOCKSUnresolved(t *testing.T) {
	d := &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("the proxy was dialed")
		return nil, errNotDialed
	}}
	withoutDNS(t)
	_, err := throughProxy(t, d, "socks5://proxy.test:1").Dial(within(t), "ws://name.invalid/")
	if e := asHandshake(t, err); e.Proxy != "" || !strings.Contains(err.Error(), "name.invalid cannot be resolved here: with the scheme socks5h the proxy proxy.test:1 resolves it") {
		t.Errorf("error = %v of the proxy %q", err, e.Proxy)
	}
	long := strings.Repeat(strings.Repeat("a", 63)+".", 4) + "example"
	_, err = throughProxy(t, d, "socks5h://proxy.test").Dial(within(t), "ws://"+long+"/")
	asArgument(t, err, "url")
}

// withoutDNS makes the resolver of this process ask nobody.
func withoutDNS(t *testing.T) {
	t.Helper()
	resolveBy(t, func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no DNS in this test")
	})
}

func resolveBy(t *testing.T, dial func(ctx context.Context, network, addr string) (net.Conn, error)) {
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: dial}
	t.Cleanup(func() { net.DefaultResolver = before })
}

// withDNS gives this process a name server, over streams (RFC 1035 section
// 4.2.2), that knows these addresses for every name.
func withDNS(t *testing.T, addrs ...string) {
	t.Helper()
	resolveBy(t, func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			for answerDNS(far, addrs) == nil {
			}
		}()
		return near, nil
	})
}

func answerDNS(nc net.Conn, addrs []string) error {
	var size uint16
	if err := binary.Read(nc, binary.BigEndian, &size); err != nil {
		return err
	}
	query := make([]byte, size)
	if _, err := io.ReadFull(nc, query); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return err
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	for _, s := range addrs {
		a := netip.MustParseAddr(s)
		h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	answer, err := m.AppendPack(make([]byte, 2))
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
	_, err = nc.Write(answer)
	return err
}
