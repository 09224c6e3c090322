package main

import (
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"no URL", "dial", "ws: dial: accepts 1 arg(s), received 0: see ws dial --help\n"},
		{"an unknown flag", "dial --foo ws://h", "ws: dial: unknown flag: --foo: see ws dial --help\n"},
		{"an unknown command", "fly", "ws: unknown command \"fly\" for \"ws\": see ws --help\n"},
		{"a header without a colon", "dial -H x ws://h", "ws: --header: \"x\" is no header field: write \"Name: value\"\n"},
		{"a header of the handshake", "dial -H Upgrade:x ws://h", "*"},
		{"a URL without scheme", "dial example.com", "*"},
		{"another scheme", "check ftp://h", "ws: url: has the scheme ftp: use ws or wss\n"},
		{"credentials without a colon", "dial -u x ws://h", "ws: --auth: it has no colon: write USER:PASSWORD\n"},
		{"a version of HTTP", "dial --http 0.9 ws://h", "ws: --http: this program does not speak HTTP/0.9: use 1.1, 2, 3\n"},
		{"no such file", "dial --cacert /nonexistent ws://h", "ws: --cacert: open /nonexistent: no such file or directory\n"},
		{"a key alone", "dial --key k ws://h", "ws: --key: it needs the certificate too: add --cert\n"},
		{"a format", "dial --binary-out x ws://h", "ws: --binary-out: \"x\" is no format: use hexdump, base64 or raw\n"},
		{"a size", "dial --read-limit 1X ws://h", "*"},
		{"a proxy with a password", "dial --proxy http://u:secret%zz@h ws://h", "*"},
		{"a proxy of another scheme", "dial --proxy ftp://h ws://h", "*"},
		{"a pace", "replay --pace slow f", "ws: --pace: \"slow\" is none: use recorded, fast or lockstep\n"},
		{"a speed", "replay --speed 0 f", "ws: --speed: it must be over 0: use --pace fast for no waiting\n"},
		{"a test that does not end", "load -d 0 ws://h", "ws: --duration and --messages are both 0: the test would not end\n"},
		{"a range", "load --size 9-1 ws://h", "ws: --size: \"9-1\" is no size: want bytes, such as 125 or 100-2000\n"},
		{"a path", "serve --path ws", "ws: --path: \"ws\" does not begin with a slash\n"},
		{"a folder", "serve --static exit.go", "ws: --static: exit.go is no folder\n"},
		{"a certificate of none", "serve --write-cert f", "*"},
		{"an origin", "serve --addr 127.0.0.1:0 --allow-origin https://h/", "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := text(t, "", strings.Fields(c.args)...)
			r.want(t, exitUsage, "*", c.want)
			if strings.Count(r.err, "\n") != 1 || strings.Contains(r.err, "secret") {
				t.Errorf("the error is not one line without secrets: %q", r.err)
			}
		})
	}
}

// Every command has a help with an example, and names what it is for.
func TestHelp(t *testing.T) {
	for _, name := range []string{"dial", "serve", "record", "replay", "load", "check"} {
		r := text(t, "", name, "--help")
		if r.status != exitOK || !strings.Contains(r.out, "Examples:") || !strings.Contains(r.out, "ws "+name) {
			t.Errorf("ws %s --help: status %d\n%s", name, r.status, r.out)
		}
	}
	r := text(t, "", "help", "exit")
	if r.status != exitOK || !strings.Contains(r.out, "130") {
		t.Errorf("ws help exit: status %d\n%s", r.status, r.out)
	}
	r = text(t, "")
	if r.status != exitOK || !strings.Contains(r.out, "Available Commands:") {
		t.Errorf("ws: status %d\n%s", r.status, r.out)
	}
}

func TestBytesFlag(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "125": 125, "64K": 64 << 10, "64KiB": 64 << 10, "1m": 1 << 20, "2G": 2 << 30} {
		var b bytesFlag
		if err := b.Set(in); err != nil || int64(b) != want {
			t.Errorf("%q is %d, %v, want %d", in, b, err, want)
		}
	}
	for _, in := range []string{"", "K", "-1", "1T", "1.5K", "99999999999999999999"} {
		if err := new(bytesFlag).Set(in); err == nil {
			t.Errorf("%q is accepted", in)
		}
	}
	for n, want := range map[bytesFlag]string{16 << 20: "16M", 1 << 10: "1K", 1500: "1500", 0: "0"} {
		if got := n.String(); got != want {
			t.Errorf("%d is written as %s, want %s", int64(n), got, want)
		}
	}
}
