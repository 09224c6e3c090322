package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/twinws/ws"
)

// addressWait is how long each of several addresses may take to connect.
const addressWait = 4 * time.Second

// proxyVariables are the variables of the environment that name a proxy.
func proxyVariables() string {
	var set []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if os.Getenv(name) != "" {
			set = append(set, name)
		}
	}
	return strings.Join(set, ", ")
}

// netDial resolves a name and connects: Dialer.NetDial, for the server or the
// proxy.
func (k *checker) netDial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ips, err := k.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var last error
	for i, ip := range ips {
		k.stage = "TCP"
		nc, err := k.dialTCP(ctx, network, net.JoinHostPort(ip, port), len(ips)-i)
		if err == nil {
			k.stage = "TLS"
			if k.url.Scheme != "https" {
				k.stage = "HTTP"
			}
			if k.proxy != nil {
				k.stage = "tunnel"
			}
			return nc, nil
		}
		last = err
	}
	return nil, last
}

func (k *checker) resolve(ctx context.Context, host string) ([]string, error) {
	k.stage = "DNS"
	if ip, _, _ := strings.Cut(host, "%"); net.ParseIP(ip) != nil {
		k.say("DNS", neutral, "not needed: %s is an address", host)
		return []string{host}, nil
	}
	begin := k.now()
	ips, err := k.lookup(ctx, host)
	if err != nil || len(ips) == 0 {
		why := "it has no address"
		if e, ok := errors.AsType[*net.DNSError](err); ok {
			why = e.Err
			if e.IsNotFound {
				why = "there is no such name: is it spelled right, and does this network's resolver know it?"
			} else if e.IsTimeout {
				why = "the resolver did not answer: is this machine online?"
			}
		} else if err != nil {
			why = err.Error()
		}
		k.say("DNS", fault, "%s: %s", host, why)
		return nil, errReported
	}
	k.say("DNS", good, "%s is %s, after %s", host, strings.Join(ips, ", "), k.since(begin))
	return ips, nil
}

// errReported is the error of a step that was reported already.
var errReported = errors.New("see the step above")

// dialTCP connects to one address. left is how many there are still to try.
func (k *checker) dialTCP(ctx context.Context, network, addr string, left int) (net.Conn, error) {
	if left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, addressWait)
		defer cancel()
	}
	begin := k.now()
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		k.say("TCP", good, "connected to %s after %s", addr, k.since(begin))
		return nc, nil
	}
	v := fault
	if left > 1 {
		v = warning // the next address may do
	}
	k.say("TCP", v, "%s: %s", addr, tcpProblem(err))
	return nil, errReported
}

func tcpProblem(err error) string {
	timeout := net.Error(nil)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused: nothing listens there; is the server running, and the port right?"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer: the machine is off, or a firewall drops the packets"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route: is this machine online, and does it have IPv" + family(err) + "?"
	}
	return err.Error()
}

// family is the version of IP of the address that an error is about.
func family(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Addr != nil && strings.Contains(e.Addr.String(), "[") {
		return "6"
	}
	return "4"
}

// open is Dialer.OpenStream: the handshake, after the way to the server.
func (k *checker) open(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
	connect := r.Connect
	r.Connect = func(ctx context.Context, protocols ...string) (net.Conn, error) {
		nc, err := connect(ctx, protocols...)
		if err != nil {
			return nil, err
		}
		k.tunneled()
		if t, ok := nc.(*tls.Conn); ok {
			k.sayTLS(t.ConnectionState())
		}
		k.stage = "HTTP"
		return nc, nil
	}
	return k.shown.open(ctx, r)
}

// tunneled reports that the proxy has connected to the server.
func (k *checker) tunneled() {
	if k.stage == "tunnel" {
		k.say("tunnel", good, "the proxy connects to %s", k.url.Host)
		k.stage = "TLS"
	}
}

// explain reports why there is no response.
func (k *checker) explain(err error) {
	e, _ := errors.AsType[*ws.HandshakeError](err)
	switch {
	case errors.Is(err, errReported):
	case e == nil:
		k.say(k.stage, fault, "%v", err)
	case k.stage == "tunnel" || e.Proxy != "":
		k.say("tunnel", fault, "%s", problemOf(e))
	case e.Timeout() && k.stage == "HTTP":
		k.say("HTTP", fault, "no response within %v: the server accepts connections but does not answer; it is overloaded, or speaks another protocol that waits for something else", k.connectIn)
	case k.stage == "TLS":
		k.sayTLSFault(e)
	case wantsCertificate(e):
		k.sayWanted(e)
	case k.stage == "HTTP" && strings.Contains(e.Problem, `"\x15\x03`):
		k.say("HTTP", fault, "the server speaks TLS on this port: dial wss:// instead of ws://")
	case k.stage == "HTTP" && e.Cause != nil:
		k.say("HTTP", fault, "the server ended the connection instead of responding (%v): it does not speak HTTP, or a firewall is in between", e.Cause)
	default:
		k.say(k.stage, fault, "%s", problemOf(e))
	}
}

func problemOf(e *ws.HandshakeError) string {
	s := e.Problem
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}
