package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
	"github.com/twinws/ws/h3"
)

// client are the flags of the commands that dial.
type client struct {
	header       []string
	subprotocols []string
	origin       string
	host         string
	auth         string
	proxy        string
	proxyHeader  []string
	http         string
	compress     bool
	connectIn    time.Duration
	keepalive    time.Duration
	readLimit    bytesFlag
	tls          clientTLS
}

func (f *client) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.readLimit = 16 << 20
	fs.StringArrayVarP(&f.header, "header", "H", nil, "a header field of the handshake, \"Name: value\"; may be repeated")
	fs.StringSliceVarP(&f.subprotocols, "subprotocol", "s", nil, "a subprotocol to offer; may be repeated, the first is preferred")
	fs.StringVarP(&f.origin, "origin", "o", "", "the Origin field: the page on whose behalf to dial")
	fs.StringVar(&f.host, "host", "", "the Host field, if it is not the URL's host and port")
	fs.StringVarP(&f.auth, "auth", "u", "", "USER:PASSWORD for Basic authentication; they can also be in the URL")
	fs.StringVar(&f.proxy, "proxy", "", "the proxy's URL (http, https, socks5, socks5h), or \"none\"; default: the environment")
	fs.StringArrayVar(&f.proxyHeader, "proxy-header", nil, "a header field for an http or https proxy; may be repeated")
	fs.StringVar(&f.http, "http", "1.1", "the version of HTTP: "+versionNames())
	fs.BoolVarP(&f.compress, "compress", "z", false, "offer compression (permessage-deflate)")
	fs.DurationVar(&f.connectIn, "connect-timeout", 10*time.Second, "how long connecting may take, to the end of the handshake")
	fs.DurationVar(&f.keepalive, "keepalive", 30*time.Second, "how long the server may be silent before it is pinged, and as long again; 0 never pings")
	fs.Var(&f.readLimit, "read-limit", "the largest message to receive, such as 64K or 1M; 0 for any size")
	f.tls.add(fs)
}

// versions are the versions of HTTP that --http can name, and how each opens a
// stream: the OpenStream of a Dialer, nil for HTTP/1.1, which is package ws's
// own. ws URLs are dialed over HTTP/2 by prior knowledge.
var versions = map[string]openStream{
	"1.1": nil,
	"2":   (&h2.Transport{PriorKnowledge: true}).OpenStream,
	"3":   new(h3.Transport).OpenStream,
}

func versionNames() string {
	var names []string
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// dialer returns what the flags ask for.
func (f *client) dialer() (*ws.Dialer, error) {
	open, known := versions[f.http]
	if !known {
		return nil, fail(exitUsage, fmt.Sprintf("--http: this program does not speak HTTP/%s: use %s", f.http, versionNames()))
	}
	d := &ws.Dialer{
		DialOptions:      ws.DialOptions{Subprotocols: f.subprotocols, ReadLimit: int64(f.readLimit)},
		OpenStream:       open,
		Host:             f.host,
		HandshakeTimeout: f.connectIn,
		Keepalive:        &ws.Keepalive{Idle: f.keepalive, Timeout: f.keepalive},
	}
	if d.ReadLimit == 0 {
		d.ReadLimit = -1
	}
	if f.keepalive <= 0 {
		d.Keepalive = &ws.Keepalive{Idle: -1}
	}
	if f.compress {
		d.Compression = &ws.Compression{}
	}
	header, err := f.fields()
	if err != nil {
		return nil, err
	}
	d.Header = header
	proxyHeader, err := parseFields("--proxy-header", f.proxyHeader)
	if err != nil {
		return nil, err
	}
	d.ProxyHeader = proxyHeader
	if d.Proxy, err = f.proxyFunc(); err != nil {
		return nil, err
	}
	d.TLSConfig, err = f.tls.config()
	return d, err
}

// fields are the additional fields of the handshake.
func (f *client) fields() (http.Header, error) {
	h, err := parseFields("--header", f.header)
	if err != nil {
		return nil, err
	}
	if f.origin != "" {
		h.Set("Origin", f.origin)
	}
	if f.auth != "" {
		user, password, found := strings.Cut(f.auth, ":")
		if !found {
			return nil, fail(exitUsage, "--auth: it has no colon: write USER:PASSWORD")
		}
		r := http.Request{Header: h}
		r.SetBasicAuth(user, password)
	}
	return h, nil
}

// parseFields parses header fields as they are written in a request.
func parseFields(flag string, lines []string) (http.Header, error) {
	h := http.Header{}
	for _, l := range lines {
		name, value, found := strings.Cut(l, ":")
		if !found || strings.TrimSpace(name) == "" {
			return nil, fail(exitUsage, fmt.Sprintf("%s: %q is no header field: write \"Name: value\"", flag, l))
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// proxyFunc is Dialer.Proxy, nil for the environment.
func (f *client) proxyFunc() (func(*http.Request) (*url.URL, error), error) {
	switch f.proxy {
	case "":
		return nil, nil
	case "none":
		return noProxy, nil
	}
	raw := f.proxy
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the rest repeats the URL, which may have a password
		}
		return nil, fail(exitUsage, "--proxy: the URL cannot be parsed: "+err.Error())
	}
	return http.ProxyURL(u), nil
}
