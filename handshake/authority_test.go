package handshake

import "testing"

func TestParseAuthority(t *testing.T) {
	for _, c := range []struct {
		in   string
		want authority
		ok   bool
		why  string
	}{
		{"example.com", authority{"example.com", noPort}, true, "RFC 3986 section 3.2.2"},
		{"EXAMPLE.com:8080", authority{"example.com", 8080}, true, "hosts know no case"},
		{"my_host:1", authority{"my_host", 1}, true, "an underscore is no letter, but container names have it"},
		{"example.com.", authority{"example.com.", noPort}, true, "a rooted name is another origin to browsers"},
		{"example.com:", authority{"example.com", noPort}, true, "RFC 3986 section 3.2.3: an empty port"},
		{"127.0.0.1:65535", authority{"127.0.0.1", 65535}, true, "the largest port"},
		{"[::1]", authority{"[::1]", noPort}, true, "IPv6"},
		{"[0:0::0:1]:80", authority{"[::1]", 80}, true, "one form for all spellings of IPv6"},
		{"[2001:DB8::1]", authority{"[2001:db8::1]", noPort}, true, "IPv6 in upper case"},
		{"", authority{}, false, "no host"},
		{":80", authority{}, false, "no host"},
		{"example.com:65536", authority{}, false, "the port does not fit 16 bits"},
		{"example.com:+80", authority{}, false, "a port is digits"},
		{"example.com:80x", authority{}, false, "a port is digits"},
		{"a:b:80", authority{}, false, "a colon in a name"},
		{"::1", authority{}, false, "IPv6 without brackets"},
		{"[::1", authority{}, false, "an open bracket"},
		{"[::1]x", authority{}, false, "something after the bracket"},
		{"[127.0.0.1]", authority{}, false, "IPv4 in brackets"},
		{"[fe80::1%eth0]", authority{}, false, "a zone means nothing to the peer"},
		{"user@example.com", authority{}, false, "userinfo"},
		{".example.com", authority{}, false, "an empty label"},
		{"a..b", authority{}, false, "an empty label"},
		{"a/b", authority{}, false, "a path"},
		{"a%41", authority{}, false, "percent-encoding"},
		{"b\u00fccher.example", authority{}, false, "names are punycode on the wire"},
		{"a b", authority{}, false, "a space"},
		{"a\x00b", authority{}, false, "NUL"},
	} {
		got, ok := parseAuthority(c.in)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("parseAuthority(%q) = %v, %v, want %v, %v: %s", c.in, got, ok, c.want, c.ok, c.why)
		}
	}
}
