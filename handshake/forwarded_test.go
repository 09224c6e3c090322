package handshake

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// behind is a handshake that came through a proxy at 10.0.0.7, with fields as
// "Name: value".
func behind(p Policy, host, origin string, fields ...string) *api.HandshakeError {
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/8")}
	if !p.Peer.IsValid() {
		p.Peer = netip.MustParseAddr("10.0.0.7")
	}
	r := &Request{Host: host}
	if origin != "" {
		r.Header = append(r.Header, Field{"Origin", origin})
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header = append(r.Header, Field{name, value})
	}
	if err := p.checkHost(r); err != nil {
		return err
	}
	return p.checkOrigin(r, RFC6455)
}

func status(e *api.HandshakeError) int {
	if e == nil {
		return 101
	}
	return e.Status
}

func TestTrustedProxies(t *testing.T) {
	for _, c := range []struct {
		name, host, origin string
		fields             []string
		want               int
	}{
		{"X-Forwarded-Proto", "good.com", "https://good.com", []string{"X-Forwarded-Proto: https"}, 101},
		{"the page of the backend's own scheme is another's then", "good.com", "http://good.com", []string{"X-Forwarded-Proto: https"}, 403},
		{"no field: the request's own scheme", "good.com", "http://good.com", nil, 101},
		{"no field, https page", "good.com", "https://good.com", nil, 403},
		{"an empty field says nothing", "good.com", "http://good.com", []string{"X-Forwarded-Proto: ", "X-Forwarded-Host: ", "Forwarded: "}, 101},
		{"another site", "good.com", "https://evil.com", []string{"X-Forwarded-Proto: https"}, 403},
		{"upper case", "good.com", "https://good.com", []string{"x-forwarded-proto: HTTPS"}, 101},
		{"wss, as Traefik writes it", "good.com", "https://good.com", []string{"X-Forwarded-Proto: wss"}, 101},
		{"ws", "good.com", "http://good.com", []string{"X-Forwarded-Proto: ws"}, 101},
		{"another scheme", "good.com", "https://good.com", []string{"X-Forwarded-Proto: h2"}, 400},

		{"X-Forwarded-Host", "backend:8080", "https://good.com", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: good.com"}, 101},
		{"and the backend's name is none then", "backend:8080", "https://backend:8080", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: good.com"}, 403},
		{"X-Forwarded-Host with a port", "backend", "https://good.com:8443", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: good.com:8443"}, 101},
		{"the default port", "backend", "https://good.com", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: good.com:443"}, 101},
		{"another port", "backend", "https://good.com:8443", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: good.com"}, 403},
		{"the port of http is not that of https", "good.com:80", "https://good.com", []string{"X-Forwarded-Proto: https"}, 403},
		{"a port in Host is kept", "good.com:8443", "https://good.com:8443", []string{"X-Forwarded-Proto: https"}, 101},
		{"X-Forwarded-Port is not read", "good.com", "https://good.com:8443", []string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 8443"}, 403},
		{"a malformed host", "good.com", "https://good.com", []string{"X-Forwarded-Host: good.com/x"}, 400},

		{"the last of several counts", "backend", "https://good.com", []string{"X-Forwarded-Proto: http, https", "X-Forwarded-Host: evil.com, good.com"}, 101},
		{"and not the first", "backend", "https://evil.com", []string{"X-Forwarded-Proto: https, https", "X-Forwarded-Host: evil.com, good.com"}, 403},
		{"the last of several lines", "backend", "https://evil.com", []string{"X-Forwarded-Host: evil.com", "X-Forwarded-Host: good.com", "X-Forwarded-Proto: https"}, 403},

		{"RFC 7239 section 4", "backend", "https://good.com", []string{"Forwarded: for=192.0.2.60;proto=https;by=203.0.113.43;host=good.com"}, 101},
		{"RFC 7239 section 4: names in any case, quoted", "backend", "https://good.com:8443", []string{`Forwarded: For="[2001:db8:cafe::17]:4711"; PROTO=https ;Host="good.com:8443"`}, 101},
		{"RFC 9110 section 5.6.4: quoted-pair", "backend", "https://good.com", []string{`Forwarded: proto="h\ttps";host="good\.com"`}, 101},
		{"without the quotes that a port needs", "backend", "https://good.com:8443", []string{"Forwarded: proto=https;host=good.com:8443"}, 101},
		{"proto alone", "good.com", "https://good.com", []string{"Forwarded: proto=https"}, 101},
		{"host alone", "backend", "http://good.com", []string{"Forwarded: host=good.com"}, 101},
		{"other parameters", "good.com", "https://good.com", []string{"Forwarded: ;secret=x;proto=https;"}, 101},
		{"RFC 7239 section 4: the last element is the peer's", "backend", "https://evil.com",
			[]string{"Forwarded: for=192.0.2.1;proto=https;host=evil.com, for=192.0.2.60;proto=https;host=good.com"}, 403},
		{"the element before, if the last is about a trusted proxy", "backend", "https://good.com",
			[]string{"Forwarded: for=192.0.2.60;proto=https;host=good.com, for=10.0.0.9;proto=http;host=inner"}, 101},
		{"in two lines", "backend", "https://good.com",
			[]string{"Forwarded: for=192.0.2.60;proto=https;host=good.com", `Forwarded: for="10.0.0.9:1234";proto=http`}, 101},
		{"of IPv6", "backend", "https://good.com",
			[]string{`Forwarded: for=192.0.2.60;proto=https;host=good.com, for="[fd00::9]:1234";proto=http`}, 101},
		{"and no further", "backend", "https://evil.com",
			[]string{"Forwarded: proto=https;host=evil.com, for=192.0.2.60;proto=https;host=good.com, for=10.0.0.9;proto=http"}, 403},
		{"RFC 7239 section 6.3: an obfuscated node is not trusted", "backend", "https://evil.com",
			[]string{"Forwarded: proto=https;host=evil.com, for=_hidden;proto=https;host=good.com"}, 403},
		{"RFC 7239 section 4: a parameter twice", "good.com", "https://good.com", []string{"Forwarded: proto=http;proto=https"}, 400},
		{"no value", "good.com", "https://good.com", []string{"Forwarded: proto=https;host"}, 400},
		{"an empty value", "good.com", "https://good.com", []string{"Forwarded: proto="}, 400},
		{"an open quote", "good.com", "https://good.com", []string{`Forwarded: proto="https`}, 400},
		{"something behind a quote", "good.com", "https://good.com", []string{`Forwarded: proto="https"x`}, 400},
		{"too long", "good.com", "https://good.com", []string{"Forwarded: x=" + strings.Repeat("x", maxForwardedBytes), "X-Forwarded-Proto: https"}, 400},

		{"both kinds, of one opinion", "backend", "https://good.com",
			[]string{"Forwarded: proto=https;host=good.com", "X-Forwarded-Proto: https", "X-Forwarded-Host: good.com"}, 101},
		{"both kinds, each with a part", "backend", "https://good.com", []string{"Forwarded: host=good.com", "X-Forwarded-Proto: https"}, 101},
		{"schemes that contradict each other", "good.com", "https://good.com", []string{"Forwarded: proto=https", "X-Forwarded-Proto: http"}, 400},
		{"hosts that contradict each other", "backend", "http://evil.com", []string{"Forwarded: host=evil.com", "X-Forwarded-Host: good.com"}, 400},
		{"no page, no need to read them", "good.com", "", []string{"Forwarded: proto=https", "X-Forwarded-Proto: http"}, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := behind(Policy{}, c.host, c.origin, c.fields...); status(got) != c.want {
				t.Errorf("status %d, want %d: %v", status(got), c.want, got)
			}
			// The same from anywhere else is as if the fields were not there.
			for _, peer := range []netip.Addr{netip.MustParseAddr("10.0.1.7"), netip.MustParseAddr("2001:db8::1"), netip.IPv6Unspecified()} {
				got, want := behind(Policy{Peer: peer}, c.host, c.origin, c.fields...), behind(Policy{Peer: peer}, c.host, c.origin)
				if status(got) != status(want) {
					t.Errorf("%v is not trusted: status %d, without the fields %d", peer, status(got), status(want))
				}
			}
		})
	}
}

// A peer whose address is unknown is nobody, whatever is trusted.
func TestTrustedPeers(t *testing.T) {
	for _, c := range []struct {
		prefix, peer string
		want         bool
	}{
		{"10.0.0.0/8", "10.255.0.1", true},
		{"10.0.0.5/32", "10.0.0.5", true},
		{"10.0.0.5/32", "10.0.0.6", false},
		{"10.0.0.0/8", "::ffff:10.0.0.1", true}, // RFC 4291 section 2.5.5.2: a dual-stack listener shows IPv4 so
		{"fe80::/10", "fe80::1%eth0", true},
		{"::1/128", "127.0.0.1", false},
		{"::/0", "10.0.0.1", false},
		{"0.0.0.0/0", "", false},
		{"::/0", "", false},
	} {
		var peer netip.Addr
		if c.peer != "" {
			peer = netip.MustParseAddr(c.peer)
		}
		p := Policy{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix(c.prefix)}}
		if got := p.trusts(peer); got != c.want {
			t.Errorf("%s trusts %q: %v, want %v", c.prefix, c.peer, got, c.want)
		}
	}
}

// AllowedHosts are the names by which clients call the server.
func TestTrustedProxiesAndAllowedHosts(t *testing.T) {
	p := Policy{AllowedHosts: []string{"good.com"}}
	if e := behind(p, "backend", "", "X-Forwarded-Host: good.com"); e != nil {
		t.Error(e)
	}
	e := behind(p, "good.com", "", "X-Forwarded-Host: rebound.evil.com")
	if status(e) != 403 || !strings.Contains(e.Problem, `the Host "rebound.evil.com"`) {
		t.Errorf("%v, want 403 that names rebound.evil.com", e)
	}
	if e := behind(p, "good.com", "", "X-Forwarded-Proto: gopher"); status(e) != 400 {
		t.Errorf("%v, want 400", e)
	}
}

// An allowed origin stays allowed, whatever a proxy says.
func TestTrustedProxiesAndOriginPatterns(t *testing.T) {
	p := Policy{OriginPatterns: []string{"https://app.com"}}
	if e := behind(p, "good.com", "https://app.com", "X-Forwarded-Proto: gopher"); e != nil {
		t.Error(e)
	}
}

func TestValidateTrustedProxies(t *testing.T) {
	for _, c := range []struct {
		prefix netip.Prefix
		want   string
	}{
		{netip.Prefix{}, "MustParsePrefix"},
		{netip.PrefixFrom(netip.MustParseAddr("10.0.0.1"), 33), "MustParsePrefix"},
		{netip.MustParsePrefix("::ffff:10.0.0.0/104"), "write it as IPv4"},
		{netip.MustParsePrefix("10.0.0.1/8"), ""},
		{netip.MustParsePrefix("::1/128"), ""},
	} {
		p := Policy{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), c.prefix}}
		err := p.Validate()
		e, ok := errors.AsType[*api.ArgumentError](err)
		if c.want == "" && err != nil || c.want != "" && (!ok || e.Name != "TrustedProxies" || !strings.Contains(e.Problem, c.want)) {
			t.Errorf("%v: %v, want %q", c.prefix, err, c.want)
		}
	}
}

// Trust costs nothing where the request does not come from a proxy.
func TestTrustedProxiesAllocate(t *testing.T) {
	r := &Request{Host: "good.com", Header: Fields{{"Origin", "http://good.com"}, {"X-Forwarded-Proto", "https"}}}
	p := Policy{Peer: netip.MustParseAddr("192.0.2.1"), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if n := testing.AllocsPerRun(100, func() { p.checkOrigin(r, RFC6455) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"for=192.0.2.60;proto=https;by=203.0.113.43;host=good.com", `for="[2001:db8::1]:47",;a=b;`, `host="a\"b"`, "proto=https, for=10.0.0.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := behind(Policy{}, "good.com", "https://good.com", "Forwarded: "+s)
		if e != nil && e.Status != 400 && e.Status != 403 {
			t.Errorf("status %d", e.Status)
		}
		hops, problem := forwardedHops(Fields{{"Forwarded", s}})
		if problem != "" && len(hops) > 0 || len(hops) > len(s)/3+1 {
			t.Errorf("%q: %d elements and the problem %q", s, len(hops), problem)
		}
	})
}
