//go:build js && wasm

package wasmtest

import (
	"errors"
	"strings"
	"time"

	"github.com/twinws/ws"
)

// host returns the test server's host and port.
func (s *standard) host() string { return strings.TrimPrefix(s.url, "ws://") }

// dialURL dials a URL unchanged.
func (s *standard) dialURL(url string) *ws.Conn {
	s.Helper()
	c, err := ws.Dial(s.ctx, url, nil)
	if err != nil {
		s.Fatalf("%q: %v", url, err)
	}
	s.conns = append(s.conns, c)
	return c
}

var constructorRules = []standardRule{
	// "If urlRecord is failure, then throw a SyntaxError." (Chromium's parser
	// accepts a space in a host, which the URL standard forbids.)
	{"URL_does_not_parse", func(s *standard) {
		for _, url := range []string{
			"ws://", "ws://[::1", "ws://127.0.0.1:99999/", "ws://127.0.0.1:port/", "ws://127.0.0.1:-1/",
			"ws://a%00b/", "ws://999.999.999.999/", "wss://[1::2::3]/",
		} {
			_, err := ws.Dial(s.ctx, url, nil)
			if _, early := errors.AsType[*ws.ArgumentError](err); s.home.differs.LateURL && !early {
				s.wantHandshake(url, err)
				continue
			}
			s.wantArgument(url, err, "url")
		}
	}},
	// "applying the URL parser": other texts of the same address.
	{"URL_is_parsed", func(s *standard) {
		_, port, _ := strings.Cut(s.host(), ":")
		for _, url := range []string{
			"WS://" + s.host() + "/echo", "\t ws://" + s.host() + "/echo\n", "ws:\\\\" + s.host() + "\\echo",
			"ws://127.1:" + port + "/echo", "ws://0x7f000001:" + port + "/x/../echo", "ws://%31%32%37.0.0.1:" + port + "/echo",
		} {
			s.wantEcho(s.dial(url), ws.MessageText, []byte(url))
		}
	}},
	{"scheme_http", func(s *standard) {
		s.wantEcho(s.dial("http://"+s.host()+"/echo"), ws.MessageText, []byte("hello"))
	}},
	// https means TLS, which this server does not speak.
	{"scheme_https_and_wss", func(s *standard) {
		for _, scheme := range []string{"https", "wss"} {
			_, err := s.try(scheme + "://" + s.host() + "/echo")
			if e := s.wantHandshake(scheme, err); e.URL != scheme+"://"+s.host()+"/echo" {
				s.Errorf("the error names %q", e.URL)
			}
		}
	}},
	{"another_scheme", func(s *standard) {
		for _, url := range []string{
			"ftp://" + s.host() + "/", "file:///etc/hosts", "mailto:a@b.c", "javascript:0", "about:blank", "data:,x", "wsss://" + s.host(),
		} {
			_, err := ws.Dial(s.ctx, url, nil)
			s.wantArgument(url, err, "url")
		}
	}},
	// An empty fragment is a fragment.
	{"fragment", func(s *standard) {
		for _, fragment := range []string{"#part", "#"} {
			_, err := s.try("/echo" + fragment)
			s.wantArgument(fragment, err, "url")
		}
		s.dial("/echo?id=%23") // an escaped # is not a fragment
	}},
	// "relative to the base URL": the document's, or the script's of a Worker.
	// A Worker made of a blob has none, nor have homes other than browsers. The
	// server of tools/homes forwards requests to the test server.
	{"relative_URL", func(s *standard) {
		document, inPage := global("document")
		location, inWorker := global("location")
		if !inPage && inWorker && location.Get("protocol").String() == "http:" {
			for _, url := range []string{"/echo", "../echo", "//" + location.Get("host").String() + "/echo"} {
				s.wantEcho(s.dialURL(url), ws.MessageText, []byte(url))
			}
			return
		}
		if !inPage {
			for _, url := range []string{"echo", "/echo", "//" + s.host() + "/echo", ""} {
				_, err := ws.Dial(s.ctx, url, nil)
				s.wantArgument(url, err, "url")
			}
			return
		}
		base := document.Call("createElement", "base")
		base.Set("href", "http://"+s.host()+"/close")
		document.Get("head").Call("append", base)
		defer base.Call("remove")
		for _, url := range []string{"echo", "./echo", "x/../echo", "//" + s.host() + "/echo"} {
			s.wantEcho(s.dialURL(url), ws.MessageText, []byte(url))
		}
		s.wantClosed(s.dialURL(""), ws.CloseError{Code: ws.StatusNoStatusRcvd, Clean: true})
	}},
	// Fetch standard section 2.9: a bad port is a network error, at once.
	{"bad_port", func(s *standard) {
		for _, port := range []string{"1", "25", "6000", "10080"} {
			begin := time.Now()
			_, err := s.try("ws://127.0.0.1:" + port + "/")
			s.wantHandshake(port, err)
			if d := time.Since(begin); d >= 10*time.Second {
				s.Errorf("port %s: it took %v", port, d)
			}
		}
	}},
	{"protocol_is_no_token", func(s *standard) {
		for _, name := range []string{"", " ", "a b", "a,b", "a\tb", "(a)", "a/b", "\"a\"", "é", "a\x7f", "a\x00"} {
			_, err := s.try("/subprotocol", name)
			s.wantArgument(name, err, "Subprotocols")
		}
		every := "!#$%&'*+-.^_`|~09azAZ"
		if c := s.dial("/subprotocol?choose=%21%23%24%25%26%27%2A%2B-.%5E_%60%7C~09azAZ", every); c.Subprotocol() != every {
			s.Errorf("selected %q", c.Subprotocol())
		}
	}},
	{"protocol_is_named_twice", func(s *standard) {
		_, err := s.try("/subprotocol?choose=a", "a", "b", "a")
		s.wantArgument("a, b, a", err, "Subprotocols")
		// The standard compares names case-sensitively.
		if c, err := s.try("/subprotocol?choose=a", "a", "A"); s.home.differs.FoldsSubprotocols != (err != nil) {
			s.Errorf("a, A: %v, %v", c, err)
		}
	}},
}
