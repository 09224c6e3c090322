package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twinws/ws"
)

// certificates is what was seen of a server's.
type certificates struct {
	verified int                 // how many servers' were verified: the https proxy's comes first
	chain    []*x509.Certificate // of the last
	problem  error               // with it
}

// expiresSoon is how long before its end a certificate gets a warning.
const expiresSoon = 14 * 24 * time.Hour

// watch lets the checker see certificates that package tls would reject
// unseen. It verifies them as package tls does.
func (k *checker) watch(d *ws.Dialer) {
	cfg := d.TLSConfig
	insecure := cfg.InsecureSkipVerify
	cfg.InsecureSkipVerify = true
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		name := k.client.tls.serverName
		if name == "" {
			name = k.url.Hostname()
		}
		if k.proxy != nil && k.proxy.Scheme == "https" && k.verified == 0 {
			name = k.proxy.Hostname()
		} else {
			k.tunneled()
		}
		k.verified++
		k.chain = cs.PeerCertificates
		k.problem = verify(cs.PeerCertificates, name, cfg.RootCAs, k.now())
		if insecure {
			return nil
		}
		return k.problem
	}
}

func verify(chain []*x509.Certificate, name string, roots *x509.CertPool, now time.Time) error {
	o := x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// sayTLS reports a TLS connection to the server.
func (k *checker) sayTLS(cs tls.ConnectionState) {
	k.say("TLS", good, "%s", describeTLS(&cs))
	c := cs.PeerCertificates[0]
	text := describeCertificate(c, k.now())
	switch {
	case k.problem != nil:
		k.say("certificate", warning, "%s; %s; this is ignored, as --insecure says", text, k.certificateProblem(k.problem))
	case c.NotAfter.Sub(k.now()) < expiresSoon:
		k.say("certificate", warning, "%s: renew it", text)
	default:
		k.say("certificate", good, "%s", text)
	}
}

// sayTLSFault reports why there is no TLS connection.
func (k *checker) sayTLSFault(e *ws.HandshakeError) {
	if k.problem != nil {
		k.say("certificate", fault, "%s; %s", describeCertificate(k.chain[0], k.now()), k.certificateProblem(k.problem))
		return
	}
	_, isRecord := errors.AsType[tls.RecordHeaderError](e.Cause)
	switch {
	case isRecord:
		k.say("TLS", fault, "the server answers without TLS on this port: dial ws:// instead of wss://, or another port")
	case wantsCertificate(e):
		k.sayWanted(e)
	case e.Timeout():
		k.say("TLS", fault, "no answer to the handshake: the server does not speak TLS on this port; try ws://")
	default:
		k.say("TLS", fault, "%s", problemOf(e))
	}
}

// wantsCertificate reports whether the server rejects the client because of its
// certificate. In TLS 1.3 that comes behind the handshake (RFC 8446 section
// 4.4.2.4). Package tls has no type for the alert.
func wantsCertificate(e *ws.HandshakeError) bool {
	return e.Cause != nil && strings.Contains(e.Cause.Error(), "remote error: tls: ") && strings.Contains(e.Cause.Error(), "certificate")
}

func (k *checker) sayWanted(e *ws.HandshakeError) {
	k.say("TLS", fault, "%v: the server wants a certificate of the client, or another one: --cert and --key", e.Cause)
}

// certificateProblem explains why a certificate is not accepted.
func (k *checker) certificateProblem(err error) string {
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("it is not for %s: dial one of its names, or verify another one by --server-name", e.Host)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("its issuer %q is not trusted here: the server has to send its intermediate certificates, or --cacert to name the issuer's", k.chain[len(k.chain)-1].Issuer.String())
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		if e.Cert.NotBefore.After(k.now()) {
			return "it is not valid yet: is this machine's clock right?"
		}
		return "it has expired: renew it, or is this machine's clock wrong?"
	}
	return err.Error()
}

// describeTLS describes a connection, without the certificate.
func describeTLS(cs *tls.ConnectionState) string {
	alpn := "no ALPN, which means HTTP/1.1"
	if cs.NegotiatedProtocol != "" {
		alpn = "ALPN " + cs.NegotiatedProtocol
	}
	return fmt.Sprintf("%s, %s, %s", tls.VersionName(cs.Version), tls.CipherSuiteName(cs.CipherSuite), alpn)
}

// describeCertificate describes names, issuer and time of a certificate.
func describeCertificate(c *x509.Certificate, now time.Time) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, net.IP(ip).String())
	}
	if len(names) == 0 {
		names = []string{"no name (only the common name " + quoted([]byte(c.Subject.CommonName)) + ", which does not count)"}
	}
	const most = 10
	if n := len(names) - most; n > 0 {
		names = append(names[:most:most], fmt.Sprintf("and %d more", n))
	}
	until := fmt.Sprintf("until %s", c.NotAfter.UTC().Format(time.DateOnly))
	if days := int(c.NotAfter.Sub(now).Hours() / 24); days >= 0 && now.Before(c.NotAfter) {
		until += fmt.Sprintf(", %s from now", count(days, "day"))
	}
	return fmt.Sprintf("for %s; issued by %q; valid from %s %s", strings.Join(names, ", "), c.Issuer.String(), c.NotBefore.UTC().Format(time.DateOnly), until)
}
