package opening

import (
	"net/url"
	"os"
	"strings"

	"github.com/twinws/ws/api"
	"golang.org/x/net/http/httpproxy"
)

// EnvironmentProxy returns the proxy that the environment names for u, whose
// scheme is http or https, nil for none, and the variable that names it. The
// variables are those of http.ProxyFromEnvironment, and ALL_PROXY of curl.
func EnvironmentProxy(u *url.URL) (proxy *url.URL, variable string, err error) {
	var value string
	switch {
	case u.Scheme == "https":
		variable, value = lookup("HTTPS_PROXY", "https_proxy")
	case os.Getenv("REQUEST_METHOD") == "":
		variable, value = lookup("HTTP_PROXY", "http_proxy")
	default:
		variable, value = lookupCGI("http_proxy")
	}
	if value == "" {
		variable, value = lookup("ALL_PROXY", "all_proxy")
	}
	if value == "" || excepted(u) {
		return nil, "", nil
	}
	proxy, err = parseProxy(value)
	return proxy, variable, err
}

// lookup returns the first variable that is not empty, and its value.
func lookup(names ...string) (name, value string) {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// lookupCGI is lookup in a CGI program (RFC 3875), where HTTP_PROXY is the
// field Proxy of the client's request. On Windows os.Getenv ignores the case of
// names.
func lookupCGI(name string) (_, value string) {
	for _, entry := range os.Environ() {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return name, value
		}
	}
	return "", ""
}

// excepted reports whether NO_PROXY lists u, or u is on this machine.
func excepted(u *url.URL) bool {
	_, except := lookup("NO_PROXY", "no_proxy")
	const any = "http://proxy.invalid"
	choose := (&httpproxy.Config{HTTPProxy: any, HTTPSProxy: any, NoProxy: except}).ProxyFunc()
	proxy, _ := choose(u)
	return proxy == nil
}

// parseProxy parses the value of a variable: a URL, or one without scheme,
// which is then http. Its error does not reveal a password.
func parseProxy(value string) (*url.URL, error) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return nil, &api.ArgumentError{Name: "Proxy", Problem: "the URL " + parseProblem(value, err)}
	}
	return u, nil
}
